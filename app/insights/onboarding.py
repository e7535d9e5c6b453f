"""How far a supplier's set-up has come: its own answers, its files, its payout account and its test order together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct
from app.feeds.models import FeedRun
from app.kit import clock
from app.listings.models import Listing
from app.listings.rules import DRAFT, UNLINKED
from app.orders.rules import CANCELLED, DELIVERED, RETURNED, SHIPPED
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.settlement.queries import payout_account
from app.suppliers import queries as suppliers
from app.suppliers.rules.round_trip import checks
from app.suppliers.rules.steps import Facts, Progress, progress


def progress_of(session: Session, supplier_id: UUID) -> Progress:
    """All steps of a supplier's set-up, with what each lacks. Raises ``NotFound``."""
    application = suppliers.application_of(session, supplier_id)
    papers: dict[str, date | None] = {}
    for paper in suppliers.papers(session, supplier_id):
        papers.setdefault(paper.kind, paper.expires_on)
    account = payout_account(session, supplier_id)
    order = suppliers.newest_test_order(session, supplier_id)
    waiting = checks(suppliers.trip_of(order), application.connection) if order is not None else ()
    asked: defaultdict[str, list[str]] = defaultdict(list)
    for question in suppliers.questions(session, supplier_id, open_only=True):
        asked[question.step].append(question.message)
    facts = Facts(
        company=application.address is not None,
        contacts=application.phone_hash is not None,
        papers=papers,
        return_policy=suppliers.return_policy(session, supplier_id) is not None,
        rates=len(suppliers.shipping_rates(session, supplier_id)),
        payout=account.capability if account else None,
        payout_wants=tuple(account.requirements) if account else (),
        connection=application.connection,
        products_told=_products_told(session, supplier_id, application.connection),
        test_passed=suppliers.passed_test_order(session, supplier_id) is not None,
        test_missing=tuple(check.missing for check in waiting if not check.done),
    )
    return progress(facts, asked, clock.now().date())


def _products_told(session: Session, supplier_id: UUID, connection: str) -> bool:
    known: ColumnElement[bool] = (
        select(FeedRun.id).where(FeedRun.supplier_id == supplier_id, FeedRun.state == "APPLIED").exists()
    )
    if connection == "portal":
        offered = select(SupplierProduct.id).where(
            SupplierProduct.supplier_id == supplier_id, SupplierProduct.status == "active"
        )
        known = or_(known, offered.exists())
    return bool(session.scalar(select(known)))


@dataclass(frozen=True, slots=True)
class Consequences:
    """What goes when a supplier may no longer sell: ``listings`` in ``stores`` show 0, ``to_answer`` purchase orders
    could still be cancelled, ``accepted`` ones it ships."""

    listings: int
    stores: int
    to_answer: int
    accepted: int


def consequences(session: Session, supplier_id: UUID) -> Consequences:
    """What suspending a supplier would do. System scope."""
    listed = session.execute(
        select(func.count(), func.count(Listing.store_id.distinct())).where(
            Listing.supplier_id == supplier_id, Listing.state.not_in((DRAFT, UNLINKED))
        )
    ).one()
    answered = (
        select(PurchaseOrderLine.id)
        .where(
            PurchaseOrderLine.purchase_order_id == PurchaseOrder.id,
            PurchaseOrderLine.answer.in_(("accepted", "backordered")) | (PurchaseOrderLine.shipped > 0),
        )
        .exists()
    )
    rows = session.execute(
        select(answered | PurchaseOrder.processing_at.is_not(None), func.count())
        .where(
            PurchaseOrder.supplier_id == supplier_id,
            PurchaseOrder.status.not_in((SHIPPED, DELIVERED, CANCELLED, RETURNED)),
        )
        .group_by(answered | PurchaseOrder.processing_at.is_not(None))
    )
    open_orders = {bool(taken): count for taken, count in rows}
    return Consequences(listed[0], listed[1], open_orders.get(False, 0), open_orders.get(True, 0))
