"""Sales, as each side sees its own."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta

from flask import Response, jsonify

from app import db
from app.identity.principal import Principal
from app.insights.queries import Figures, Side, sales, today_of
from app.kit import clock
from app.kit.errors import Invalid
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.schemas.analytics import SalesOut, SalesQuery

_LONGEST = timedelta(days=800)
_DEFAULT = timedelta(days=30)


def _today(who: Principal) -> date:
    """The day that it is for who asks: its figures are by its own days."""
    if who.organisation_kind == "platform":
        return clock.now().date()
    with db.transaction() as session:
        return today_of(session, who.organisation_id)


@api.get("/analytics/sales", responses={200: SalesOut}, summary="Sales by day, supplier, product…")
@guarded("retailer", "supplier", "platform", scope="read:analytics")
def sales_figures(query: SalesQuery) -> Response:
    who = caller()
    end = query.end or _today(who)
    start = query.start or end - _DEFAULT
    if start > end or end - start > _LONGEST:
        raise Invalid.field("from", "bad_range", "Give a range of at most 800 days, `from` not after `to`.")
    sides: dict[str, Side] = {"retailer": "retailer", "supplier": "supplier", "platform": "platform"}
    side = sides[who.organisation_kind]
    with _scope(side), db.transaction() as session:
        found = sales(
            session,
            None if side == "platform" else who.organisation_id,
            side,
            start=start,
            end=end,
            group_by=query.group_by,
            currency=query.currency,
        )
    return jsonify(
        currency=found.currency,
        totals=_figures(found.totals, found.currency),
        series=[
            {"key": key, "label": label, **_figures(figures, found.currency)} for key, label, figures in found.series
        ],
    )


def _scope(side: Side) -> AbstractContextManager[None]:
    """The platform looks across organisations; everybody else stays in its own."""
    return db.system_scope(actor=caller().actor) if side == "platform" else nullcontext()


def _figures(figures: Figures, currency: str) -> present.Json:
    return {
        "orders": figures.orders,
        "units": figures.units,
        "revenue": present.money(figures.revenue, currency),
        "cost": present.money(figures.cost, currency),
        "fees": present.money(figures.fees, currency),
        "shipping": present.money(figures.shipping, currency),
        "refunds": present.money(figures.refunds, currency),
        "profit": present.money(figures.profit, currency),
    }
