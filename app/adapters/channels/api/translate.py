"""Purchase orders as the JSON of messages, in the names of our API (``docs/api.md``, "Purchase orders by message")."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from app.kit import clock
from app.kit.money import Money
from app.purchasing.channel import PurchaseOrderNote

CREATED, CANCELLED, TEST = "purchase_order.created", "purchase_order.cancelled", "test"


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
        "total": _money(note.total),
        "shipping_cost": _money(note.shipping),
        "lines": _lines(note),
        "url": note.url,
    }


def still_wanted(note: PurchaseOrderNote, reference: str) -> dict[str, Any]:
    """What is left of a purchase order after a part, or all of it, was cancelled."""
    return {"id": note.id, "number": note.number, "reference": reference, "lines": _lines(note)}


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
            return text.strip()[:500]
    return f"Your system answered with status {status}."
