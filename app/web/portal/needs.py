"""What waits for a supplier, as rows of its first page: each as far as the reader may do something about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.insights.waiting import Waiting
from app.kit import clock, texts
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.pages import page_url
from app.web.ui.rendering import gettext, locale, ngettext


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind is told: for one and for many, the page to go to, whose permission it needs and what the link says."""

    one: str
    many: str
    endpoint: str
    permission: str
    label: str
    values: Mapping[str, str]
    critical: bool = False


_ORDERS, _READ = "purchase_orders.queue", "purchase_orders.read"
_KINDS: Mapping[str, _Kind] = {
    "unanswered_late": _Kind(
        _("%(num)s order should have been answered"),
        _("%(num)s orders should have been answered"),
        _ORDERS, _READ, _("Answer"), {"view": "new"}, critical=True,
    ),
    "change_requests": _Kind(
        _("%(num)s request to stop or change an order"), _("%(num)s requests to stop or change orders"),
        _ORDERS, _READ, _("Answer"), {"view": "asked"}, critical=True,
    ),
    "late": _Kind(
        _("%(num)s order is late"), _("%(num)s orders are late"), _ORDERS, _READ, _("Ship"), {"view": "late"},
        critical=True,
    ),
    "shortfalls": _Kind(
        _("%(num)s variant has less stock than is ordered"),
        _("%(num)s variants have less stock than is ordered"),
        "inventory.short", "products.read", _("See which"), {}, critical=True,
    ),
    "low_stock": _Kind(
        _("%(num)s variant is running low"), _("%(num)s variants are running low"),
        "inventory.stock", "products.read", _("See which"), {"show": "low"},
    ),
    "unanswered": _Kind(
        _("%(num)s new order to answer"), _("%(num)s new orders to answer"), _ORDERS, _READ, _("Answer"),
        {"view": "new"},
    ),
    "ship_today": _Kind(
        _("%(num)s order must leave today"), _("%(num)s orders must leave today"), _ORDERS, _READ, _("Ship"),
        {"view": "to_ship"},
    ),
    "files_held": _Kind(
        _("%(num)s file is held: it differs too much"), _("%(num)s files are held: they differ too much"),
        "uploads.uploads", "products.write", _("Look at it"), {},
    ),
    "columns": _Kind(
        _("%(num)s file has columns to confirm"), _("%(num)s files have columns to confirm"),
        "uploads.uploads", "products.write", _("Confirm"), {},
    ),
    "files_ready": _Kind(
        _("%(num)s file is ready to take over"), _("%(num)s files are ready to take over"),
        "uploads.uploads", "products.write", _("Take over"), {},
    ),
    "questions": _Kind(
        _("%(num)s question of our reviewer"), _("%(num)s questions of our reviewer"),
        "onboarding.overview", "settings.write", _("Answer"), {},
    ),
    "papers": _Kind(
        _("%(num)s paper runs out"), _("%(num)s papers run out"),
        "onboarding.documents", "settings.write", _("Send the new one"), {},
    ),
    "low_score": _Kind(
        _("Your score is %(num)s of 100"), _("Your score is %(num)s of 100"),
        "performance.performance", _READ, _("See why"), {},
    ),
    "below_goal": _Kind(
        _("%(num)s figure is below its goal"), _("%(num)s figures are below their goals"),
        "performance.performance", _READ, _("See why"), {},
    ),
    "pictures": _Kind(
        _("%(num)s picture can't be shown"), _("%(num)s pictures can't be shown"),
        "pictures.broken", "products.read", _("See why and what to do"), {},
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """A row: what waits, until when, and where to go."""

    text: str
    by: str | None
    href: str
    label: str
    critical: bool


def needs(waiting: Iterable[Waiting]) -> list[Need]:
    """What the reader may see of it, in the same order."""
    who = principal()
    return [
        Need(
            ngettext(kind.one, kind.many, one.count),
            _by(one.due, who.timezone),
            page_url(kind.endpoint, **kind.values),
            gettext(kind.label),
            kind.critical,
        )
        for one in waiting
        if who.may((kind := _KINDS[one.kind]).permission)
    ]


def _by(due: datetime | date | None, zone: str) -> str | None:
    """A day, or a moment with how far it is."""
    if due is None:
        return None
    if not isinstance(due, datetime):
        return texts.day(due, locale())
    return f"{texts.ago(due, clock.now(), locale(), zone)} · {texts.moment(due, locale(), zone)}"
