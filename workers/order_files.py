"""The files that go with letters about purchase orders: made when a letter is sent, and kept nowhere. No addresses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.documents.drawing import draw_order_sheets
from app.documents.papers import OrderSheet
from app.kit.csv_lines import csv_line
from app.kit.texts import zone_of
from app.notifications.mail import Attachment
from app.purchasing.channel import PurchaseOrderNote
from app.suppliers.queries import supplier
from workers.order_notes import notes_of

_KIND = "purchase_orders"
_COLUMNS = (
    "purchase_order", "order_reference", "retailer", "line", "sku", "gtin", "title", "quantity", "wholesale_price",
    "currency", "shipping_method", "ship_to_country", "ship_by",
)  # fmt: skip


def attached_orders(supplier_id: UUID, purchase_order_ids: Sequence[UUID]) -> str:
    """What a letter is to have attached, as ``queue_email`` takes it."""
    return f"{_KIND}:{supplier_id}:{','.join(str(one) for one in purchase_order_ids)}"


def attachments_of(session: Session, attached: str | None) -> list[Attachment]:
    """The files that a letter names: the orders as PDF and as CSV. Needs a system scope."""
    if not attached:
        return []
    _kind, supplier_id, ids = attached.split(":")
    notes = list(notes_of(session, UUID(supplier_id), [UUID(one) for one in ids.split(",")]).values())
    notes = [note for note in notes if note.lines]
    if not notes:
        return []
    zone = supplier(session, UUID(supplier_id)).timezone
    name = notes[0].number if len(notes) == 1 else f"orders-{notes[0].number}-and-{len(notes) - 1}-more"
    lines = [csv_line(_COLUMNS), *(line for note in notes for line in _csv_lines(note, zone))]
    return [
        Attachment(f"{name}.pdf", "application/pdf", draw_order_sheets([_sheet(note, zone) for note in notes])),
        Attachment(f"{name}.csv", "text/csv", "".join(lines).encode("utf-8-sig")),
    ]


def _csv_lines(note: PurchaseOrderNote, zone: str) -> list[str]:
    return [
        csv_line(
            (
                note.number,
                note.order_reference,
                note.retailer_name,
                line.position,
                line.sku,
                line.gtin,
                line.title,
                line.quantity,
                line.wholesale_price.decimal,
                line.wholesale_price.currency,
                note.shipping_method,
                note.country,
                _day(note.ship_by, zone),
            )
        )
        for line in note.lines
    ]


def _sheet(note: PurchaseOrderNote, zone: str) -> OrderSheet:
    return OrderSheet(
        number=note.number,
        retailer=note.retailer_name,
        facts=[
            ("Order of the shop", note.order_reference),
            ("Ordered", _day(note.released_at, zone)),
            ("Ship by", _day(note.ship_by, zone)),
            ("Shipping", note.shipping_method),
            *([("Your order fee", str(note.order_fee))] if note.order_fee else []),
            ("To", f"{note.country}; the address is in the portal, where each look is written down"),
        ],
        lines=[
            (str(line.position), line.sku, line.title, str(line.quantity), str(line.wholesale_price))
            for line in note.lines
        ],
        total=str(note.total),
    )


def _day(moment: datetime | None, zone: str) -> str:
    return "–" if moment is None else moment.astimezone(zone_of(zone)).date().isoformat()
