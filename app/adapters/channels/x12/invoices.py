"""810: the supplier's invoice for an order."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.adapters.channels.x12.parts import (
    amount,
    bad_element,
    day,
    first,
    line_name,
    missing_element,
    missing_segment,
    units,
    without_end,
)
from app.kit.money import Money, is_currency
from app.kit.x12 import TransactionSet
from app.kit.x12.reading import element
from app.purchasing.answers import InvoiceTold, LineName

#: Charges (data element 1300) that are for the way: freight, delivery, shipping, postage, parcel service.
_SHIPPING = frozenset({"D240", "C310", "G821", "F050", "D500", "G830", "I260"})


def invoices(found: TransactionSet, key: str, source: str, currency: str) -> list[InvoiceTold]:
    """The invoice. ``currency`` is the one that was agreed, where the document names none. Raises ``Refused``."""
    head = first(found.segments, "BIG")
    if head is None:
        raise missing_segment(found, "BIG")
    dated = day(element(head, 1))
    if dated is None:
        raise bad_element(found, head, 1, "The invoice has no date (BIG01).")
    if not element(head, 2):
        raise missing_element(found, head, 2, "The invoice has no number (BIG02).")
    number = element(head, 4) or without_end([one for one in found.segments if element(one, 1) == "PO"], 2, "REF")
    if not number:
        raise missing_element(found, head, 4, "The invoice names no purchase order (BIG04).")
    named = without_end(found.segments, 2, "CUR")
    currency = named if is_currency(named) else currency
    total = first(found.segments, "TDS")
    if total is None:
        raise missing_segment(found, "TDS")
    lines = list(_lines(found, currency))
    shipping = sum((value for code, value in _charges(found) if code in _SHIPPING), Decimal())
    tax = sum((amount(element(one, 2)) or Decimal() for one in found.segments if one[0] == "TXI"), Decimal())
    told = _hundredths(element(total, 1))
    if told is None:
        raise bad_element(found, total, 1, "The invoice's total can't be read (TDS01).")
    goods = sum((price.minor * count for _name, count, price in lines), 0)
    return [
        InvoiceTold(
            key=key,
            number=number,
            source=source,
            invoice_number=element(head, 2),
            dated=dated,
            total=Money.of_decimal(told, currency),
            goods=Money(goods, currency) if lines else None,
            shipping=Money.of_decimal(shipping, currency) if shipping else None,
            tax=Money.of_decimal(tax, currency) if tax else None,
            lines=lines,
        )
    ]


def _lines(found: TransactionSet, currency: str) -> Iterator[tuple[LineName, int, Money]]:
    for segment in found.segments:
        if segment[0] != "IT1":
            continue
        count, price = units(element(segment, 2)), amount(element(segment, 4))
        if count is None:
            raise bad_element(found, segment, 2, f"“{element(segment, 2)}” is no quantity (IT102).")
        if price is None or abs(price) > 10**9:
            raise bad_element(found, segment, 4, f"“{element(segment, 4)}” is no price (IT104).")
        yield line_name(element(segment, 1), segment[6:]), count, Money.of_decimal(price, currency)


def _charges(found: TransactionSet) -> Iterator[tuple[str, Decimal]]:
    """Charges and, below zero, allowances: code and amount."""
    for segment in found.segments:
        if segment[0] == "SAC":
            value = _hundredths(element(segment, 5)) or Decimal()
            yield element(segment, 2), -value if element(segment, 1) == "A" else value


def _hundredths(text: str) -> Decimal | None:
    """An amount without its point (N2)."""
    found = amount(text)
    return None if found is None or abs(found) > 10**12 else found / 100
