"""The list of orders: narrowed, sorted, saved as views, and worked off many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request, stream_with_context
from sqlalchemy.orm import Session

from app import db
from app.bulk.rules import CANCEL, HOLD, MOST_ROWS, RELEASE, RETRY
from app.bulk.service import Row, start
from app.fulfillment import queries as fulfillment
from app.kit import clock
from app.kit.csv_lines import csv_line
from app.kit.errors import Invalid
from app.kit.ids import parse_id
from app.kit.money import Money
from app.kit.texts import marked as _
from app.kit.texts import zone_of
from app.orders import lists
from app.orders import queries as orders
from app.orders.lists import OrderFilter
from app.orders.rules import HOLD_RULES, STATUSES, HoldReason
from app.purchasing import queries as purchasing
from app.purchasing.leaving import BY_SUPPLIER, BY_VALUE, DAYS_LATE, is_late, late_orders, late_sorted
from app.purchasing.service.holding import LONGEST_NOTE
from app.purchasing.service.status import counts
from app.purchasing.worth import kept_cost
from app.stores import queries as stores
from app.suppliers import queries as suppliers
from app.web import bulk, saved_views
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.holds import shown_holds
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext
from app.web.ui.statuses import shown

_FOLDER = "embedded_ui/pages/orders"
LIST = "orders"
#: The values of the list's address that make a view.
NAMES = ("status", "late", "reason", "search", "country", "store", "since", "until", "sort")
_SORTS = {lists.NEWEST: _("Newest first"), lists.OLDEST: _("Oldest first")}
#: How what is late may be sorted besides.
_LATE_SORTS = {
    DAYS_LATE: _("Latest first"),
    BY_VALUE: _("Highest cost first"),
    BY_SUPPLIER: _("By supplier"),
}
#: What is asked about before it is done, with its question.
_ASKED = {
    HOLD: _("Nothing of them is sent or charged until they are released."),
    CANCEL: _("What has not shipped is cancelled and refunded; suppliers that have accepted it are asked to stop it."),
}
_DO = (RELEASE, RETRY, HOLD, CANCEL)
_DO_LABELS = {
    RELEASE: _("Release"),
    RETRY: _("Try again"),
    HOLD: _("Put on hold"),
    CANCEL: _("Cancel orders"),
}
#: What the question's form says anew.
_PASSING = ("csrf_token", "note", "sure", "count")
_EXPORT = "export"
#: How an address asks for what is late.
_LATE = "1"
_EXPORTED_AT_ONCE = 200


def asked(values: Mapping[str, str]) -> OrderFilter:
    """What the values of an address ask for; what they can't mean is left out."""
    status, reason, sort = values.get("status", ""), values.get("reason", ""), values.get("sort", "")
    search = values.get("search", "")[:200].replace("\x00", "")
    late, now = values.get("late") == _LATE, clock.now()
    return OrderFilter(
        status=status if status in STATUSES else "",
        among=late_orders(principal().organisation_id, now) if late else None,
        by=late_sorted(principal().organisation_id, now, sort) if late and sort in _LATE_SORTS else None,
        reason=reason if reason in set(HoldReason) else "",
        search=search,
        found_by_it=_by_parcel(search) if search else (),
        country=values.get("country", "").strip().upper()[:2].replace("\x00", ""),
        store_id=parse_id(values.get("store", "")),
        since=_day(values.get("since", "")),
        until=_day(values.get("until", "")),
        sort=sort if sort in lists.SORTS or (late and sort in _LATE_SORTS) else lists.NEWEST,
        zone=zone_of(principal().timezone),
    )


def _by_parcel(number: str) -> tuple[UUID, ...]:
    with db.transaction() as session:
        return fulfillment.orders_with_number(session, principal().organisation_id, number)


def add_pages(pages: Pages) -> None:
    """Add the list to the folder of the orders' pages."""

    @pages.get("/orders", permission="orders.read")
    def list_orders() -> Any:
        """What is looked for; without anything said, what the reader's list begins with."""
        retailer_id = principal().organisation_id
        present = saved_views.kept(NAMES, request.args)
        wanted = asked(request.args)
        with db.transaction() as session:
            first = saved_views.beginning(session, LIST) if not set(request.args) - {"shop", "id_token"} else None
            if first is not None and first.query:
                return go(page_url("orders.list_orders", **first.query))
            page = lists.listed(session, retailer_id, wanted, limit=30, cursor=request.args.get("cursor"))
            more = page.next_cursor is not None or request.args.get("cursor")
            matching = lists.count(session, retailer_id, wanted) if more else len(page.items)
            routed = purchasing.of_orders(session, [one.id for one in page.items])
            now = clock.now()
            sellers = {one.supplier_id for group in routed.values() for one in group}
            context: dict[str, Any] = {
                "orders": page.items,
                "next_cursor": page.next_cursor,
                "routed": routed,
                "costs": {order_id: sum(kept_cost(one) for one in group) for order_id, group in routed.items()},
                "late": {
                    one.id
                    for group in routed.values()
                    for one in group
                    if is_late(one.status, one.ship_by, map(counts, one.lines), now)
                },
                "suppliers": suppliers.names(session, sellers),
                "views": _views(session, retailer_id, wanted, present),
                "saved": saved_views.shown(session, LIST, "orders.list_orders", present),
                "holds": {one.id: shown_holds(one.holds) for one in page.items},
                "matching": matching,
                "stores": [("", gettext(_("All stores"))), *_stores(session, retailer_id)],
            }
        return pages.render(
            "list.html",
            present=present,
            wanted=wanted,
            reasons=[("", "–"), *((one.value, gettext(rule.heading)) for one, rule in HOLD_RULES.items())],
            sorts=[
                (name, gettext(label))
                for name, label in (_SORTS if wanted.among is None else {**_SORTS, **_LATE_SORTS}).items()
            ],
            doing=[(name, gettext(_DO_LABELS[name])) for name in _DO],
            most=MOST_ROWS,
            **context,
        )

    @pages.post("/orders/bulk", permission="orders.read")
    def start_bulk() -> Any:
        """Do something with the ticked orders, or with all that match; what can't be taken back is asked about."""
        who, doing = principal(), request.form.get("do", "")
        wanted, only = asked(request.form), bulk.ticked("order")
        if doing == _EXPORT:
            return _exported(who.organisation_id, wanted, only)
        if doing not in _DO:
            raise Invalid.field("do", "unknown", "Choose what to do.")
        who.require("orders.write")
        if doing in _ASKED and not request.form.get("sure"):
            return _ask(doing, wanted, only)
        sent = Sent()
        note = sent.text("note", longest=LONGEST_NOTE)
        try:
            sent.check()
        except Invalid as error:
            return _ask(doing, wanted, only, wrong=problems(error))
        with db.transaction() as session:
            found = lists.names(session, who.organisation_id, wanted, only=only, limit=MOST_ROWS + 1)
            if doing == CANCEL and request.form.get("count", str(len(found))) != str(len(found)):
                # Nobody has said yes to the orders that match since.
                return _ask(doing, wanted, only, again=True)
            action = start(
                session,
                who.organisation_id,
                doing,
                [Row(order_id, name) for order_id, name in found],
                given={"note": note} if doing == HOLD else {},
            )
        return go(page_url("orders.bulk_result", bulk_action_id=action.id))

    bulk.add_pages(
        pages,
        prefix="/orders",
        read="orders.read",
        back="orders.list_orders",
        back_label=_("Orders"),
        row=("orders.detail", "order_id"),
    )
    saved_views.add_pages(
        pages,
        prefix="/orders",
        of=LIST,
        names=NAMES,
        words=_words,
        read="orders.read",
        back="orders.list_orders",
        back_label=_("Orders"),
    )


def _ask(
    doing: str,
    wanted: OrderFilter,
    only: list[UUID] | None,
    *,
    again: bool = False,
    wrong: Mapping[str, str] | None = None,
) -> Any:
    """``again``: other orders match by now; ``wrong``: with what was answered."""
    with db.transaction() as session:
        found = lists.names(session, principal().organisation_id, wanted, only=only, limit=MOST_ROWS + 1)
    if not found:
        raise Invalid.field("row", "required", "Tick at least one row.")
    return render(
        f"{_FOLDER}/sure.html",
        422 if wrong else 200,
        doing=doing,
        label=gettext(_DO_LABELS[doing]),
        question=gettext(_ASKED[doing]),
        count=len(found),
        names=[name for _id, name in found[:20]],
        noted=doing == HOLD,
        again=again,
        errors=wrong or {},
        note=request.form.get("note", ""),
        sent=[(name, value) for name, value in request.form.items(multi=True) if name not in _PASSING],
    )


def _views(
    session: Session, retailer_id: UUID, wanted: OrderFilter, present: Mapping[str, str]
) -> list[dict[str, Any]]:
    by_status = orders.counts_by_status(session, retailer_id)
    late = lists.count(session, retailer_id, OrderFilter(among=late_orders(retailer_id, clock.now())))
    # "all" says that nothing is looked for, where the reader's list would begin with a view.
    found = [{"label": gettext(_("All")), "href": page_url("orders.list_orders", view="all"), "current": not present}]
    if late or wanted.among is not None:
        found.append(
            {
                "label": gettext(_("Late")),
                "href": page_url("orders.list_orders", late=_LATE),
                "current": wanted.among is not None,
                "count": late,
            }
        )
    found += [
        {
            "label": gettext(shown("order", name).label),
            "href": page_url("orders.list_orders", status=name),
            "current": name == wanted.status,
            "count": by_status[name],
        }
        for name in STATUSES
        if by_status.get(name)
    ]
    return found


def _stores(session: Session, retailer_id: UUID) -> list[tuple[str, str]]:
    return [(str(one.id), one.shown_name) for one in stores.stores_of(session, retailer_id)]


def _words(session: Session, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a view of the list looks for, as the list itself says it."""
    said: list[tuple[str, str, Callable[[str], str | None]]] = [
        ("status", _("Status"), lambda text: gettext(shown("order", text).label) if text in STATUSES else None),
        ("late", _("Late"), lambda text: gettext(_("Should have left by now")) if text == _LATE else None),
        ("reason", _("On hold because"), _heading),
        ("search", _("Search"), str),
        ("country", _("To country"), str),
        ("store", _("Store"), dict(_stores(session, principal().organisation_id)).get),
        ("since", _("Placed from"), str),
        ("until", _("Placed until"), str),
        ("sort", _("Sorted"), lambda text: gettext(known) if (known := {**_SORTS, **_LATE_SORTS}.get(text)) else None),
    ]
    return [(gettext(label), tell(values[name]) or "–") for name, label, tell in said if name in values]


def _heading(reason: str) -> str | None:
    return gettext(HOLD_RULES[HoldReason(reason)].heading) if reason in set(HoldReason) else None


def _exported(retailer_id: UUID, wanted: OrderFilter, only: list[UUID] | None) -> Response:
    """The orders as CSV, without anything personal."""
    with db.transaction() as session:
        ids = [one for one, _name in lists.names(session, retailer_id, wanted, only=only, limit=MOST_ROWS + 1)]
    if not ids:
        raise Invalid.field("row", "required", "Tick at least one row.")
    if len(ids) > MOST_ROWS:
        raise Invalid.field("row", "too_many", f"At most {MOST_ROWS} rows at once; narrow the list.")

    actor = principal().actor

    def lines() -> Iterator[str]:
        yield csv_line(
            ["number", "order", "placed_at", "status", "on_hold_for", "items", "country", "cost", "currency",
             "purchase_orders", "tracking_numbers"]
        )  # fmt: skip
        for first in range(0, len(ids), _EXPORTED_AT_ONCE):
            # The lines are made after the request's own scope has ended.
            with db.tenant_scope(retailer_id, actor=actor):
                yield from _rows(retailer_id, ids[first : first + _EXPORTED_AT_ONCE])

    return Response(
        stream_with_context(lines()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="orders.csv"', "Cache-Control": "private, no-store"},
    )


def _rows(retailer_id: UUID, ids: list[UUID]) -> Iterator[str]:
    with db.transaction() as session:
        found = {one.id: one for one in lists.of_ids(session, retailer_id, ids)}
        routed = purchasing.of_orders(session, ids)
        parcels = fulfillment.of_purchase_orders(session, [one.id for group in routed.values() for one in group])
    for order_id in ids:
        order = found.get(order_id)
        if order is None:
            continue
        cost = sum(kept_cost(one) for one in routed[order_id])
        yield csv_line(
            [
                order.number,
                order.external_name,
                order.placed_at.isoformat(),
                order.status,
                " ".join(hold.reason for hold in order.holds if hold.released_at is None),
                sum(line.quantity - line.cancelled for line in order.lines),
                order.ship_to_country,
                Money(cost, order.currency).amount if routed[order_id] else "",
                routed[order_id][0].charge_currency if routed[order_id] else "",
                " ".join(one.number for one in routed[order_id]),
                " ".join(parcel.tracking_number for one in routed[order_id] for parcel in parcels[one.id]),
            ]
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
