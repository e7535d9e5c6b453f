"""A supplier's sales, and how its orders were met, over a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request

from app import db
from app.identity.models import Organisation
from app.insights.queries import GroupBy, Sales, met, sales
from app.kit import clock, texts
from app.kit.csv_lines import csv_line
from app.kit.money import Money
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.pages import Nav, Pages, page_url
from app.web.ui.rendering import gettext, locale

pages = Pages(__name__, nav=Nav(_("Reports"), "reports", 50, permission="analytics.read"))

_GROUPS: dict[str, tuple[GroupBy, str]] = {
    "day": ("day", _("By day")),
    "week": ("week", _("By week")),
    "month": ("month", _("By month")),
    "product": ("product", _("By product")),
    "retailer": ("retailer", _("By retailer")),
}
_TIMES = ("day", "week", "month")
_LONGEST = timedelta(days=800)
_DEFAULT = timedelta(days=29)
#: Rows of the page; the CSV file has them all.
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for; ``problem`` says why its days were not taken."""

    start: date
    end: date
    group: str
    problem: str | None


@pages.get("/reports", permission="analytics.read")
def reports() -> Any:
    """Figures, a chart and a table of the period."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        zone = session.get_one(Organisation, supplier_id).timezone
        asked = _asked(zone)
        found = sales(session, supplier_id, "supplier", start=asked.start, end=asked.end, group_by=_group(asked))
        how_met = met(session, supplier_id, start=asked.start, end=asked.end)
    period = {"from": asked.start.isoformat(), "to": asked.end.isoformat()}
    timed = asked.group in _TIMES
    return pages.render(
        "reports.html",
        asked=asked,
        zone=zone,
        sales=found,
        met=how_met,
        rows=[
            (key, texts.day(date.fromisoformat(key), locale(), zone) if asked.group == "day" else label, figures)
            for key, label, figures in (found.series[::-1] if timed else found.series)[:_SHOWN]
        ],
        timed=timed,
        views=[
            {
                "label": gettext(label),
                "href": page_url("reports.reports", group=group, **period),
                "current": group == asked.group,
            }
            for group, (_group_by, label) in _GROUPS.items()
        ],
        download=page_url("reports.as_csv", group=asked.group, **period),
    )


@pages.get("/reports/sales.csv", permission="analytics.read")
def as_csv() -> Any:
    """The same table as a file, with every row."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        asked = _asked(session.get_one(Organisation, supplier_id).timezone)
        found = sales(session, supplier_id, "supplier", start=asked.start, end=asked.end, group_by=_group(asked))
    name = f"crossdock-sales-{asked.group}-{asked.start}-{asked.end}.csv"
    return Response(
        _table(found, asked.group),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _table(found: Sales, group: str) -> str:
    lines = [csv_line([group, "orders", "units", "sales", "cancelled", "currency"])]
    for _key, label, figures in found.series:
        sold, cancelled = Money(figures.revenue, found.currency), Money(-figures.refunds, found.currency)
        amounts = (Decimal(sold.amount), Decimal(cancelled.amount))
        lines.append(csv_line([label, figures.orders, figures.units, *amounts, found.currency]))
    return "".join(lines)


def _group(asked: _Asked) -> GroupBy:
    return _GROUPS[asked.group][0]


def _asked(timezone: str) -> _Asked:
    """The period and grouping of the address; the last 30 days of the supplier where it names none that holds."""
    today = clock.now().astimezone(ZoneInfo(timezone)).date()
    group = request.args.get("group", "day")
    if group not in _GROUPS:
        group = "day"
    try:
        end = date.fromisoformat(request.args.get("to") or today.isoformat())
        start = date.fromisoformat(request.args["from"]) if request.args.get("from") else end - _DEFAULT
    except (ValueError, OverflowError):
        return _Asked(today - _DEFAULT, today, group, gettext(_("Give both days as year-month-day.")))
    if start > end or end - start > _LONGEST or end.year > today.year + 1:
        text = gettext(_("Choose a first day before the last one, at most 800 days apart."))
        return _Asked(today - _DEFAULT, today, group, text)
    return _Asked(start, end, group, None)
