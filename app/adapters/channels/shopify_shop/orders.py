"""A purchase order as an order of the supplier's shop, and what became of it there as answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.adapters._senders import sender_lines
from app.kit.clock import parse_iso
from app.kit.money import Money
from app.purchasing.answers import (
    AcknowledgedLine,
    Acknowledgement,
    Answer,
    CancellationTold,
    LineName,
    ParcelTold,
    ShipmentTold,
    Unreadable,
)
from app.purchasing.channel import PurchaseOrderLineNote, PurchaseOrderNote
from app.stores.store_orders import Address

TAG = "Crossdock"
#: The property of a line item that holds our line's id; the underscore hides it from shoppers.
_LINE = "_crossdock_line"
_LONGEST_TAG = 40
#: How the tag begins that holds an order's number.
_NUMBERED = "crossdock-"


def tag_of(number: str) -> str:
    """The tag by which an order of ours is found again. Tags have at most 40 characters."""
    return f"{_NUMBERED}{number}"[:_LONGEST_TAG]


def order_input(note: PurchaseOrderNote, variants: Mapping[str, str], *, paid: bool) -> dict[str, Any]:
    """``OrderCreateOrderInput``. ``variants``: SKU → the shop's variant."""
    stands = sender_lines(note.sender)
    about = [f"Purchase order {note.number} of {note.retailer_name} by Crossdock. {note.url}"]
    made: dict[str, Any] = {
        "currency": note.total.currency,
        "lineItems": [_line_item(line, variants[line.sku]) for line in note.lines],
        "financialStatus": "PAID" if paid else "PENDING",
        "poNumber": note.number,
        "sourceIdentifier": note.id,
        "tags": [TAG, tag_of(note.number)],
        "note": "\n".join(about + [f"{what}: {line}" for what, line in stands.items()]),
        "customAttributes": [
            {"key": "Crossdock purchase order", "value": note.number},
            *({"key": what, "value": line} for what, line in stands.items()),
        ],
        "shippingLines": [
            {
                "title": note.shipping_method or "Standard",
                "priceSet": _money(note.shipping or Money.zero(_currency(note))),
            }
        ],
    }
    if note.address:
        made["shippingAddress"] = _address(note.address)
    return made


def removals(order: Mapping[str, Any], wanted: Mapping[str, int]) -> list[dict[str, Any]] | None:
    """What is to be taken off an order so that only ``wanted`` (by line id) is left; None when it has left already."""
    found: list[dict[str, Any]] = []
    for item in order["lineItems"]["nodes"]:
        line_id = line_of(item)
        if not line_id:
            continue
        less = int(item["currentQuantity"]) - wanted.get(line_id, 0)
        if less > int(item["unfulfilledQuantity"]):
            return None
        if less > 0:
            found.append({"lineItemId": item["id"], "quantity": less, "restockType": "CANCEL"})
    return found


def stoppable(order: Mapping[str, Any], wanted: Mapping[str, int]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """What can be taken off an order so that no more than ``wanted`` (by line id) is left, and the units of each line
    that have left already and are too many."""
    found: list[dict[str, Any]] = []
    gone: dict[str, int] = {}
    for item in order["lineItems"]["nodes"]:
        line_id = line_of(item)
        less = int(item["currentQuantity"]) - wanted.get(line_id, 0)
        if not line_id or less <= 0:
            continue
        can = min(less, int(item["unfulfilledQuantity"]))
        if can:
            found.append({"lineItemId": item["id"], "quantity": can, "restockType": "CANCEL"})
        if can < less:
            gone[line_id] = less - can
    return found, gone


def address_input(address: Address) -> dict[str, Any]:
    """``MailingAddressInput``, with what it does not have emptied."""
    names = ("firstName", "lastName", "company", "address1", "address2", "city", "zip", "countryCode", "phone")
    return {**dict.fromkeys(names, ""), **_address(address)}


def answers_of(order: Mapping[str, Any], number: str, *, accepts: bool) -> Iterator[Answer | Unreadable]:
    """What an order tells: that it was taken, lines that were taken off it, parcels, and its end. The same state gives
    answers with the same keys."""
    key, name = f"shopify:{order['id'].rpartition('/')[2]}", order["name"]
    lines = {item["id"]: (line_of(item), item) for item in order["lineItems"]["nodes"]}
    yield from _fulfillments(order, key, number, name, {item_id: line for item_id, (line, _i) in lines.items()})
    if order["cancelledAt"]:
        yield CancellationTold(key=f"{key}:cancelled", number=number, source=name)
        return
    short = {
        line: int(item["quantity"]) - int(item["currentQuantity"])
        for line, item in lines.values()
        if line and int(item["currentQuantity"]) < int(item["quantity"])
    }
    if short:
        state = ",".join(f"{line}={units}" for line, units in sorted(short.items()))
        rejected = [
            AcknowledgedLine(line=LineName(line_id=line), answer="rejected", quantity=units, reason="other")
            for line, units in short.items()
        ]
        yield Acknowledgement(key=f"{key}:less:{state}"[:200], number=number, source=name, lines=rejected)
    if accepts:
        yield Acknowledgement(key=f"{key}:taken", number=number, source=name, whole="accepted", reference=order["id"])


def numbers_of(tags: Sequence[str]) -> list[str]:
    """The purchase orders that an order of the shop may be, by its tags: one, unless people have put on more."""
    return [tag.removeprefix(_NUMBERED) for tag in tags if tag.startswith(_NUMBERED)]


def line_of(item: Mapping[str, Any]) -> str:
    """Our line's id; empty for what the supplier added itself."""
    told = {one["key"]: one["value"] for one in item["customAttributes"]}
    return str(told.get(_LINE) or "")


def _fulfillments(
    order: Mapping[str, Any], key: str, number: str, name: str, lines: Mapping[str, str]
) -> Iterator[Answer | Unreadable]:
    for one in order["fulfillments"]:
        tracking = next((info for info in one["trackingInfo"] if info["number"]), None)
        if tracking is None:
            continue
        own = f"{key}:{one['id'].rpartition('/')[2]}:{tracking['number']}"
        if one["status"] == "CANCELLED":
            told = (
                f"{name}: the parcel {tracking['number']} was cancelled in your shop. Correct it on the order's page."
            )
            yield Unreadable(key=f"{own}:cancelled", source=name, problem=told)
            continue
        if one["status"] != "SUCCESS":
            continue
        units = [
            (LineName(line_id=lines[part["lineItem"]["id"]]), int(part["quantity"]))
            for part in one["fulfillmentLineItems"]["nodes"]
            if lines.get(part["lineItem"]["id"])
        ]
        if not units:
            continue
        parcel = ParcelTold(
            carrier=tracking["company"] or "",
            tracking_number=tracking["number"],
            tracking_url=tracking["url"] or "",
            shipped_at=_moment(one["createdAt"]),
            lines=units,
        )
        yield ShipmentTold(key=own, number=number, source=name, parcels=[parcel])


def _line_item(line: PurchaseOrderLineNote, variant: str) -> dict[str, Any]:
    return {
        "variantId": variant,
        "quantity": line.quantity,
        "priceSet": _money(line.wholesale_price),
        "properties": [{"name": _LINE, "value": line.id}],
    }


def _money(amount: Money) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount.amount, "currencyCode": amount.currency}}


def _currency(note: PurchaseOrderNote) -> str:
    return note.total.currency


def _address(address: Address) -> dict[str, Any]:
    first, _space, last = address.name.strip().rpartition(" ")
    made = {
        "firstName": first,
        "lastName": last,
        "company": address.company,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "zip": address.postal_code,
        "countryCode": address.country_code,
        "phone": address.phone,
    }
    made["provinceCode" if len(address.province) <= 3 else "province"] = address.province
    return {name: value for name, value in made.items() if value}


def _moment(text: str) -> datetime | None:
    try:
        return parse_iso(text)
    except ValueError:
        return None
