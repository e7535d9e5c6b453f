"""A purchase order in a few sentences."""

from __future__ import annotations

from datetime import datetime

from app.purchasing.channel import PurchaseOrderNote

#: What phones show of a subject.
LONGEST_SUBJECT = 60


def subject(note: PurchaseOrderNote) -> str:
    """What an inbox shows: number, items and date. Where that is too long, the date and then the items give way."""
    kind = "sample order" if note.sample else "order"
    head, items = f"New {kind} {note.number}", f": {_items(note)}"
    date = f", ship by {_day(note.ship_by)}" if note.ship_by else ""
    for text in (head + items + date, head + items, head):
        if len(text) <= LONGEST_SUBJECT:
            return text
    return head[: LONGEST_SUBJECT - 1] + "…"


def paragraphs(note: PurchaseOrderNote) -> list[str]:
    """What came, and what to do."""
    as_sample = " as a sample" if note.sample else ""
    deadline = f" Please ship by {_day(note.ship_by)} {note.ship_by:%Y}." if note.ship_by else ""
    return [
        (
            f"{note.retailer_name} ordered {_items(note)}{as_sample} to be sent to {note.country}. "
            f"You get {note.total} for it, before fees.{deadline}"
        ),
        (
            "Open the order to see the address, to say what you can send and when, and to add tracking numbers. "
            f"If you can't send it, say so soon: {'the retailer' if note.sample else 'the shopper'} waits."
        ),
    ]


def _items(note: PurchaseOrderNote) -> str:
    count = sum(line.quantity for line in note.lines)
    return "1 item" if count == 1 else f"{count} items"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"
