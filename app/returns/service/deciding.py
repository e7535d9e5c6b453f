"""The supplier's decision, and the way back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import Invalid
from app.returns.models import Return
from app.returns.rules import APPROVED, DECLINED, IN_TRANSIT, LABEL_SENT, RECEIVED
from app.returns.service.standing import RETAILER, SUPPLIER, locked, move


def approve(session: Session, supplier_id: UUID, return_id: UUID) -> Return:
    """The goods may come. Raises ``NotFound`` and ``Conflict``."""
    row = locked(session, return_id, supplier_id).row
    if row.state != APPROVED:
        move(session, row, APPROVED, by=SUPPLIER)
    return row


def decline(session: Session, supplier_id: UUID, return_id: UUID, reason: str) -> Return:
    """The goods may not come, for a reason that the retailer reads. Raises ``NotFound``, ``Invalid``, ``Conflict``."""
    row = locked(session, return_id, supplier_id).row
    if row.state == DECLINED:
        return row
    row.answer = _said(reason, "Say why, so that the retailer can tell the customer.")
    move(session, row, DECLINED, by=SUPPLIER, answer=row.answer)
    return row


def send_label(session: Session, supplier_id: UUID, return_id: UUID) -> Return:
    """The label is there, as a file of the return. Raises ``NotFound``, ``Conflict``, and ``Invalid`` without
    such a file."""
    row = locked(session, return_id, supplier_id).row
    if not any(file.kind == "label" for file in row.files):
        raise Invalid.field("file", "required", "Choose the label's file first.")
    if row.state != LABEL_SENT:
        move(session, row, LABEL_SENT, by=SUPPLIER)
    return row


def send_back(
    session: Session, organisation_id: UUID, return_id: UUID, *, carrier: str, tracking_number: str
) -> Return:
    """The parcel is on its way, by the supplier's label or by a carrier of one's own. The same number again changes
    nothing. Raises ``NotFound``, ``Invalid`` and ``Conflict``."""
    row = locked(session, return_id, organisation_id).row
    number, name = tracking_number.strip(), carrier.strip()
    if not 0 < len(number) <= 100:
        raise Invalid.field("tracking_number", "required", "A tracking number of up to 100 characters.")
    if not 0 < len(name) <= 60:
        raise Invalid.field("carrier", "required", "Name the carrier.")
    if row.state == IN_TRANSIT and row.tracking_number == number:
        return row
    # Of a bought label's own number the carrier is known.
    if number != row.tracking_number:
        row.carrier, row.tracking_number, row.tracking_url = name, number, None
        row.delivery_status, row.next_poll_at, row.tracker_ref = "unknown", clock.now(), None
    by = RETAILER if organisation_id == row.retailer_id else SUPPLIER
    move(session, row, IN_TRANSIT, by=by, carrier=row.carrier, tracking_number=number)
    return row


def receive(session: Session, supplier_id: UUID, return_id: UUID) -> Return:
    """The parcel came in. Raises ``NotFound`` and ``Conflict``."""
    row = locked(session, return_id, supplier_id).row
    if row.state != RECEIVED:
        move(session, row, RECEIVED, by=SUPPLIER)
    return row


def _said(text: str, missing: str) -> str:
    said = text.strip()
    if not said or len(said) > 500:
        raise Invalid.field("reason", "required", missing if not said else "Use at most 500 characters.")
    return said
