"""Purchase orders as the JSON of messages, in the names of our API (``docs/api.md``, "Purchase orders by message")."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from app.kit import clock
from app.kit.money import Money
from app.kit.texts import cut
from app.purchasing.channel import ChangeNote, ChangeReply, PurchaseOrderNote, SenderNote

CREATED, CANCELLED, TEST = "purchase_order.created", "purchase_order.cancelled", "test"
#: Of what was accepted: units are to be stopped, it is to go to another address, or neither any more.
STOP_ASKED, ADDRESS_ASKED = "purchase_order.cancellation_requested", "purchase_order.address_change_requested"
NO_LONGER_ASKED = "purchase_order.change_request_withdrawn"
#: Of what was not accepted yet: it goes to another address.
ADDRESS_CHANGED = "purchase_order.address_changed"


def message(kind: str, key: str, data: dict[str, Any]) -> bytes:
    """A message's body: the same for the same key."""
    return orjson.dumps({"type": kind, "id": key, "data": data})


def order(note: PurchaseOrderNote) -> dict[str, Any]:
    """A purchase order with all that is needed to ship it."""
    return {
        "id": note.id,
        "number": note.number,
        "sample": note.sample,
        "order_reference": note.order_reference,
        "retailer_id": note.retailer_id,
        "retailer_name": note.retailer_name,
        "released_at": _moment(note.released_at),
        "acknowledge_by": _moment(note.acknowledge_by),
        "ship_by": _moment(note.ship_by),
        "shipping_method": note.shipping_method,
        "ship_to_country": note.country,
        "shipping_address": None if note.address is None else asdict(note.address),
        "sender": _sender(note.sender),
        "total": _money(note.total),
        "shipping_cost": _money(note.shipping),
        "order_fee": _money(note.order_fee),
        "lines": _lines(note),
        "url": note.url,
    }


def still_wanted(note: PurchaseOrderNote, reference: str) -> dict[str, Any]:
    """What is left of a purchase order after a part, or all of it, was cancelled."""
    return {"id": note.id, "number": note.number, "reference": reference, "lines": _lines(note)}


def change_kind(change: ChangeNote) -> str:
    """The message's type."""
    if change.settled:
        return ADDRESS_CHANGED
    if change.withdrawn:
        return NO_LONGER_ASKED
    return STOP_ASKED if change.kind == "cancellation" else ADDRESS_ASKED


def requested(change: ChangeNote, reference: str) -> dict[str, Any]:
    """What is asked for: the same on every try."""
    data: dict[str, Any] = {
        "id": change.order.id,
        "number": change.order.number,
        "reference": reference,
    }
    if not change.settled:
        data["change_request_id"] = change.id
    if change.withdrawn:
        return data
    if not change.settled:
        data |= {"answer_by": _moment(change.answer_by), "note": change.note}
    if change.kind == "address":
        address = change.order.address
        return {**data, "shipping_address": None if address is None else asdict(address)}
    lines = [
        {"id": line.id, "position": line.position, "sku": line.sku, "quantity": line.quantity} for line in change.stops
    ]
    return {**data, "lines": lines}


def reply(found: dict[str, Any]) -> ChangeReply:
    """What a system says at once: ``{"accepted": true, "lines": [{"id": …, "quantity": …}]}``, or ``false`` with
    ``reason`` and ``message``. Anything else: the answer is to come."""
    accepted, text = found.get("accepted"), found.get("message")
    words = cut(text, 500) if isinstance(text, str) else ""
    if accepted is False:
        reason = found.get("reason")
        return ChangeReply(answer="refused", reason=reason if isinstance(reason, str) else "other", message=words)
    if accepted is not True:
        return ChangeReply(answer="asked")
    told = found.get("lines")
    if not isinstance(told, list):
        return ChangeReply(answer="accepted")
    stopped: dict[str, int] = {}
    for one in told:
        line, units = (one.get("id"), one.get("quantity")) if isinstance(one, dict) else (None, None)
        if not isinstance(line, str) or not isinstance(units, int) or isinstance(units, bool) or units < 0:
            # What can't be read is no answer; one is still to come.
            return ChangeReply(answer="asked")
        stopped[line] = units
    return ChangeReply(answer="accepted", stopped=stopped)


def _sender(sender: SenderNote | None) -> dict[str, Any] | None:
    """As ``sender`` of our API."""
    return None if sender is None else asdict(sender)


def _lines(note: PurchaseOrderNote) -> list[dict[str, Any]]:
    return [
        {
            "id": line.id,
            "position": line.position,
            "sku": line.sku,
            "gtin": line.gtin or None,
            "title": line.title,
            "quantity": line.quantity,
            "wholesale_price": _money(line.wholesale_price),
        }
        for line in note.lines
    ]


def _money(amount: Money | None) -> dict[str, str] | None:
    return None if amount is None else {"amount": amount.amount, "currency": amount.currency}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else clock.iso(value)


def said(body: bytes) -> dict[str, Any]:
    """An answer's object; empty for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def words(answer: dict[str, Any], status: int) -> str:
    """Why a message was refused, in the other side's words where it gives some."""
    for name in ("detail", "message", "error", "title"):
        if isinstance(text := answer.get(name), str) and text.strip():
            return cut(text, 500)
    return f"Your system answered with status {status}."
