"""A purchase order as an order of the supplier's shop, and what became of it there as answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.adapters._coming_later import Later, day_in
from app.adapters._senders import sender_lines
from app.kit.money import Money
from app.purchasing.answers import (
    AcknowledgedLine,
    Acknowledgement,
    Answer,
    CancellationTold,
    LineName,
    ParcelTold,
    ShipmentTold,
)
from app.purchasing.channel import PurchaseOrderLineNote, PurchaseOrderNote
from app.stores.store_orders import Address

#: Keys of meta data; those that begin with an underscore are hidden from shoppers.
#: What was ordered stands at the order: a line that the shop's people remove takes its own meta data with it.
NUMBER, ORDERED, LINE = "_crossdock_purchase_order", "_crossdock_ordered", "_crossdock_line"
#: Of an order or of one of its lines: the day (2026-12-24) on which what has not left is there, as people write it into
#: its custom fields.
AVAILABLE_ON = "crossdock_available_on"
#: Where the usual tracking plugins keep their numbers (Shipment Tracking, Advanced Shipment Tracking).
_TRACKING = "_wc_shipment_tracking_items"
_ENDED = frozenset({"cancelled", "refunded", "failed", "trash"})


def order_body(note: PurchaseOrderNote, items: Mapping[str, Mapping[str, Any]], status: str) -> dict[str, Any]:
    """The body of an order. ``items``: SKU → the shop's product or variation."""
    place = _address(note.address) if note.address else {}
    stands = sender_lines(note.sender)
    shipping = note.shipping or Money.zero(note.total.currency)
    return {
        "status": status,
        "currency": note.total.currency,
        "created_via": "crossdock",
        # What people who pack read first; the same once more for programs, as meta data.
        "customer_note": "\n".join(f"{what}: {line}" for what, line in stands.items()),
        "billing": place,
        "shipping": place,
        "line_items": [_line_item(line, items[line.sku]) for line in note.lines],
        "shipping_lines": [
            {
                "method_id": "flat_rate",
                "method_title": note.shipping_method or "Standard",
                "total": shipping.amount,
            }
        ],
        "meta_data": [
            {"key": NUMBER, "value": note.number},
            {"key": ORDERED, "value": json.dumps({line.id: line.quantity for line in note.lines})},
            *({"key": what, "value": line} for what, line in stands.items()),
        ],
    }


def number_of(order: Mapping[str, Any]) -> str:
    """Which purchase order it is; empty for the shop's other orders."""
    return str(_meta(order, NUMBER) or "")


def changes(order: Mapping[str, Any], wanted: Mapping[str, int]) -> list[dict[str, Any]]:
    """Line items as they are to be, where they differ from ``wanted`` (units by line id). A quantity of 0 removes."""
    found = []
    for item in order["line_items"]:
        line, count = str(_meta(item, LINE) or ""), int(item["quantity"])
        left = wanted.get(line, 0)
        if line and left < count:
            each = Money.parse(str(item["total"]), order["currency"]).minor // max(count, 1)
            total = Money(each * left, order["currency"]).amount
            found.append({"id": item["id"], "quantity": left, "subtotal": total, "total": total})
    return found


def left(order: Mapping[str, Any], fulfillments: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Units of each line (by its id) that have left. A completed order has left as a whole."""
    lines = {item["id"]: (str(_meta(item, LINE) or ""), int(item["quantity"])) for item in order["line_items"]}
    if order["status"] == "completed":
        return dict(lines.values())
    found: dict[str, int] = {}
    for one in fulfillments:
        for part in _meta(one, "_items") or [] if one.get("is_fulfilled") else []:
            line, _units = lines.get(part["item_id"], ("", 0))
            found[line] = found.get(line, 0) + int(part["qty"])
    return found


def later_of(order: Mapping[str, Any], fulfillments: Sequence[Mapping[str, Any]]) -> Later:
    """What of an order comes later, by the days that its people wrote at it or at its lines."""
    if order["status"] == "completed" or order["status"] in _ENDED:
        return {}
    gone, of_all = left(order, fulfillments), day_in(str(_meta(order, AVAILABLE_ON) or ""))
    found = {}
    for item in order["line_items"]:
        line, day = str(_meta(item, LINE) or ""), day_in(str(_meta(item, AVAILABLE_ON) or "")) or of_all
        units = int(item["quantity"]) - gone.get(line, 0)
        if line and day is not None and units > 0:
            found[line] = units, day
    return found


def shipping_body(address: Address) -> dict[str, str]:
    """The order's delivery address."""
    return _address(address)


def answers_of(
    order: Mapping[str, Any], fulfillments: Sequence[Mapping[str, Any]], *, accepts: bool
) -> Iterator[Answer]:
    """What an order tells: that it was taken, units that were taken off, parcels, and its end. The same state gives
    answers with the same keys."""
    key, number, name = f"woo:{order['id']}", number_of(order), f"#{order['number']}"
    lines = {item["id"]: str(_meta(item, LINE) or "") for item in order["line_items"]}
    yield from _parcels(order, fulfillments, key, number, name, lines)
    if order["status"] in _ENDED:
        yield CancellationTold(key=f"{key}:{order['status']}", number=number, source=name)
        return
    there = {lines[item["id"]]: int(item["quantity"]) for item in order["line_items"]}
    short = {line: units - there.get(line, 0) for line, units in _ordered(order).items() if there.get(line, 0) < units}
    if short:
        state = ",".join(f"{line}={units}" for line, units in sorted(short.items()))
        rejected = [
            AcknowledgedLine(line=LineName(line_id=line), answer="rejected", quantity=units, reason="other")
            for line, units in short.items()
        ]
        yield Acknowledgement(key=f"{key}:less:{state}"[:200], number=number, source=name, lines=rejected)
    if accepts and order["status"] in ("processing", "completed"):
        yield Acknowledgement(
            key=f"{key}:taken", number=number, source=name, whole="accepted", reference=str(order["id"])
        )


def _parcels(
    order: Mapping[str, Any],
    fulfillments: Sequence[Mapping[str, Any]],
    key: str,
    number: str,
    name: str,
    lines: Mapping[int, str],
) -> Iterator[ShipmentTold]:
    told = False
    for one in fulfillments:
        tracking = str(_meta(one, "_tracking_number") or "")
        if not one.get("is_fulfilled") or not tracking:
            continue
        units = [
            (LineName(line_id=lines[part["item_id"]]), int(part["qty"]))
            for part in _meta(one, "_items") or []
            if lines.get(part["item_id"])
        ]
        if not units:
            continue
        told = True
        parcel = ParcelTold(
            carrier=str(_meta(one, "_shipment_provider") or ""),
            tracking_number=tracking,
            tracking_url=_url(_meta(one, "_tracking_url")),
            lines=units,
        )
        yield ShipmentTold(key=f"{key}:f{one['id']}:{tracking}", number=number, source=name, parcels=[parcel])
    items = [one for one in _meta(order, _TRACKING) or [] if isinstance(one, dict) and one.get("tracking_number")]
    # The plugins' numbers name no lines: they are parcels of the whole order, once that has left.
    if told or not items or order["status"] != "completed":
        return
    first = items[0]
    parcel = ParcelTold(
        carrier=str(first.get("tracking_provider") or first.get("custom_tracking_provider") or ""),
        tracking_number=str(first["tracking_number"]),
        tracking_url=_url(first.get("custom_tracking_link")),
        shipped_at=_moment(first.get("date_shipped")),
        lines=(),
    )
    yield ShipmentTold(key=f"{key}:t:{parcel.tracking_number}", number=number, source=name, parcels=[parcel])


def _line_item(line: PurchaseOrderLineNote, item: Mapping[str, Any]) -> dict[str, Any]:
    parent = int(item.get("parent_id") or 0)
    total = (line.wholesale_price * line.quantity).amount
    return {
        "product_id": parent or item["id"],
        "variation_id": item["id"] if parent else 0,
        "quantity": line.quantity,
        "subtotal": total,
        "total": total,
        "meta_data": [{"key": LINE, "value": line.id}],
    }


def _address(address: Address) -> dict[str, str]:
    first, _space, last = address.name.strip().rpartition(" ")
    return {
        "first_name": first,
        "last_name": last,
        "company": address.company,
        "address_1": address.address1,
        "address_2": address.address2,
        "city": address.city,
        "state": address.province,
        "postcode": address.postal_code,
        "country": address.country_code,
        "phone": address.phone,
    }


def _ordered(order: Mapping[str, Any]) -> dict[str, int]:
    try:
        found = json.loads(_meta(order, ORDERED) or "{}")
        return {str(line): int(units) for line, units in found.items()}
    except (AttributeError, TypeError, ValueError):
        return {}


def _meta(record: Mapping[str, Any], key: str) -> Any:
    return next((one.get("value") for one in record.get("meta_data") or [] if one.get("key") == key), None)


def _url(value: Any) -> str:
    text = str(value or "")
    return text if text.startswith(("https://", "http://")) else ""


def _moment(value: Any) -> datetime | None:
    text = str(value or "")
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() and len(text) < 12 else None
