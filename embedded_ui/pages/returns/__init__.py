"""The retailer's returns: asked for from an order, followed to the credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from app import db
from app.documents.drawing import draw
from app.documents.service import slip_of_return
from app.inventory.errors import InsufficientStock
from app.kit.errors import AppError, Conflict, Invalid, NotFound
from app.kit.texts import marked as _
from app.orders import queries as orders
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.returns import queries, service
from app.returns.rules import CANCELLED, IN_TRANSIT, VOID, asks_for_parcel, may_move
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.postage.returns import add_return_labels, labels_shown
from app.web.printed import pdf_answer
from app.web.return_files import LARGEST_FORM, give_file, take_file
from app.web.return_words import CONDITION_WORDS, FILE_WORDS, REASON_WORDS, end_of, payer_words
from app.web.ui.rendering import gettext, ngettext
from embedded_ui.pages.returns import requests

pages = Pages(__name__, nav=Nav(_("Returns"), "list_returns", 45, permission="orders.read"))
#: Bytes of a form with a photo for each line, and characters of what is said of one.
_LARGEST_FORM, _LONGEST_NOTE = 25 * 1024 * 1024, 500
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
            "payer": gettext(payer_words(row.payer, "retailer")),
            "ends": end_of(row),
            "labels": labels_shown(session, row, retailer_id),
            "files": _words(FILE_WORDS),
            "can_withdraw": may_move(row.state, CANCELLED),
            "can_send_again": row.state not in VOID,
            "is_to_come": may_move(row.state, IN_TRANSIT),
            "asks_for_parcel": asks_for_parcel(row.state, row.tracking_number),
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
        found = _purchase_order(session, retailer_id, order_id, purchase_order_id)
        policy = suppliers.return_policy(session, found.supplier_id)
        context: dict[str, Any] = {
            "order": order,
            "purchase_order": found,
            "supplier": suppliers.supplier(session, found.supplier_id).company_name,
            "free": queries.returnable_units(session, [found]),
            "policy": policy,
            "payers": _payers(policy.payers) if policy else {},
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


def _payers(payers: Mapping[str, str]) -> dict[str, str]:
    """By the supplier's terms: reason → who pays for the way back."""
    return {reason: gettext(payer_words(who, "retailer")) for reason, who in payers.items()}


@pages.post(
    "/orders/<uuid:order_id>/purchase-orders/<uuid:purchase_order_id>/return",
    permission="orders.write",
    largest=_LARGEST_FORM,
)
def ask(order_id: UUID, purchase_order_id: UUID) -> Any:
    """Ask for it: one return for each reason, with what was said and pictured of its lines."""
    retailer_id, kept = principal().organisation_id, list[service.KeptFile]()
    try:
        with db.transaction() as session:
            found = _purchase_order(session, retailer_id, order_id, purchase_order_id)
            wanted = _wanted(found)
        photos = {one.line_id: _photo(one.line_id, kept) for each in wanted.values() for one in each}
        with db.transaction() as session:
            made = []
            for reason, lines in wanted.items():
                row = service.request_return(
                    session,
                    retailer_id,
                    purchase_order_id,
                    reason=reason,
                    note=_said(lines),
                    lines={one.line_id: one.units for one in lines},
                )
                for one in lines:
                    photo = photos[one.line_id]
                    if photo is not None:
                        service.add_file(session, retailer_id, row.id, photo)
                made.append(row.id)
    except (Invalid, Conflict) as error:
        for one_file in kept:
            service.forget_file(one_file)
        return _start(order_id, purchase_order_id, 422, error)
    if len(made) > 1:
        return go(page_url("returns.list_returns", done="returns_asked"))
    return go(page_url("returns.detail", return_id=made[0], done="return_asked"))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Units of a line that are to come back, and what was said of them."""

    line_id: UUID
    title: str
    units: int
    note: str


def _wanted(found: PurchaseOrder) -> dict[str, list[_Wanted]]:
    """What the form asks for, by reason. Raises ``Invalid``."""
    sent, wanted = Sent(), dict[str, list[_Wanted]]()
    for line in found.lines:
        if not request.form.get(f"units-{line.id}"):
            continue
        units = sent.whole(f"units-{line.id}", 0, line.quantity)
        if not units:
            continue
        reason = sent.one_of(f"reason-{line.id}", tuple(REASON_WORDS))
        note = sent.text(f"note-{line.id}", longest=_LONGEST_NOTE)
        wanted.setdefault(reason, []).append(_Wanted(line.id, line.title, units, note))
    sent.check()
    if not wanted:
        raise Invalid.field("lines", "required", gettext(_("Say what comes back.")))
    return wanted


def _said(lines: Sequence[_Wanted]) -> str:
    """The notes of a return's lines in one, each with its article where there are several lines."""
    if len(lines) == 1:
        return lines[0].note
    return "\n".join(f"{one.title}: {one.note}" for one in lines if one.note)


def _photo(line_id: UUID, kept: list[service.KeptFile]) -> service.KeptFile | None:
    """Keep a line's photo, where one was sent, and note it in ``kept``. Raises ``Invalid``."""
    name = f"photo-{line_id}"
    file = request.files.get(name)
    if file is None or not file.filename:
        return None
    try:
        kept.append(service.keep_file("evidence", file.stream))  # type: ignore[arg-type]
    except Invalid as error:
        raise Invalid.field(name, "unfit", error.detail) from error
    return kept[-1]


def _purchase_order(session: Session, retailer_id: UUID, order_id: UUID, purchase_order_id: UUID) -> PurchaseOrder:
    """A purchase order of a retailer's order, with its lines. Raises ``NotFound``."""
    order = orders.order(session, retailer_id, order_id)
    found = next(
        (one for one in purchasing.of_orders(session, [order.id])[order.id] if one.id == purchase_order_id), None
    )
    if found is None:
        raise NotFound("purchase order")
    return found


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
    try:
        with db.transaction() as session:
            made = service.exchange(session, principal().organisation_id, return_id)
    except InsufficientStock as short:
        left = min(one.available for one in short.lines)
        why = ngettext("Its supplier has %(num)s left.", "Its supplier has %(num)s left.", left)
        return _detail(return_id, short.status, {"exchange": why})
    except Conflict as error:
        return _detail(return_id, error.status, {"exchange": error.detail})
    return go(page_url("orders.detail", order_id=made.id, done="exchanged"))


@pages.post("/returns/<uuid:return_id>/cancel", permission="orders.write")
def cancel(return_id: UUID) -> Any:
    """The goods stay with the customer."""
    with db.transaction() as session:
        service.cancel_return(session, principal().organisation_id, return_id)
    return go(page_url("returns.detail", return_id=return_id, done="return_moved"))


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {name: gettext(label) for name, label in table.items()}
