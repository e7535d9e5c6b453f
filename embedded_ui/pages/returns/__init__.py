"""The retailer's returns: asked for from an order, followed to the credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from app import db
from app.documents.drawing import draw
from app.documents.service import slip_of_return
from app.kit.errors import AppError, Conflict, Invalid, NotFound
from app.kit.texts import marked as _
from app.orders import queries as orders
from app.purchasing import queries as purchasing
from app.returns import queries, service
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.postage.returns import add_return_labels, labels_shown
from app.web.printed import pdf_answer
from app.web.return_files import LARGEST_FORM, give_file, take_file
from app.web.return_words import CONDITION_WORDS, FILE_WORDS, PAYER_WORDS, REASON_WORDS, end_of
from app.web.ui.rendering import gettext
from embedded_ui.pages.returns import requests

pages = Pages(__name__, nav=Nav(_("Returns"), "list_returns", 45, permission="orders.read"))
_VIEWS = {"open": _("Open"), "all": _("All")}
requests.add_pages(pages)
add_return_labels(pages, permission="orders.write")


@pages.get("/returns", permission="orders.read")
def list_returns() -> Any:
    """Returns, newest first."""
    retailer_id, view = principal().organisation_id, request.args.get("view", "open")
    with db.transaction() as session:
        counts = queries.counts_by_state(session, retailer_id)
        page = queries.returns_of(
            session, retailer_id, states=queries.VIEWS.get(view), limit=30, cursor=request.args.get("cursor")
        )
        names = {one.supplier_id: suppliers.supplier(session, one.supplier_id).company_name for one in page.items}
        waiting = queries.waiting_requests(session, retailer_id)
    views = [
        {
            "label": gettext(label),
            "href": page_url("returns.list_returns", view=name),
            "current": name == view,
            "count": sum(counts.get(state, 0) for state in queries.VIEWS.get(name, counts)),
        }
        for name, label in _VIEWS.items()
    ]
    context: dict[str, Any] = {"returns": page.items, "next_cursor": page.next_cursor, "names": names, "views": views}
    return pages.render("list.html", reasons=_words(REASON_WORDS), waiting=waiting, **context)


@pages.get("/returns/<uuid:return_id>", permission="orders.read")
def detail(return_id: UUID) -> Any:
    """One return, and what can be done with it now."""
    return _detail(return_id)


def _detail(return_id: UUID, status: int = 200, errors: Mapping[str, str] | None = None) -> Any:
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        row = queries.one_return(session, retailer_id, return_id)
        context: dict[str, Any] = {
            "row": row,
            "order": orders.order(session, retailer_id, row.order_id),
            "supplier": suppliers.supplier(session, row.supplier_id).company_name,
            "reason": gettext(REASON_WORDS[row.reason]),
            "payer": gettext(PAYER_WORDS[row.payer]),
            "ends": end_of(row),
            "labels": labels_shown(session, row, retailer_id),
            "files": _words(FILE_WORDS),
            "has_slip": suppliers.return_policy(session, row.supplier_id) is not None,
            "conditions": _words(CONDITION_WORDS),
        }
    return pages.render("detail.html", status, errors=errors or {}, typed=request.form if errors else {}, **context)


@pages.get("/orders/<uuid:order_id>/purchase-orders/<uuid:purchase_order_id>/return", permission="orders.write")
def start(order_id: UUID, purchase_order_id: UUID) -> Any:
    """What can come back of a purchase order, and on which terms."""
    return _start(order_id, purchase_order_id)


def _start(order_id: UUID, purchase_order_id: UUID, status: int = 200, problem: AppError | None = None) -> Any:
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        order = orders.order(session, retailer_id, order_id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        found = next((one for one in routed if one.id == purchase_order_id), None)
        if found is None:
            raise NotFound("purchase order")
        policy = suppliers.return_policy(session, found.supplier_id)
        context: dict[str, Any] = {
            "order": order,
            "purchase_order": found,
            "supplier": suppliers.supplier(session, found.supplier_id).company_name,
            "free": queries.returnable_units(session, [found]),
            "policy": policy,
            "payers": {name: gettext(PAYER_WORDS[who]) for name, who in policy.payers.items()} if policy else {},
        }
    errors = problems(problem) if problem is not None else {}
    return pages.render(
        "start.html",
        status,
        errors=errors,
        typed=request.form if problem is not None else {},
        reasons=_words(REASON_WORDS),
        **context,
    )


@pages.post("/orders/<uuid:order_id>/purchase-orders/<uuid:purchase_order_id>/return", permission="orders.write")
def ask(order_id: UUID, purchase_order_id: UUID) -> Any:
    """Ask for it."""
    retailer_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            order = orders.order(session, retailer_id, order_id)
            routed = purchasing.of_orders(session, [order.id])[order.id]
            found = next((one for one in routed if one.id == purchase_order_id), None)
            if found is None:
                raise NotFound("purchase order")
            asked = {
                line.id: sent.whole(f"units-{line.id}", 0, line.quantity)
                for line in found.lines
                if request.form.get(f"units-{line.id}")
            }
            reason = sent.one_of("reason", tuple(REASON_WORDS))
            note = sent.text("note", longest=2000)
            sent.check()
            row = service.request_return(
                session,
                retailer_id,
                purchase_order_id,
                reason=reason,
                note=note,
                lines={line_id: units for line_id, units in asked.items() if units},
            )
            return_id = row.id
    except (Invalid, Conflict) as error:
        return _start(order_id, purchase_order_id, 422, error)
    return go(page_url("returns.detail", return_id=return_id, done="return_asked"))


@pages.get("/returns/<uuid:return_id>/files/<uuid:file_id>", permission="orders.read")
def file(return_id: UUID, file_id: UUID) -> Response:
    """A photo or the label."""
    return give_file(return_id, file_id, addresses="orders.read_address")


@pages.get("/returns/<uuid:return_id>/slip.pdf", permission="orders.read_address")
def slip(return_id: UUID) -> Response:
    """The paper that comes back with the goods; the reading of the address is written down."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        row = queries.one_return(session, retailer_id, return_id)
        routed = purchasing.of_orders(session, [row.order_id])[row.order_id]
        order = next(one for one in routed if one.id == row.purchase_order_id)
        drawn = slip_of_return(session, row, order, reader=retailer_id)
    return pdf_answer(draw([drawn]), f"return-{row.number}")


@pages.post("/returns/<uuid:return_id>/photo", permission="orders.write", largest=LARGEST_FORM)
def photo(return_id: UUID) -> Any:
    """A photo that shows why it comes back."""
    try:
        take_file(return_id, "evidence")
    except Invalid as error:
        return _detail(return_id, 422, problems(error))
    return go(page_url("returns.detail", return_id=return_id, done="photo_kept"))


@pages.post("/returns/<uuid:return_id>/send", permission="orders.write")
def send(return_id: UUID) -> Any:
    """The goods are on their way back."""
    sent = Sent()
    try:
        carrier = sent.text("carrier", longest=60, required=True)
        number = sent.text("tracking_number", longest=100, required=True)
        sent.check()
        with db.transaction() as session:
            service.send_back(session, principal().organisation_id, return_id, carrier=carrier, tracking_number=number)
    except Invalid as error:
        return _detail(return_id, 422, problems(error))
    return go(page_url("returns.detail", return_id=return_id, done="return_moved"))


@pages.post("/returns/<uuid:return_id>/exchange", permission="orders.write")
def send_again(return_id: UUID) -> Any:
    """The customer gets the same again, by an order of its own."""
    with db.transaction() as session:
        made = service.exchange(session, principal().organisation_id, return_id)
    return go(page_url("orders.detail", order_id=made.id, done="exchanged"))


@pages.post("/returns/<uuid:return_id>/cancel", permission="orders.write")
def cancel(return_id: UUID) -> Any:
    """The goods stay with the customer."""
    with db.transaction() as session:
        service.cancel_return(session, principal().organisation_id, return_id)
    return go(page_url("returns.detail", return_id=return_id, done="return_moved"))


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {name: gettext(label) for name, label in table.items()}
