"""Elements that several documents share: numbers, dates, which line is meant, and refusing a set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from app.kit.x12 import Problem, Segment, TransactionSet
from app.kit.x12.reading import element
from app.purchasing.answers import LineName

#: Product id qualifiers (data element 235) from the surest SKU to the least: the vendor's numbers, then plain ones.
_SKUS = ("VP", "VN", "VC", "SK", "IN", "BP", "CB", "MG", "MN")
_GTINS = ("UP", "EN", "UK", "UI", "UA", "EO")
_TOO_MUCH = Decimal(10) ** 12
_DAYS = ("%Y%m%d", "%y%m%d")


class Refused(Exception):
    """The set can't be used; a 997 says why by ``problem``."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.words)
        self.problem = problem


def missing_segment(found: TransactionSet, name: str) -> Refused:
    """A segment that must be there is not (AK3: 3)."""
    return Refused(Problem("5", f"The {found.kind} has no {name} segment.", segment=name, position=2))


def missing_element(found: TransactionSet, segment: Segment, place: int, words: str) -> Refused:
    """An element that must be there is not (AK4: 1)."""
    return _element(found, segment, place, "1", words)


def bad_element(found: TransactionSet, segment: Segment, place: int, words: str) -> Refused:
    """An element has a value that can't be read (AK4: 7)."""
    return _element(found, segment, place, "7", words)


def _element(found: TransactionSet, segment: Segment, place: int, code: str, words: str) -> Refused:
    position = next(number for number, one in enumerate(found.segments, 1) if one is segment)
    return Refused(Problem("5", words, segment=segment[0], position=position, element=place, element_code=code))


def first(segments: Iterable[Segment], name: str) -> Segment | None:
    """The first segment of a name."""
    return next((segment for segment in segments if segment[0] == name), None)


def day(text: str) -> date | None:
    """CCYYMMDD or YYMMDD; None for anything else."""
    for form, length in zip(_DAYS, (8, 6), strict=True):
        if len(text) == length and text.isascii() and text.isdigit():
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
    return None


def moment(text: str, told: str = "") -> datetime | None:
    """A day and, where it is told, a time, by the clock of whoever tells it; noon without one."""
    found = day(text)
    if found is None:
        return None
    hour, minute = 12, 0
    if len(told) >= 4 and told[:4].isascii() and told[:4].isdigit() and int(told[:2]) < 24 and int(told[2:4]) < 60:
        hour, minute = int(told[:2]), int(told[2:4])
    return datetime.combine(found, time(hour, minute))


def units(text: str) -> int | None:
    """A whole quantity such as ``5`` or ``5.000``; None for anything else, also for less than nothing."""
    found = amount(text)
    if found is None or found < 0 or found != found.to_integral_value() or found > 10**9:
        return None
    return int(found)


def amount(text: str) -> Decimal | None:
    """A decimal number below 10¹²; None for anything else."""
    if len(text) > 20:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < _TOO_MUCH else None


def line_name(position: str, ids: Sequence[str]) -> LineName:
    """Which line is meant: by its SKU and by our number of the line, where they are given; by an article number (GTIN)
    alone where neither is. ``ids``: pairs of qualifier and number, wherever they begin."""
    pairs = dict(zip(ids[::2], ids[1::2], strict=False))
    sku = next((pairs[one] for one in _SKUS if pairs.get(one)), "")
    gtin = next((pairs[one] for one in _GTINS if pairs.get(one)), "")
    number = position.lstrip("0")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else None
    return LineName(position=place, sku=sku or (gtin if place is None else ""))


def without_end(segments: Sequence[Segment], place: int, name: str) -> str:
    """An element of the first segment of a name; empty where either is missing."""
    found = first(segments, name)
    return element(found, place) if found else ""
