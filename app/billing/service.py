"""Changes of plans, and the places that orders take in them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.billing.events import PlanChanged, PlanNearlyUsed
from app.billing.models import CountedOrder, Plan, RetailerPlan
from app.billing.queries import usage_of
from app.billing.rules import LONGEST_NAME, MOST_ORDERS, Usage, month_of, months_over, warned_from, warning_of
from app.db import add_rows, table_of
from app.identity.models import Organisation
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id
from app.notifications.models import Notice
from app.notifications.service import resolve
from app.outbox.service import emit

_LIMIT = (
    select(Plan.orders_a_month)
    .join(RetailerPlan, RetailerPlan.plan_id == Plan.id)
    .where(RetailerPlan.retailer_id == bindparam("retailer"))
)
_TAKE = upsert(table_of(CountedOrder)).on_conflict_do_nothing(index_elements=["order_id"])


def define_plan(session: Session, name: str, orders_a_month: int | None) -> Plan:
    """A new plan. Raises ``Invalid``. Needs a system scope."""
    name = _checked(session, None, name, orders_a_month)
    now = clock.now()
    plan = Plan(id=new_id(), name=name, orders_a_month=orders_a_month, created_at=now, updated_at=now)
    session.add(plan)
    session.flush()
    _record(session, plan, "billing.plan_defined")
    return plan


def change_plan(session: Session, plan_id: UUID, name: str, orders_a_month: int | None) -> None:
    """Rename a plan, or let its retailers send more or fewer orders. Raises ``NotFound`` and ``Invalid``. Needs a
    system scope."""
    plan = session.scalar(select(Plan).where(Plan.id == plan_id).with_for_update())
    if plan is None:
        raise NotFound("plan")
    plan.name = _checked(session, plan_id, name, orders_a_month)
    limit, plan.orders_a_month, plan.updated_at = plan.orders_a_month, orders_a_month, clock.now()
    _record(session, plan, "billing.plan_changed")
    if limit != orders_a_month:
        having = select(RetailerPlan.retailer_id).where(RetailerPlan.plan_id == plan_id)
        for retailer_id in session.scalars(having.order_by(RetailerPlan.retailer_id)).all():
            emit(session, PlanChanged(retailer_id=retailer_id))


def assign_plan(session: Session, retailer_id: UUID, plan_id: UUID | None) -> None:
    """Give a retailer a plan; None: no limit. What it has used this month counts. Raises ``NotFound``. Needs a system
    scope."""
    organisation = session.get(Organisation, retailer_id)
    if organisation is None or organisation.kind != "retailer":
        raise NotFound("retailer")
    if plan_id is None:
        session.execute(delete(RetailerPlan).where(RetailerPlan.retailer_id == retailer_id))
    else:
        if session.get(Plan, plan_id) is None:
            raise NotFound("plan")
        values = {"plan_id": plan_id, "since": clock.now()}
        session.execute(
            upsert(RetailerPlan)
            .values(retailer_id=retailer_id, **values)
            .on_conflict_do_update(index_elements=["retailer_id"], set_=values)
        )
    audit.record(session, retailer_id, "billing.plan_assigned", "plan", plan_id or retailer_id)
    emit(session, PlanChanged(retailer_id=retailer_id))


def usage_locked(session: Session, retailer_id: UUID) -> Usage | None:
    """What a retailer has used of its plan, which no other order of its changes until this transaction ends; None for
    one without a limit, which nothing waits for."""
    if session.connection().scalar(_LIMIT, {"retailer": retailer_id}) is None:
        return None
    session.execute(select(RetailerPlan.plan_id).where(RetailerPlan.retailer_id == retailer_id).with_for_update())
    usage = usage_of(session, retailer_id)
    return None if usage.limit is None else usage


def count_order(session: Session, retailer_id: UUID, order_id: UUID, timezone: str, *, new: bool = False) -> None:
    """An order goes to its suppliers and takes its place in the month that is now there, once. ``new``: it was placed
    in this transaction, so it has none yet."""
    now = clock.now()
    row = {"order_id": order_id, "retailer_id": retailer_id, "month": month_of(now, timezone), "counted_at": now}
    if new:
        add_rows(session, CountedOrder, [row])
    else:
        session.connection().execute(_TAKE, row)


def tell_if_near(session: Session, retailer_id: UUID, before: Usage) -> None:
    """One more order than ``before`` was counted: its retailer is told when that comes near to the limit, and when it
    comes to it."""
    if before.limit is not None and before.used + 1 in (warned_from(before.limit), before.limit):
        emit(session, PlanNearlyUsed(retailer_id=retailer_id))


def end_past_warnings(session: Session) -> None:
    """Warnings of months that are over, each by its retailer's time zone, are shown no more. Needs a system scope."""
    now = clock.now()
    shown = session.execute(
        select(Notice.organisation_id, Notice.dedupe, Organisation.timezone)
        .join(RetailerPlan, RetailerPlan.retailer_id == Notice.organisation_id)
        .join(Organisation, Organisation.id == Notice.organisation_id)
        .where(Notice.dedupe.in_([warning_of(month) for month in months_over(now)]), Notice.resolved_at.is_(None))
        .order_by(Notice.organisation_id)
    ).all()
    for row in shown:
        if row.dedupe != warning_of(month_of(now, row.timezone)):
            resolve(session, row.organisation_id, row.dedupe)


def _checked(session: Session, plan_id: UUID | None, name: str, orders_a_month: int | None) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Invalid.field("name", "required", f"A plan has a name of at most {LONGEST_NAME} characters.")
    if orders_a_month is not None and not 0 <= orders_a_month <= MOST_ORDERS:
        raise Invalid.field("orders_a_month", "out_of_range", f"A whole number from 0 to {MOST_ORDERS}.")
    other = session.scalar(select(Plan.id).where(Plan.name == name))
    if other is not None and other != plan_id:
        raise Invalid.field("name", "taken", "Another plan has this name.")
    return name


def _record(session: Session, plan: Plan, what: str) -> None:
    details = {"name": plan.name, "orders_a_month": plan.orders_a_month}
    audit.record(session, platform_organisation(session).id, what, "plan", plan.id, details=details)
