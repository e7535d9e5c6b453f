"""Addresses that a retailer keeps for goods that it orders for itself. They are sealed; whoever reads one for a person
writes that into the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.orders.models import RetailerAddress
from app.orders.service import address_of, check_address, seal_address
from app.stores.store_orders import Address

MOST_KEPT = 20


def save_address(session: Session, retailer_id: UUID, address: Address) -> UUID:
    """Keep an address; one that is kept already is not kept twice. Raises ``Invalid`` naming the field for one that
    nothing can be sent to, and ``Conflict`` where too many are kept."""
    check_address(address)
    kept = _rows(session, retailer_id)
    for row in kept:
        if opened(row) == address:
            return row.id
    if len(kept) >= MOST_KEPT:
        raise Conflict(f"At most {MOST_KEPT} addresses are kept. Remove one first.", code="too_many_addresses")
    row_id = new_id()
    session.add(
        RetailerAddress(
            id=row_id,
            retailer_id=retailer_id,
            ship_to=seal_address(address, "retailer_addresses", row_id),
            ship_to_country=address.country_code,
            created_at=clock.now(),
        )
    )
    session.flush()
    return row_id


def saved_addresses(session: Session, retailer_id: UUID) -> list[tuple[UUID, Address]]:
    """All that are kept, the newest first."""
    return [(row.id, opened(row)) for row in _rows(session, retailer_id)]


def saved_address(session: Session, retailer_id: UUID, address_id: UUID) -> Address:
    """One of them. Raises ``NotFound``."""
    return opened(_own(session, retailer_id, address_id))


def remove_address(session: Session, retailer_id: UUID, address_id: UUID) -> None:
    """Forget an address. Raises ``NotFound``. Orders keep what they were sent to."""
    session.delete(_own(session, retailer_id, address_id))


def opened(row: RetailerAddress) -> Address:
    """In the clear."""
    address = address_of(row.ship_to, "retailer_addresses", row.id)
    assert address is not None
    return address


def _own(session: Session, retailer_id: UUID, address_id: UUID) -> RetailerAddress:
    row = session.scalar(
        select(RetailerAddress).where(RetailerAddress.id == address_id, RetailerAddress.retailer_id == retailer_id)
    )
    if row is None:
        raise NotFound("address")
    return row


def _rows(session: Session, retailer_id: UUID) -> Sequence[RetailerAddress]:
    return session.scalars(
        select(RetailerAddress).where(RetailerAddress.retailer_id == retailer_id).order_by(RetailerAddress.id.desc())
    ).all()
