"""Plans: what retailers may choose from, who has which, and what is used of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.billing.queries import plans, retailers, usages
from app.billing.rules import LONGEST_NAME, MOST_ORDERS
from app.billing.service import assign_plan, change_plan, define_plan
from app.kit.errors import Invalid
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.purchasing.service import counts_waiting_for_plan
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Plans"), "list_plans", 26))


@pages.get("/plans")
def list_plans() -> Any:
    """All plans, and retailers with their plan and its usage."""
    return _shown()


def _shown(wrong: dict[str, Any] | None = None, status: int = 200, *, at: UUID | None = None) -> Any:
    """``wrong``: what is wrong with the plan ``at``, or with a new one."""
    search = request.args.get("search", "").strip()[:100]
    with db.transaction() as session:
        found = plans(session)
        listed = retailers(session, search)
        ids = [row_id for row_id, _name, _plan_id in listed]
        used, waiting = usages(session, ids), counts_waiting_for_plan(session, ids)
        rows = [
            {"id": row_id, "name": name, "plan_id": plan_id, "usage": used[row_id], "waiting": waiting[row_id]}
            for row_id, name, plan_id in listed
        ]
    return pages.render(
        "plans.html",
        status,
        plans=found,
        choices=[("", gettext(_("No limit"))), *((str(plan.id), plan.name) for plan, _having in found)],
        rows=rows,
        search=search,
        wrong=wrong or {},
        at=at,
        typed=request.form,
    )


@pages.post("/plans", permission="plans.write")
def add() -> Any:
    """Define a plan."""
    try:
        name, orders = _sent()
        with db.transaction() as session:
            define_plan(session, name, orders)
    except Invalid as error:
        return _shown(problems(error), error.status)
    return go(page_url("plans.list_plans", done="plan_saved"))


@pages.post("/plans/<uuid:plan_id>", permission="plans.write")
def save(plan_id: UUID) -> Any:
    """Rename a plan, or change how many orders it has."""
    try:
        name, orders = _sent()
        with db.transaction() as session:
            change_plan(session, plan_id, name, orders)
    except Invalid as error:
        return _shown(problems(error), error.status, at=plan_id)
    return go(page_url("plans.list_plans", done="plan_saved"))


@pages.post("/plans/retailers/<uuid:retailer_id>", permission="plans.write")
def assign(retailer_id: UUID) -> Any:
    """Give a retailer a plan."""
    text = request.form.get("plan_id", "")
    plan_id = parse_id(text)
    if text and plan_id is None:
        raise Invalid.field("plan_id", "unknown", "Choose a plan.")
    with db.transaction() as session:
        assign_plan(session, retailer_id, plan_id)
    return go(page_url("plans.list_plans", done="plan_assigned"))


def _sent() -> tuple[str, int | None]:
    sent = Sent()
    name = sent.text("name", longest=LONGEST_NAME, required=True)
    unlimited = not request.form.get("orders_a_month", "").strip()
    orders = None if unlimited else sent.whole("orders_a_month", 0, MOST_ORDERS)
    sent.check()
    return name, orders
