"""Purchase orders in a few sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.kit import texts
from app.purchasing.channel import PurchaseOrderNote

#: What phones show of a subject.
LONGEST_SUBJECT = 60


def subject(notes: Sequence[PurchaseOrderNote]) -> str:
    """What an inbox shows: number, items and the first date. Where that is too long, the date and then the items give
    way."""
    first, *others = notes
    if others:
        head, items = f"{len(notes)} new orders", f": {_items(notes)}"
    else:
        head, items = f"New {'sample order' if first.sample else 'order'} {first.number}", f": {_items(notes)}"
    by = _first_due(notes)
    date = f", ship by {_day(by)}" if by else ""
    for text in (head + items + date, head + items, head):
        if len(text) <= LONGEST_SUBJECT:
            return text
    return head[: LONGEST_SUBJECT - 1] + "…"


def paragraphs(notes: Sequence[PurchaseOrderNote]) -> list[str]:
    """What came, and what to do."""
    return _of_several(notes) if len(notes) > 1 else _of_one(notes[0])


def _of_one(note: PurchaseOrderNote) -> list[str]:
    as_sample = " as a sample" if note.sample else ""
    deadline = f" Please ship by {_day(note.ship_by)} {note.ship_by:%Y}." if note.ship_by else ""
    more = texts.counted(note.left_before, "more item", "more items")
    return [
        (
            f"{note.retailer_name} ordered {_items([note])}{as_sample} to be sent to {note.country}. "
            f"You get {note.total} for it, before fees.{deadline}"
        ),
        *([f"This is what is left of the order: you have sent or packed {more} of it."] if note.left_before else ()),
        (
            "Open the order to see the address, to say what you can send and when, and to add tracking numbers. "
            f"If you can't send it, say so soon: {'the retailer' if note.sample else 'the shopper'} waits."
        ),
    ]


def _of_several(notes: Sequence[PurchaseOrderNote]) -> list[str]:
    by = _first_due(notes)
    deadline = f" The first of them should leave by {_day(by)} {by:%Y}." if by else ""
    return [
        f"{len(notes)} orders with {_items(notes)} came since the last batch.{deadline}",
        (
            "Open each order to see its address, to say what you can send and when, and to add tracking numbers. "
            "If you can't send something, say so soon: the shoppers wait."
        ),
    ]


def _first_due(notes: Sequence[PurchaseOrderNote]) -> datetime | None:
    return min((note.ship_by for note in notes if note.ship_by), default=None)


def _items(notes: Sequence[PurchaseOrderNote]) -> str:
    count = sum(line.quantity for note in notes for line in note.lines)
    return texts.counted(count, "item", "items")


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"
