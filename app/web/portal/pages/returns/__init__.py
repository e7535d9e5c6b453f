"""Returns to a supplier: decide, receive, look at the goods, credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from app import db
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.purchasing import queries as purchasing
from app.returns import queries, service
from app.returns.rules import line_credit, restocking_bps
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.postage.returns import add_return_labels, labels_shown
from app.web.return_files import LARGEST_FORM, give_file, take_file
from app.web.return_words import CONDITION_WORDS, FILE_WORDS, REASON_WORDS, end_of, payer_words
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Returns"), "queue", 35, permission="purchase_orders.read"))
add_return_labels(pages, permission="purchase_orders.write")
_VIEWS = {"new": _("To decide"), "coming": _("On the way"), "to_check": _("To check"), "all": _("All")}


@pages.get("/returns", permission="purchase_orders.read")
def queue() -> Any:
    """Returns by what they wait for."""
    supplier_id, view = principal().organisation_id, request.args.get("view", "new")
    with db.transaction() as session:
        counts = queries.counts_by_state(session, supplier_id)
        page = queries.returns_of(
            session, supplier_id, states=queries.VIEWS.get(view), limit=30, cursor=request.args.get("cursor")
        )
    views = [
        {
            "label": gettext(label),
            "href": page_url("returns.queue", view=name),
            "current": name == view,
            "count": sum(counts.get(state, 0) for state in queries.VIEWS.get(name, counts)),
        }
        for name, label in _VIEWS.items()
    ]
    return pages.render(
        "queue.html", returns=page.items, next_cursor=page.next_cursor, views=views, reasons=_words(REASON_WORDS)
    )


@pages.get("/returns/<uuid:return_id>", permission="purchase_orders.read")
def detail(return_id: UUID) -> Any:
    """One return, and what can be done with it now."""
    return _detail(return_id)


def _detail(return_id: UUID, status: int = 200, errors: Mapping[str, str] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        row = queries.one_return(session, supplier_id, return_id)
        order = purchasing.purchase_order(session, supplier_id, row.purchase_order_id)
        prices = {line.id: line.wholesale_price for line in order.lines}
        bps = restocking_bps(row.reason, row.restocking_bps, goods_kept=False)
        at_stake = sum(line_credit(prices[one.purchase_order_line_id], one.quantity, bps).amount for one in row.lines)
        context: dict[str, Any] = {
            "row": row,
            "order": order,
            "at_stake": at_stake,
            "reason": gettext(REASON_WORDS[row.reason]),
            "payer": gettext(payer_words(row.payer, "supplier")),
            "ends": end_of(row),
            "labels": labels_shown(session, row, supplier_id),
            "files": _words(FILE_WORDS),
            "conditions": _words(CONDITION_WORDS),
        }
    return pages.render("detail.html", status, errors=errors or {}, typed=request.form if errors else {}, **context)


@pages.get("/returns/<uuid:return_id>/files/<uuid:file_id>", permission="purchase_orders.read")
def file(return_id: UUID, file_id: UUID) -> Response:
    """A photo or the label."""
    return give_file(return_id, file_id, addresses="purchase_orders.read_address")


@pages.post("/returns/<uuid:return_id>/approve", permission="purchase_orders.write")
def approve(return_id: UUID) -> Any:
    """The goods may come."""
    with db.transaction() as session:
        service.approve(session, principal().organisation_id, return_id)
    return _done(return_id)


@pages.post("/returns/<uuid:return_id>/decline", permission="purchase_orders.write")
def decline(return_id: UUID) -> Any:
    """The goods may not come, and why."""
    try:
        with db.transaction() as session:
            service.decline(session, principal().organisation_id, return_id, Sent().text("reason", longest=500))
    except Invalid as error:
        return _detail(return_id, 422, problems(error))
    return _done(return_id)


@pages.post("/returns/<uuid:return_id>/label", permission="purchase_orders.write", largest=LARGEST_FORM)
def label(return_id: UUID) -> Any:
    """The label with which the goods come."""
    try:
        take_file(return_id, "label")
        with db.transaction() as session:
            service.send_label(session, principal().organisation_id, return_id)
    except Invalid as error:
        return _detail(return_id, 422, {f"label-{name}": text for name, text in problems(error).items()})
    return _done(return_id)


@pages.post("/returns/<uuid:return_id>/receive", permission="purchase_orders.write")
def receive(return_id: UUID) -> Any:
    """The goods came in."""
    with db.transaction() as session:
        service.receive(session, principal().organisation_id, return_id)
    return _done(return_id)


@pages.post("/returns/<uuid:return_id>/photo", permission="purchase_orders.write", largest=LARGEST_FORM)
def photo(return_id: UUID) -> Any:
    """A photo of what came."""
    try:
        take_file(return_id, "inspection")
    except Invalid as error:
        return _detail(return_id, 422, problems(error))
    return go(page_url("returns.detail", return_id=return_id, done="photo_kept"))


@pages.post("/returns/<uuid:return_id>/inspect", permission="purchase_orders.write")
def inspect(return_id: UUID) -> Any:
    """What was found, line by line."""
    supplier_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            row = queries.one_return(session, supplier_id, return_id)
            findings = {
                line.id: service.Finding(
                    received=sent.whole(f"received-{line.id}", 0, line.quantity),
                    accepted=sent.whole(f"accepted-{line.id}", 0, line.quantity),
                    condition=sent.one_of(f"condition-{line.id}", tuple(CONDITION_WORDS)),
                    restock=bool(sent.values.get(f"restock-{line.id}")),
                )
                for line in row.lines
            }
            answer = sent.text("answer", longest=500)
            sent.check()
            service.inspect(session, supplier_id, return_id, findings, answer=answer)
    except Invalid as error:
        return _detail(return_id, 422, problems(error))
    return _done(return_id)


@pages.post("/returns/<uuid:return_id>/credit", permission="purchase_orders.write")
def credit(return_id: UUID) -> Any:
    """Owe the retailer what was accepted."""
    with db.transaction() as session:
        service.credit(session, principal().organisation_id, return_id)
    return go(page_url("returns.detail", return_id=return_id, done="return_credited"))


@pages.post("/returns/<uuid:return_id>/keep", permission="purchase_orders.write")
def keep(return_id: UUID) -> Any:
    """Credit all of it; the goods need not come."""
    with db.transaction() as session:
        service.credit_without_return(session, principal().organisation_id, return_id)
    return go(page_url("returns.detail", return_id=return_id, done="return_credited"))


def _done(return_id: UUID) -> Any:
    return go(page_url("returns.detail", return_id=return_id, done="return_moved"))


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {name: gettext(label) for name, label in table.items()}
