"""What waits for a supplier: counted across orders, stock, files, pictures, papers and its scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.pictures.queries import broken_count
from app.feeds.models import FeedRun
from app.inventory.queries import open_shortfalls
from app.inventory.stock_list import low_count
from app.kit import clock
from app.kit.texts import zone_of
from app.orders.rules import PENDING
from app.purchasing.changes.queries import waiting_count
from app.purchasing.leaving import to_leave
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import late_count
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier, SupplierDocument
from app.suppliers.rules.papers import REMINDERS
from app.suppliers.rules.scorecards import WARN_BELOW
from app.suppliers.scorecards import own_scorecard
from app.suppliers.service.scoring import below_goal

#: State of a file's run → what it waits for.
_RUNS = {"QUARANTINED": "files_held", "NEEDS_MAPPING": "columns", "READY": "files_ready"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits: of which kind, how many, and by when the first of them is due."""

    kind: str
    count: int
    due: datetime | date | None = None


def waiting_for_supplier(session: Session, supplier_id: UUID) -> list[Waiting]:
    """What waits, the most urgent first; kinds of which nothing waits are left out.

    Kinds: ``unanswered_late``, ``change_requests``, ``late``, ``shortfalls``, ``unanswered``, ``ship_today``,
    ``files_held``, ``columns``,
    ``files_ready``, ``questions``, ``papers``, ``low_stock``, ``below_goal`` (measures), ``low_score`` (the score),
    ``pictures``.
    """
    now = clock.now()
    seller = suppliers.supplier(session, supplier_id)
    found = [
        *_to_answer(session, supplier_id, now),
        Waiting("change_requests", *waiting_count(session, supplier_id)),
        Waiting("late", late_count(session, supplier_id, now)),
        Waiting("ship_today", _due_today(session, seller, now)),
        Waiting("shortfalls", len(open_shortfalls(session, supplier_id))),
        Waiting("low_stock", low_count(session, supplier_id)),
        *_files(session, supplier_id),
        Waiting("questions", len(suppliers.questions(session, supplier_id, open_only=True))),
        _papers(session, supplier_id, now.date()),
        *_score(session, supplier_id),
        Waiting("pictures", broken_count(session, supplier_id)),
    ]
    return sorted((one for one in found if one.count), key=lambda one: _ORDER.index(one.kind))


_ORDER = (
    "unanswered_late",
    "change_requests",
    "late",
    "shortfalls",
    "unanswered",
    "ship_today",
    "files_held",
    "columns",
    "files_ready",
    "questions",
    "papers",
    "low_stock",
    "low_score",
    "below_goal",
    "pictures",
)


def _to_answer(session: Session, supplier_id: UUID, now: datetime) -> list[Waiting]:
    late = PurchaseOrder.acknowledge_by < now
    rows = session.execute(
        select(late, func.count(), func.min(PurchaseOrder.acknowledge_by))
        .where(
            PurchaseOrder.supplier_id == supplier_id,
            PurchaseOrder.released_at.is_not(None),
            PurchaseOrder.status == PENDING,
        )
        .group_by(late)
    )
    return [Waiting("unanswered_late" if over else "unanswered", count, due) for over, count, due in rows]


def _due_today(session: Session, seller: Supplier, now: datetime) -> int:
    """Orders that should leave today where the supplier is, and whose hour is not over."""
    tomorrow = now.astimezone(zone_of(seller.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow += timedelta(days=1)
    return (
        session.scalar(
            select(func.count())
            .select_from(PurchaseOrder)
            .where(
                PurchaseOrder.supplier_id == seller.id,
                to_leave(),
                PurchaseOrder.ship_by >= now,
                PurchaseOrder.ship_by < tomorrow,
            )
        )
        or 0
    )


def _files(session: Session, supplier_id: UUID) -> list[Waiting]:
    rows = session.execute(
        select(FeedRun.state, func.count())
        .where(FeedRun.supplier_id == supplier_id, FeedRun.state.in_(list(_RUNS)))
        .group_by(FeedRun.state)
    )
    return [Waiting(_RUNS[state], count) for state, count in rows]


def _papers(session: Session, supplier_id: UUID, today: date) -> Waiting:
    count, first = session.execute(
        select(func.count(), func.min(SupplierDocument.expires_on)).where(
            SupplierDocument.supplier_id == supplier_id,
            SupplierDocument.ended_at.is_(None),
            SupplierDocument.expires_on <= today + timedelta(days=max(REMINDERS)),
        )
    ).one()
    return Waiting("papers", count, first)


def _score(session: Session, supplier_id: UUID) -> list[Waiting]:
    card = own_scorecard(session, supplier_id)
    if card is None:
        return []
    if card.score is not None and card.score < WARN_BELOW:
        return [Waiting("low_score", card.score)]
    return [Waiting("below_goal", len(below_goal(card)))]
