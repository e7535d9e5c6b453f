"""Redacting shoppers' data: when a store asks, and by age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.fulfillment.models import ShippingLabel
from app.kit import clock, texts
from app.kit.ids import new_id
from app.notifications.service import erase_letters
from app.orders.models import Order, StoreSender
from app.privacy.models import PrivacyRequest
from app.purchasing.models import ChangeRequest, PurchaseOrder
from app.returns.service.erasing import erase_of_orders

#: Shopify's time for answering (facts: compliance webhooks), which is the shortest of our platforms'.
DUE_WITHIN = timedelta(days=30)
#: Shoppers' data is redacted this long after the order came to rest.
KEEP_FOR = timedelta(days=90)


def note_request(
    session: Session,
    retailer_id: UUID,
    *,
    store_id: UUID,
    kind: str,
    external_id: str,
    order_refs: Sequence[str],
    requested_at: datetime,
) -> bool:
    """Write a request down, with the day by which it must be done. False when it is known."""
    made = session.scalar(
        upsert(PrivacyRequest)
        .values(
            id=new_id(),
            retailer_id=retailer_id,
            store_id=store_id,
            kind=kind,
            external_id=external_id,
            order_refs=list(order_refs),
            details={},
            requested_at=requested_at,
            due_at=requested_at + DUE_WITHIN,
        )
        .on_conflict_do_nothing()
        .returning(PrivacyRequest.id)
    )
    return made is not None


def carry_out_requests(session: Session, *, limit: int = 50) -> int:
    """Carry out open erasure requests. Requests to hand over data stay open for a person, who sends it to the
    shop's owner. Returns how many were done."""
    requests = session.scalars(
        select(PrivacyRequest)
        .where(PrivacyRequest.done_at.is_(None), PrivacyRequest.kind != "customer_data")
        .order_by(PrivacyRequest.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in requests:
        query = select(Order.id).where(Order.retailer_id == request.retailer_id, Order.store_id == request.store_id)
        if request.kind == "customer_redact":
            named = query.where(Order.external_id.in_(request.order_refs))
            query = query.where(Order.id.in_(named) | Order.supplements.in_(named))
        else:
            session.execute(
                delete(StoreSender).where(
                    StoreSender.retailer_id == request.retailer_id, StoreSender.store_id == request.store_id
                )
            )
        count = redact_orders(session, session.scalars(query).all())
        request.done_at, request.result = clock.now(), f"{texts.counted(count, 'order', 'orders')} redacted"
        audit.record(
            session,
            request.retailer_id,
            "privacy.carried_out",
            "privacy_request",
            request.id,
            details={"orders": count},
        )
    return len(requests)


def redact_old_orders(session: Session, *, limit: int = 500) -> int:
    """Redact shoppers' data of orders that came to rest long ago. Returns how many."""
    order_ids = session.scalars(
        select(Order.id)
        .where(
            Order.redacted_at.is_(None),
            Order.status.in_(("DELIVERED", "CANCELLED", "RETURNED")),
            Order.updated_at < clock.now() - KEEP_FOR,
        )
        .order_by(Order.updated_at)
        .limit(limit)
    ).all()
    return redact_orders(session, order_ids)


def redact_orders(session: Session, order_ids: Sequence[UUID]) -> int:
    """Erase names, addresses, phones and e-mails of orders and their purchase orders, and what was written and pictured
    of their returns; the country stays."""
    if not order_ids:
        return 0
    session.execute(
        update(PurchaseOrder).where(PurchaseOrder.order_id.in_(order_ids)).values(ship_to=None, sender=None)
    )
    session.execute(update(ChangeRequest).where(ChangeRequest.order_id.in_(order_ids)).values(ship_to=None))
    erase_of_orders(session, order_ids)
    erase_letters(session, order_ids)
    theirs = select(PurchaseOrder.id).where(PurchaseOrder.order_id.in_(order_ids))
    session.execute(update(ShippingLabel).where(ShippingLabel.purchase_order_id.in_(theirs)).values(content=None))
    done = session.scalars(
        update(Order)
        .where(Order.id.in_(order_ids), Order.redacted_at.is_(None))
        .values(ship_to=None, store_address=None, address_key=None, customer_key=None, note="", redacted_at=clock.now())
        .returning(Order.id)
    ).all()
    return len(done)
