"""A purchase order as 850, and what is withdrawn of it as 860 (X12 004010)."""

from __future__ import annotations

from collections.abc import Iterator

from app.kit.x12 import Segment, on_paper
from app.purchasing.channel import ChangeNote, PurchaseOrderLineNote, PurchaseOrderNote
from app.stores.store_orders import Address

#: Purchase order type (data element 92): drop ship.
_DROP_SHIP = "DS"
#: Who a party is (data element 98): the shopper; who stands on the parcel as its sender, wherever it leaves from; and
#: where what can't be delivered goes.
_SHIP_TO, _SHIPPER, _RETURNED_TO = "ST", "SH", "RT"
#: Lengths of 004010: names, address lines, city, state, postal code, description, reference, routing, message.
_NAME, _STREET, _CITY, _STATE, _POSTAL, _TITLE, _REFERENCE, _ROUTING = 60, 55, 30, 2, 15, 80, 30, 35


def purchase_order(note: PurchaseOrderNote) -> list[Segment]:
    """The segments of an 850 between ST and SE."""
    placed = note.released_at
    body: list[Segment] = [
        ["BEG", "00", _DROP_SHIP, on_paper(note.number, 22), "", f"{placed:%Y%m%d}" if placed else ""],
        ["CUR", "BY", note.total.currency],
    ]
    if note.order_reference:
        body.append(["REF", "CO", on_paper(note.order_reference, _REFERENCE)])
    if note.sample:
        body.append(["REF", "ZZ", "SAMPLE", "Sample order"])
    if note.ship_by:
        body.append(["DTM", "010", f"{note.ship_by:%Y%m%d}"])
    if note.shipping_method:
        body.append(["TD5", "", "", "", "", on_paper(note.shipping_method, _ROUTING)])
    body.append(["N1", "BY", on_paper(note.retailer_name, _NAME)])
    if note.address:
        body += _party(_SHIP_TO, note.address)
    if note.sender and note.sender.as_sender:
        body += _party(_SHIPPER, note.sender.address)
    if note.sender and note.sender.as_return_address:
        body += _party(_RETURNED_TO, note.sender.address)
    for line in note.lines:
        body.append(_order_line(line))
        body.append(["PID", "F", "", "", "", on_paper(line.title, _TITLE)])
    body.append(["CTT", str(len(note.lines))])
    body.append(["AMT", "TT", note.total.amount])
    return body


def cancellation(note: PurchaseOrderNote, *, sequence: int, on: str) -> list[Segment]:
    """The segments of an 860: all of the order is cancelled where ``note`` has no lines left; otherwise each line that
    units were withdrawn of is deleted or lowered. ``sequence`` is its number (BCH05), ``on`` the day, as CCYYMMDD."""
    wanted = {line.position: line.quantity for line in note.lines}
    placed = f"{note.released_at:%Y%m%d}" if note.released_at else ""
    purpose = "04" if wanted else "01"
    body: list[Segment] = [
        ["BCH", purpose, _DROP_SHIP, on_paper(note.number, 22), "", str(sequence), placed, "", "", "", "", on],
        ["N1", "BY", on_paper(note.retailer_name, _NAME)],
    ]
    for line in note.withdrawn:
        left = wanted.get(line.position, 0)
        body.append(_changed(line, "QD" if left else "DI", line.quantity + left, left))
    body.append(["CTT", str(len(note.withdrawn))])
    return body


def requested(asked: ChangeNote, *, sequence: int, on: str) -> list[Segment]:
    """The segments of an 860 that asks for a change, named by ``sequence`` (BCH05) so that an 865 can name it: each
    line that units are to be stopped of is deleted or lowered, or the order gets another address. One that is
    withdrawn puts every line's units (RZ), or the address, as they hold."""
    note = asked.order
    placed = f"{note.released_at:%Y%m%d}" if note.released_at else ""
    whole = asked.kind == "cancellation" and not asked.withdrawn and not any(asked.left.values())
    purpose = "01" if whole else "04"
    number = on_paper(note.number, 22)
    body: list[Segment] = [
        ["BCH", purpose, _DROP_SHIP, number, "", str(sequence), placed, "", "", "", "", on],
        ["N1", "BY", on_paper(note.retailer_name, _NAME)],
    ]
    count = 0
    if asked.kind == "address" and note.address is not None:
        body += _party(_SHIP_TO, note.address)
    elif asked.withdrawn:
        for line in note.lines:
            body.append(_changed(line, "RZ", line.quantity, line.quantity))
            count += 1
    else:
        now = {line.id: line.quantity for line in note.lines}
        for line in asked.stops:
            left = asked.left.get(line.id, 0)
            body.append(_changed(line, "QD" if left else "DI", now.get(line.id, left), left))
            count += 1
    body.append(["CTT", str(count)])
    return body


def _changed(line: PurchaseOrderLineNote, code: str, before: int, left: int) -> Segment:
    price = ["EA", line.wholesale_price.amount, ""]
    return ["POC", str(line.position), code, str(before), str(left), *price, *_names(line)]


def _order_line(line: PurchaseOrderLineNote) -> Segment:
    return ["PO1", str(line.position), str(line.quantity), "EA", line.wholesale_price.amount, "WE", *_names(line)]


def _names(line: PurchaseOrderLineNote) -> Iterator[str]:
    """VP: the vendor's number. GTINs by their length: UP 12 digits, EN 13, UK 14."""
    yield from ("VP", on_paper(line.sku, 100))
    qualifier = {12: "UP", 13: "EN", 14: "UK"}.get(len(line.gtin))
    if qualifier:
        yield from (qualifier, line.gtin)


def _party(who: str, address: Address) -> Iterator[Segment]:
    yield ["N1", who, on_paper(address.name, _NAME)]
    if address.company:
        yield ["N2", on_paper(address.company, _NAME)]
    yield ["N3", on_paper(address.address1, _STREET), on_paper(address.address2, _STREET)]
    # States have two letters; the names of other countries' provinces don't fit and are not part of their addresses.
    state = address.province if len(address.province) <= _STATE else ""
    yield [
        "N4",
        on_paper(address.city, _CITY),
        on_paper(state, _STATE),
        on_paper(address.postal_code, _POSTAL),
        address.country_code,
    ]
    if address.phone:
        yield ["PER", "DC", on_paper(address.name, _NAME), "TE", on_paper(address.phone, 80)]
