"""Purchase orders told by e-mail: one letter for an order, or for those of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.config import settings
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.purchasing.channel import PurchaseOrderNote, SupplierChannel
from app.purchasing.service.answer_links import answer_token
from app.purchasing.service.dispatching import Dispatch
from workers.handler_letters import REASON
from workers.order_files import attached_orders


def send_letter(
    session: Session, channel: SupplierChannel, dispatch: Dispatch, notes: Sequence[PurchaseOrderNote]
) -> bool:
    """Queue the letter that a channel wants sent. False where it wants none. Needs a system scope."""
    composed = channel.compose(notes)
    if composed is None:
        return False
    letter = Letter(
        subject=composed.subject,
        paragraphs=composed.paragraphs,
        rows=_rows(notes),
        entries=_entries(notes),
        button=_button(notes),
        reason=REASON,
    )
    queue_email(
        session,
        notes[0].recipients,
        letter,
        kind="purchase_order",
        dedupe=f"purchase_order:{dispatch.sending.key}",
        organisation_id=dispatch.supplier_id,
        attached=attached_orders(dispatch.supplier_id, dispatch.purchase_order_ids),
    )
    return True


def _entries(notes: Sequence[PurchaseOrderNote]) -> list[tuple[str, str | None]]:
    """A link for each order: to accept it or answer its lines without signing in."""
    return [
        (
            f"Accept or answer {note.number} without signing in",
            f"{settings().public_url}/answer/{answer_token(UUID(note.id))}",
        )
        for note in notes
    ]


def _rows(notes: Sequence[PurchaseOrderNote]) -> list[tuple[str, str]]:
    if len(notes) == 1:
        return [(f"{line.quantity} × {line.sku}", line.title) for line in notes[0].lines]
    return [(f"{note.number}  {line.quantity} × {line.sku}", line.title) for note in notes for line in note.lines]


def _button(notes: Sequence[PurchaseOrderNote]) -> tuple[str, str]:
    if len(notes) == 1:
        return "Open the purchase order", notes[0].url
    return "Open the purchase orders", notes[0].url.rsplit("/", 1)[0]
