"""The sender that a store wants on its parcels, in place of the supplier. Each store has one or none. It is sealed, and
frozen with each purchase order when that is made: its supplier sees it there, and nothing else of the store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import FieldError, Invalid
from app.orders.models import Order, StoreSender
from app.orders.rules import address_problems
from app.stores import queries as stores
from app.stores.store_orders import Address
from app.suppliers.rules.company import e164


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who stands on a parcel. ``as_sender``: by its name and telephone, above the place that the parcel leaves from,
    since carriers price the way from there; ``as_return_address``: parcels that can't be delivered go to its
    address."""

    address: Address
    as_sender: bool
    as_return_address: bool


def save_sender(session: Session, retailer_id: UUID, store_id: UUID, sender: Sender) -> Sender:
    """Set what stands on the parcels of a store's orders from now on. Returns it as it is kept: the telephone with its
    country. Raises ``NotFound``, and ``Invalid`` by the address's field or ``as_sender``."""
    stores.store_of(session, retailer_id, store_id)
    address = sender.address
    wrong = [
        FieldError(f"address.{one.field}", one.code, one.message)
        for one in address_problems(
            name=address.name,
            address1=address.address1,
            city=address.city,
            postal_code=address.postal_code,
            country_code=address.country_code,
        )
    ]
    phone = e164(address.phone, address.country_code) if address.phone else ""
    if phone is None:
        wrong.append(FieldError("address.phone", "not_a_phone", "A phone number, such as +49 30 901820."))
    if not sender.as_sender and not sender.as_return_address:
        wrong.append(FieldError("as_sender", "required", "Choose at least one place where it stands."))
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
    kept = replace(sender, address=replace(address, phone=phone or "", email=""))
    row = session.get(StoreSender, store_id)
    if row is None:
        row = StoreSender(store_id=store_id, retailer_id=retailer_id)
        session.add(row)
    row.sender, row.updated_at = seal_sender(kept, "store_senders", store_id), clock.now()
    audit.record(
        session,
        retailer_id,
        "stores.sender_changed",
        "store",
        store_id,
        details={"as_sender": kept.as_sender, "as_return_address": kept.as_return_address},
    )
    session.flush()
    return kept


def remove_sender(session: Session, retailer_id: UUID, store_id: UUID) -> None:
    """The supplier stands on the parcels of later orders again. Raises ``NotFound``; where there is none, does
    nothing."""
    stores.store_of(session, retailer_id, store_id)
    gone = session.scalar(
        delete(StoreSender)
        .where(StoreSender.store_id == store_id, StoreSender.retailer_id == retailer_id)
        .returning(StoreSender.store_id)
    )
    if gone is not None:
        audit.record(session, retailer_id, "stores.sender_removed", "store", store_id)


def sender_of_store(session: Session, retailer_id: UUID, store_id: UUID) -> Sender | None:
    """What a store set. Raises ``NotFound`` for a store of others."""
    stores.store_of(session, retailer_id, store_id)
    row = session.get(StoreSender, store_id)
    return None if row is None else sender_of(row.sender, "store_senders", store_id)


def sender_for_order(session: Session, order_id: UUID) -> Sender | None:
    """What the store of an order has set by now; None for an order of no store."""
    row = session.scalar(
        select(StoreSender).join(Order, Order.store_id == StoreSender.store_id).where(Order.id == order_id)
    )
    return None if row is None else sender_of(row.sender, "store_senders", row.store_id)


def seal_sender(sender: Sender, table: str, row_id: UUID) -> bytes:
    """Sealed for one row."""
    return key_ring().seal(orjson.dumps(asdict(sender)), Place(table, "sender", row_id))


def sender_of(sealed: bytes | None, table: str, row_id: UUID) -> Sender | None:
    """In the clear."""
    if sealed is None:
        return None
    found = orjson.loads(key_ring().open(sealed, Place(table, "sender", row_id)))
    return Sender(
        address=Address(**found["address"]),
        as_sender=found["as_sender"],
        as_return_address=found["as_return_address"],
    )
