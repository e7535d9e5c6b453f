"""X12 846 (inventory) and 832 (price catalogue) as rows: one for each LIN segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from app.feeds.feed import Limits, Row, Table, UnreadableFile, bounded
from app.kit import x12

_COLUMNS = {
    "SKU": "sku", "GTIN": "gtin", "Title": "title", "Brand": "brand", "Cost": "cost", "MSRP": "msrp",
    "Price steps": "price_tiers", "Stock": "stock", "Currency": "", "Quantities": "",
}  # fmt: skip
#: Product id qualifiers (data element 235) from the surest SKU to the least: vendor's number, SKU, buyer's number,
#: manufacturer's number.
_SKUS = ("VP", "VN", "VC", "SK", "IN", "BP", "CB", "MG", "MN")
_GTINS = ("UK", "EN", "UP", "EO", "UI", "UA")
#: Quantity qualifiers (673) that say what can be sold: available for sale, on hand, derived.
_AVAILABLE = ("33", "17", "34")
#: Price identifiers (236) that are the retailer's cost, and those that are the shopper's price.
_COSTS = ("WHL", "NET", "CON", "UCP", "PRO", "CAT", "DIS", "STA", "LPR")
_RETAIL = ("MSR", "RES", "RTL", "SLP", "SUG")
#: Of the units that a price is for (380, quantity).
_MOST_DIGITS = 9


class X12:
    """The ``SupplierFeed`` port for X12."""

    name = "x12"
    label = "EDI (X12)"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By the interchange's header."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return start.startswith(b"ISA") and not start[3:4].isalnum()

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Read the separators and the kind of document; rows follow."""
        stream.seek(0)
        segments = _segments(stream)
        kind = ""
        for segment in segments:
            if segment[0] == "ST":
                kind = segment[1] if len(segment) > 1 else ""
                break
        if kind not in ("846", "832"):
            raise UnreadableFile(
                "wrong_document",
                f"This is an X12 {kind or 'file without a document'}. Products are read from 832, stock from 846.",
            )
        return Table(
            columns=list(_COLUMNS),
            detected={"format": f"X12 {kind}"},
            rows=bounded(_rows(segments), limits),
            meant={column: field for column, field in _COLUMNS.items() if field},
            pointed="all",
            figures=kind == "846",
        )


def _segments(stream: BinaryIO) -> Iterator[list[str]]:
    try:
        yield from x12.segments(stream)[1]
    except x12.NotX12 as error:
        raise UnreadableFile("malformed", str(error)) from error


def _rows(segments: Iterator[list[str]]) -> Iterator[Row]:
    number, current, currency = 1, dict[str, str](), ""
    for segment in segments:
        match segment[0]:
            case "CUR" if len(segment) > 2:
                currency = segment[2]
            case "LIN":
                if current:
                    yield Row(number, [current.get(column, "") for column in _COLUMNS])
                number += 1
                current = _item(segment) | {"Currency": currency}
            case "QTY" if current and len(segment) > 2:
                _take_quantity(current, segment[1], segment[2])
            case "PID" if current and len(segment) > 5:
                current.setdefault("Title", segment[5])
            case "CTP" if current and len(segment) > 3:
                _take_price(current, segment[2], segment[3], segment[4] if len(segment) > 4 else "")
            case "SE" if current:
                yield Row(number, [current.get(column, "") for column in _COLUMNS])
                current = {}
    if current:
        yield Row(number, [current.get(column, "") for column in _COLUMNS])


def _item(segment: list[str]) -> dict[str, str]:
    """LIN: pairs of qualifier and number from the third element on."""
    pairs = dict(zip(segment[2::2], segment[3::2], strict=False))
    sku = next((pairs[one] for one in _SKUS if pairs.get(one)), "")
    gtin = next((pairs[one] for one in _GTINS if pairs.get(one)), "")
    return {"SKU": sku or gtin, "GTIN": gtin, "Brand": pairs.get("MF", "")}


def _take_quantity(item: dict[str, str], qualifier: str, quantity: str) -> None:
    # Spaces part the quantities of an item.
    written = "".join(f"{qualifier}:{quantity}".split())
    item["Quantities"] = f"{item.get('Quantities', '')} {written}".strip()
    told = dict(pair.split(":", 1) for pair in item["Quantities"].split())
    item["Stock"] = next((told[one] for one in _AVAILABLE if one in told), "")


def _take_price(item: dict[str, str], qualifier: str, amount: str, quantity: str) -> None:
    """The kind of price that comes first is the cost: of it the price of the fewest units, and the others as steps."""
    if qualifier in _COSTS:
        if item.setdefault("Kind", qualifier) != qualifier:
            return
        countable = quantity.isascii() and quantity.isdigit() and len(quantity) <= _MOST_DIGITS
        units = int(quantity) if countable and int(quantity) else 1
        # Bars part the steps; no price has one.
        amount = amount.replace("|", " ")
        steps = dict(pair.split("=", 1) for pair in item.get("Price steps", "").split(" | ") if pair)
        steps.setdefault(str(units), amount)
        item["Cost"] = steps[min(steps, key=int)]
        item["Price steps"] = " | ".join(f"{one}={steps[one]}" for one in sorted(steps, key=int))
    elif qualifier in _RETAIL:
        item.setdefault("MSRP", amount)
