"""A supplier's queues: overdue first with the time that is left, views of one's own, and many orders at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request, stream_with_context
from sqlalchemy.orm import Session

from app import db
from app.bulk.rules import ACCEPT, MOST_ROWS, PAPERS, SHIP
from app.bulk.service import Row, start
from app.documents.drawing import draw, draw_pick_list
from app.documents.papers import KINDS, PICK_LIST
from app.documents.service import MOST_AT_ONCE, papers, pick_list
from app.kit import clock
from app.kit.csv_lines import csv_line
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.purchasing import queries as purchasing
from app.purchasing import queue as queues
from app.purchasing.changes.queries import waiting_count
from app.purchasing.leaving import is_to_leave
from app.purchasing.models import PurchaseOrder
from app.purchasing.queue import QueueFilter
from app.purchasing.service.status import counts
from app.purchasing.sla import time_left
from app.purchasing.worth import kept_share
from app.returns.queries import counts_by_state
from app.returns.rules import APPROVED, IN_TRANSIT, LABEL_SENT
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier, SupplierClosure
from app.suppliers.queries import open_test_order
from app.suppliers.rules import Closure
from app.web import bulk, saved_views
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url
from app.web.portal.pages.purchase_orders.parcels_file import COLUMNS, Parcel, parcels_of
from app.web.printed import pdf_answer
from app.web.ui.rendering import gettext, ngettext

LIST = "purchase_orders"
#: The values of the list's address that make a view.
NAMES = ("view", "search", "sort")
_VIEWS = {
    "new": _("To answer"),
    "to_ship": _("To ship"),
    "late": _("Late"),
    "asked": _("Change asked"),
    "backordered": _("Backordered"),
    "shipped": _("Shipped"),
    "delivered": _("Delivered"),
    "all": _("All"),
}
_SORTS = {queues.DUE: _("What is due first"), queues.OLDEST: _("Oldest first"), queues.NEWEST: _("Newest first")}
_EXPORT = "export"
_AT_ONCE = 200
#: Bytes of a file of parcels.
_LARGEST_FILE = 2 * 1024 * 1024


def asked(values: Mapping[str, str]) -> QueueFilter:
    """What the values of an address ask for; what they can't mean is left out."""
    view, sort = values.get("view", ""), values.get("sort", "")
    return QueueFilter(
        view=view if view in _VIEWS else "new",
        search=values.get("search", "")[:200].replace("\x00", ""),
        sort=sort if sort in queues.SORTS else queues.DUE,
    )


def add_pages(pages: Pages) -> None:
    """Add the queues to the folder of the purchase orders' pages."""

    @pages.get("/purchase-orders", permission="purchase_orders.read")
    def queue() -> Any:
        """What is due first; without anything said, what the reader's list begins with."""
        supplier_id = principal().organisation_id
        present, wanted = saved_views.kept(NAMES, request.args), asked(request.args)
        with db.transaction() as session:
            first = saved_views.beginning(session, LIST) if not request.args else None
            if first is not None and first.query:
                return go(page_url("purchase_orders.queue", **first.query))
            seller = suppliers.supplier(session, supplier_id)
            page = queues.queue(session, supplier_id, wanted, limit=30, cursor=request.args.get("cursor"))
            more = page.next_cursor is not None or request.args.get("cursor")
            context: dict[str, Any] = {
                "views": _views(session, supplier_id, wanted),
                "orders": page.items,
                "left": _left(page.items, seller, suppliers.closures(session, supplier_id)),
                "next_cursor": page.next_cursor,
                "test_order": open_test_order(session, supplier_id),
                "matching": queues.count(session, supplier_id, wanted) if more else len(page.items),
                "saved": saved_views.shown(session, LIST, "purchase_orders.queue", present),
            }
        return pages.render(
            "queue.html",
            kept_share=kept_share,
            present=present,
            wanted=wanted,
            sorts=[(name, gettext(label)) for name, label in _SORTS.items()],
            most=MOST_ROWS,
            timezone=seller.timezone,
            **context,
        )

    @pages.post("/purchase-orders/bulk", permission="purchase_orders.read")
    def start_bulk() -> Any:
        """Accept the ticked orders, or all that match, or download them."""
        who, doing = principal(), request.form.get("do", "")
        if doing == _EXPORT:
            return _exported(who.organisation_id)
        if doing != ACCEPT:
            raise Invalid.field("do", "unknown", "Choose what to do.")
        who.require("purchase_orders.write")
        return _begun(ACCEPT, {})

    @pages.post("/purchase-orders/papers.pdf", permission="purchase_orders.read_address")
    def many_papers() -> Response:
        """A paper for each of the ticked purchase orders, or what to pick for all of them: a few at once, many in the
        background. Sent, not asked for: reading the addresses is written down."""
        kind = request.form.get("kind", "")
        if kind not in (*KINDS, PICK_LIST):
            raise Invalid.field("kind", "unknown", "There is no such paper.")
        ids = bulk.ticked("order")
        if ids is None or len(ids) > MOST_AT_ONCE:
            return _begun(PAPERS, {"kind": kind})
        if not ids:
            raise Invalid.field("order", "required", gettext("Tick at least one purchase order."))
        with db.transaction() as session:
            orders = [purchasing.purchase_order(session, principal().organisation_id, one) for one in ids]
            if kind == PICK_LIST:
                return pdf_answer(draw_pick_list(pick_list(orders)), "pick-list")
            drawn = papers(session, kind, orders)
        return pdf_answer(draw(drawn), f"{kind}-{len(drawn)}")

    @pages.get("/purchase-orders/ship", permission="purchase_orders.write")
    def ship_file() -> Any:
        """Where a file of parcels is sent."""
        return pages.render("ship_file.html", errors={}, largest=_LARGEST_FILE // (1024 * 1024))

    @pages.get("/purchase-orders/ship.csv", permission="purchase_orders.write")
    def ship_template() -> Response:
        """The orders to ship, to be filled in with carriers and numbers."""
        supplier_id = principal().organisation_id
        with db.transaction() as session:
            found = queues.names(session, supplier_id, QueueFilter(view="to_ship"), limit=MOST_ROWS)
        lines = [csv_line(COLUMNS), *(csv_line([number, "", "", "", ""]) for _id, number in found)]
        return _csv("".join(lines), "parcels.csv")

    @pages.post("/purchase-orders/ship", permission="purchase_orders.write", largest=_LARGEST_FILE)
    def ship_many() -> Any:
        """Each parcel of a file is shipped, with a result of its own."""
        sent = request.files.get("file")
        try:
            if sent is None or not sent.filename:
                raise Invalid.field("file", "required", gettext("Choose a file first."))
            parcels = parcels_of(sent.stream.read())
            with db.transaction() as session:
                action = start(session, principal().organisation_id, SHIP, _rows_of(session, parcels))
        except Invalid as error:
            return pages.render("ship_file.html", 422, errors=problems(error), largest=_LARGEST_FILE // (1024 * 1024))
        return go(page_url("purchase_orders.bulk_result", bulk_action_id=action.id))

    bulk.add_pages(
        pages,
        prefix="/purchase-orders",
        read="purchase_orders.read",
        back="purchase_orders.queue",
        back_label=_("Purchase orders"),
        row=("purchase_orders.detail", "purchase_order_id"),
    )
    saved_views.add_pages(
        pages,
        prefix="/purchase-orders",
        of=LIST,
        names=NAMES,
        words=_words,
        read="purchase_orders.read",
        back="purchase_orders.queue",
        back_label=_("Purchase orders"),
    )


def _words(_session: Session, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a view of the queues looks for, as they say it themselves."""
    said: Sequence[tuple[str, str, Mapping[str, str]]] = (
        ("view", _("View"), _VIEWS),
        ("search", _("Number"), {}),
        ("sort", _("Sorted"), _SORTS),
    )
    return [
        (gettext(label), gettext(known.get(values[name], "–")) if known else values[name])
        for name, label, known in said
        if name in values
    ]


def _rows_of(session: Session, parcels: Mapping[Parcel, Mapping[str, int]]) -> list[Row]:
    known = queues.ids_by_number(session, principal().organisation_id, {number for number, _c, _t in parcels})
    return [
        Row(
            known.get(number),
            f"{number} · {tracking_number}",
            {"carrier": carrier, "tracking_number": tracking_number, "units": dict(units)},
        )
        for (number, carrier, tracking_number), units in parcels.items()
    ]


def _begun(action: str, given: Mapping[str, Any]) -> Response:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        found = queues.names(session, supplier_id, asked(request.form), only=bulk.ticked("order"), limit=MOST_ROWS + 1)
        begun = start(session, supplier_id, action, [Row(one, number) for one, number in found], given=given)
    return go(page_url("purchase_orders.bulk_result", bulk_action_id=begun.id))


def _views(session: Session, supplier_id: UUID, wanted: QueueFilter) -> list[dict[str, Any]]:
    counted = purchasing.counts_by_view(session, supplier_id) | {
        "late": purchasing.late_count(session, supplier_id, clock.now()),
        "asked": waiting_count(session, supplier_id)[0],
    }
    overdue = queues.overdue_counts(session, supplier_id)
    found: list[dict[str, Any]] = []
    for name, label in _VIEWS.items():
        shown = gettext(label)
        if overdue.get(name):
            shown = f"{shown} ({gettext(_('%(n)s overdue')) % {'n': overdue[name]}})"
        found.append(
            {
                "label": shown,
                "href": page_url("purchase_orders.queue", view=name),
                "current": name == wanted.view,
                "count": counted[name],
            }
        )
    returns = counts_by_state(session, supplier_id)
    coming = sum(returns.get(state, 0) for state in (APPROVED, LABEL_SENT, IN_TRANSIT))
    found.append(
        {
            "label": gettext(_("Returns to receive")),
            "href": page_url("returns.queue", view="coming"),
            "current": False,
            "count": coming,
        }
    )
    return found


def _left(
    orders: Iterable[PurchaseOrder], seller: Supplier, closed: Iterable[SupplierClosure]
) -> dict[UUID, tuple[str, str]]:
    """Purchase order → the time that is left for what comes next, in words, and its tone."""
    now, found = clock.now(), {}
    closures = [Closure(one.starts_on, one.ends_on) for one in closed]
    for order in orders:
        due = order.acknowledge_by if order.status == "PENDING" else order.ship_by
        if due is None or not is_to_leave(order.status, map(counts, order.lines)):
            continue
        left = time_left(due, now, timezone=seller.timezone, closed=closures)
        if left.hours is not None:
            hours = max(1, round(left.hours))
            text = (
                ngettext("%(num)s hour overdue", "%(num)s hours overdue", hours)
                if left.overdue
                else ngettext("%(num)s hour left", "%(num)s hours left", hours)
            )
        elif left.overdue:
            days = max(1, -left.days)
            text = ngettext("%(num)s working day overdue", "%(num)s working days overdue", days)
        else:
            text = ngettext("%(num)s working day left", "%(num)s working days left", left.days)
        tone = "critical" if left.overdue else "warning" if left.hours is not None or left.days <= 1 else "neutral"
        found[order.id] = (text, tone)
    return found


def _exported(supplier_id: UUID) -> Response:
    """The orders as CSV, a line of each line, without addresses."""
    with db.transaction() as session:
        found = queues.names(session, supplier_id, asked(request.form), only=bulk.ticked("order"), limit=MOST_ROWS + 1)
    if not found:
        raise Invalid.field("row", "required", "Tick at least one row.")
    if len(found) > MOST_ROWS:
        raise Invalid.field("row", "too_many", f"At most {MOST_ROWS} rows at once; narrow the list.")
    ids, actor = [one for one, _number in found], principal().actor

    def lines() -> Iterator[str]:
        # The lines are made after the request's own scope has ended.
        yield csv_line(
            ["purchase_order", "retailer", "reference", "came_at", "status", "answer_by", "ship_by", "sku", "title",
             "ordered", "cancelled", "shipped", "wholesale_price", "currency", "country"]
        )  # fmt: skip
        for first in range(0, len(ids), _AT_ONCE):
            with db.tenant_scope(supplier_id, actor=actor), db.transaction() as session:
                orders = queues.of_ids(session, supplier_id, ids[first : first + _AT_ONCE])
            for order in orders:
                yield from map(csv_line, _order_lines(order))

    return _csv(stream_with_context(lines()), "purchase-orders.csv")


def _order_lines(order: PurchaseOrder) -> Iterator[list[str | int]]:
    for line in order.lines:
        yield [
            order.number,
            order.retailer_name,
            order.order_reference,
            order.released_at.isoformat() if order.released_at else "",
            order.status,
            order.acknowledge_by.isoformat() if order.acknowledge_by else "",
            order.ship_by.isoformat() if order.ship_by else "",
            line.sku,
            line.title,
            line.quantity,
            line.cancelled,
            line.shipped,
            Money(line.wholesale_price, order.currency).amount,
            order.currency,
            order.ship_to_country,
        ]


def _csv(content: Any, name: str) -> Response:
    return Response(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
