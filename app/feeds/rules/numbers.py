"""Numbers as people write them in files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from app.feeds.rules.currencies import without_currency
from app.feeds.rules.repeated import repeated

_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_NUMBER = re.compile(r"-?\d[\d.,]*")
#: Longer texts are no numbers with a note.
_LONGEST = 60
#: What people write behind a price that changes nothing of it: that it is for one, how it is taxed, a note's mark.
_BEHIND = re.compile(
    r"\s*(?:\*+|(?:/|\bper|\bpro|\bje)\s*(?:pcs?|pce|piece|units?|ea|each|st|stk|stück|szt|ks|pz|uds?|db|buc|kpl|шт)\.?"
    r"|\b(?:excl|exkl|incl|inkl|zzgl|plus)\.?\s*(?:of\s+)?(?:vat|tax|mwst|ust|iva|tva|btw|moms|dph)\.?|\b(?:HT|TTC))\s*$",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")
_UNCLEAR = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")


class NotANumber(ValueError):
    """The text is no number."""


def _bare(text: str) -> str:
    # Spreadsheets protect numbers from themselves by a leading apostrophe.
    bare = text.strip()
    if _NUMBER.fullmatch(bare):
        return bare
    bare = without_currency(bare).rstrip()
    if len(bare) <= _LONGEST:
        bare = _BEHIND.sub("", bare, count=1)
    bare = _SPACES.sub("", bare)
    if not _NUMBER.fullmatch(bare):
        raise NotANumber(text)
    return bare


def decimal_mark(values: Iterable[str]) -> str | None:
    """``.`` or ``,``: what a column's values use before their decimals; None when none of them tells. A number that is
    not grouped as thousands are (``0.350``, ``1234.500``) tells, however many decimals it has."""
    for value in values:
        try:
            bare = _bare(value)
        except NotANumber:
            continue
        point, comma = bare.rfind("."), bare.rfind(",")
        if point >= 0 and comma >= 0:
            return "." if point > comma else ","
        mark = "." if point >= 0 else ","
        if max(point, comma) >= 0:
            if bare.count(mark) > 1:
                return "," if mark == "." else "."
            if not _GROUPED.fullmatch(bare.lstrip("-")):
                return mark
    return None


def unclear_mark(values: Iterable[str]) -> str | None:
    """The ``.`` or ``,`` of a column all of whose numbers have it before three digits at the end (``12.500``), where
    nothing tells whether it divides thousands or decimals; None for any other column."""
    found = None
    for value in values:
        try:
            bare = _bare(value)
        except NotANumber:
            continue
        if not _UNCLEAR.fullmatch(bare):
            return None
        found = found or bare[-4]
    return found


@repeated()
def read_decimal(text: str, mark: str | None = None) -> Decimal:
    """A number such as ``1.234,56``, ``1,234.56``, ``12,50 €`` or ``'12.50``. ``mark`` is the column's decimal mark;
    without one, a single separator before exactly three digits is taken for thousands if it is grouped like them.
    Raises ``NotANumber``."""
    bare = _bare(text)
    own = decimal_mark([bare])
    if mark is not None and own is not None and own != mark:
        # Written otherwise than its column, and in only one way.
        mark = own
    mark = mark or own or ("," if "." in bare else ".")
    other = "," if mark == "." else "."
    whole, _, _ = bare.lstrip("-").partition(mark)
    if any(len(group) != 3 for group in whole.split(other)[1:]) or other in bare.partition(mark)[2]:
        raise NotANumber(text)
    plain = bare.replace(other, "")
    if plain.count(mark) > 1:
        raise NotANumber(text)
    try:
        return Decimal(plain.replace(mark, "."))
    except InvalidOperation as error:
        raise NotANumber(text) from error


#: Ten tonnes: no parcel weighs more, as people and the API may say; a typing error does.
LARGEST_GRAMS = 10_000_000
_GRAMS = {
    "g": Decimal(1), "gram": Decimal(1), "grams": Decimal(1), "gr": Decimal(1), "kg": Decimal(1000),
    "lb": Decimal("453.59237"), "lbs": Decimal("453.59237"), "oz": Decimal("28.349523125"),
    "кг": Decimal(1000), "г": Decimal(1), "гр": Decimal(1),
}  # fmt: skip
_WITH_UNIT = re.compile(r"(.*?)\s*(kg|g|gr|grams?|lbs?|oz|кг|гр?)\.?", re.IGNORECASE)
#: Units of which nothing that is sent by parcel weighs a thousand.
HEAVY_UNITS = frozenset({"kg", "lb", "lbs", "кг"})


def names_unit(text: str) -> bool:
    """Whether a weight says its unit."""
    return _WITH_UNIT.fullmatch(text.strip()) is not None


@repeated()
def read_grams(text: str, unit: str | None, mark: str | None = None) -> int:
    """A weight in grams; a unit written with the number counts more than the column's. ``1.250`` kilograms or pounds
    are one and a quarter, unless ``mark`` says otherwise. Raises ``NotANumber``, also for more than
    ``LARGEST_GRAMS``."""
    written = _WITH_UNIT.fullmatch(text.strip())
    if written:
        text, unit = written.group(1), written.group(2)
    unit = (unit or "g").lower()
    if mark is None and unit in HEAVY_UNITS:
        mark = unclear_mark([text])
    grams = read_decimal(text, mark) * _GRAMS.get(unit, Decimal(1))
    if not 0 <= grams <= LARGEST_GRAMS:
        raise NotANumber(text)
    return int(grams.to_integral_value())
