"""Countries by their ISO 3166-1 codes, as CLDR knows them."""

from __future__ import annotations

from functools import cache

from babel import Locale

#: Two-letter territories of CLDR that are no country anybody lives in: groupings, test locales, "unknown".
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})


@cache
def country_codes() -> frozenset[str]:
    """All two-letter codes, in capitals."""
    return frozenset(
        code
        for code in map(str, Locale("en").territories)
        if len(code) == 2 and code.isalpha() and code.isupper() and code not in _NO_COUNTRIES
    )


def is_country(code: str) -> bool:
    """Whether ``code`` is the two-letter code of a country, in capitals."""
    return code in country_codes()
