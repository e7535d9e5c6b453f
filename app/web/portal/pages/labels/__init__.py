"""Postage: a supplier's account at a gateway, its boxes, and labels bought for its parcels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from app import db
from app.adapters import registries
from app.audit import service as audit
from app.fulfillment.models import LabelAccount, ShippingLabel
from app.fulfillment.postage import ask_offers, buy_label, give_back
from app.fulfillment.service import accounts, labelling, packing
from app.fulfillment.service.buying import offers_of, own_label
from app.kit.errors import AdapterError, AppError, Conflict, Invalid, NotFound
from app.kit.texts import marked as _
from app.purchasing import queries as purchasing
from app.purchasing import queue as queues
from app.purchasing.models import PurchaseOrder
from app.web import bulk
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.portal.pages.purchase_orders import queue
from app.web.portal.senders import sender_shown
from app.web.postage import HEAVIEST, add_account_pages, in_words
from app.web.printed import pdf_answer
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_WRITE = "purchase_orders.write"
add_account_pages(
    pages,
    permission=_WRITE,
    back=("purchase_orders.queue", _("Purchase orders")),
    boxes=_("Carriers ask for the size. Add the boxes that you pack into."),
)
#: Orders that postage is bought for at once.
_AT_ONCE = 50


@pages.get("/purchase-orders/<uuid:purchase_order_id>/label", permission=_WRITE)
def pack(purchase_order_id: UUID) -> Any:
    """What goes into the box, and into which."""
    return _pack(purchase_order_id)


def _pack(
    purchase_order_id: UUID, status: int = 200, errors: Mapping[str, str] | None = None, *, refused: str = ""
) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
        left = {line.id: line.quantity - line.shipped - line.cancelled for line in order.lines}
        open_ = {line_id: units for line_id, units in left.items() if units}
        context: dict[str, Any] = {
            "order": order,
            "lines": [(line, left[line.id]) for line in order.lines if left[line.id]],
            "account": session.get(LabelAccount, supplier_id),
            "sizes": [(str(one.id), one.name) for one in accounts.sizes_of(session, supplier_id)],
            "grams": packing.weight_of(session, open_) if open_ else None,
            "sender": sender_shown(order) if principal().may("purchase_orders.read_address") else None,
        }
    typed = request.form if errors or refused else {}
    return pages.render("pack.html", status, errors=errors or {}, refused=refused, typed=typed, **context)


@pages.post("/purchase-orders/<uuid:purchase_order_id>/label", permission=_WRITE)
def ask_prices(purchase_order_id: UUID) -> Any:
    """What carriers want for it."""
    supplier_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
            names = {f"units-{line.id}": line for line in order.lines if request.form.get(f"units-{line.id}")}
            units = {line.id: sent.whole(name, 0, line.quantity) for name, line in names.items()}
            size_id = sent.one_of("size", [str(one.id) for one in accounts.sizes_of(session, supplier_id)])
            grams = sent.whole("grams", 1, HEAVIEST)
            sent.check()
        lines = {line_id: count for line_id, count in units.items() if count}
        label_id = ask_offers(registries.labels.get, supplier_id, purchase_order_id, lines, UUID(size_id), grams)
    except Invalid as error:
        return _pack(purchase_order_id, 422, problems(error), refused=error.detail if not problems(error) else "")
    except Conflict as error:
        return _pack(purchase_order_id, 409, refused=" ".join([error.detail, *(one.message for one in error.errors)]))
    except AdapterError as error:
        return _pack(purchase_order_id, 502, refused=in_words(error))
    return go(page_url("labels.one", label_id=label_id))


@pages.get("/labels/<uuid:label_id>", permission=_WRITE)
def one(label_id: UUID) -> Any:
    """A label: its offers, or what was bought."""
    return _one(label_id)


def _one(label_id: UUID, status: int = 200, *, refused: str = "") -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        label = own_label(session, ShippingLabel, supplier_id, label_id)
        order = purchasing.purchase_order(session, supplier_id, label.purchase_order_id)
        quickest = request.args.get("sort") == "days"
        context: dict[str, Any] = {
            "label": label,
            "order": order,
            "offers": offers_of(label, quickest=quickest),
            "sorts": [
                {"label": gettext(name), "href": page_url("labels.one", label_id=label.id, **args), "current": current}
                for name, args, current in (
                    (_("By price"), {}, not quickest),
                    (_("By days"), {"sort": "days"}, quickest),
                )
            ],
            "units": sum(int(count) for count in label.lines.values()),
        }
    return pages.render("label.html", status, refused=refused, **context)


@pages.post("/labels/<uuid:label_id>/buy", permission=_WRITE)
def buy(label_id: UUID) -> Any:
    """Buy it, and ship the parcel with it."""
    supplier_id = principal().organisation_id
    try:
        buy_label(registries.labels.get, supplier_id, label_id, request.form.get("offer", ""))
    except (Conflict, Invalid) as error:
        return _one(label_id, error.status, refused=error.detail)
    except AdapterError as error:
        return _one(label_id, 502, refused=in_words(error))
    return go(page_url("labels.one", label_id=label_id, done="label_bought"))


@pages.post("/labels/<uuid:label_id>/give-back", permission=_WRITE)
def undo(label_id: UUID) -> Any:
    """The parcel does not leave; the money comes back."""
    try:
        give_back(registries.labels.get, principal().organisation_id, label_id)
    except Conflict as error:
        return _one(label_id, 409, refused=error.detail)
    except AdapterError as error:
        return _one(label_id, 502, refused=in_words(error))
    return go(page_url("labels.one", label_id=label_id, done="label_given_back"))


@pages.get("/labels/<uuid:label_id>/file", permission=_WRITE)
def printed(label_id: UUID) -> Response:
    """The label, as often as it is wanted. The address is on it: who reads it is written down."""
    who = principal()
    if not who.may("purchase_orders.read_address"):
        raise NotFound("label")
    with db.transaction() as session:
        label = own_label(session, ShippingLabel, who.organisation_id, label_id)
        content, name = labelling.label_file(label), f"label-{label.tracking_number}"
        audit.record(session, who.organisation_id, "orders.address_read", "purchase_order", label.purchase_order_id)
    if label.media_type == "application/pdf":
        return pdf_answer(content, name)
    answer = pdf_answer(content, name)
    answer.content_type = "application/octet-stream"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.zpl"'
    return answer


@pages.post("/labels/many", permission=_WRITE)
def many() -> Any:
    """Prices for all that is open of several purchase orders, each in one box of one size. What can't be priced says
    why."""
    supplier_id = principal().organisation_id
    rows: list[dict[str, Any]] = []
    with db.transaction() as session:
        chosen = bulk.ticked("order")
        if chosen is None:
            # All that match, as the list understands it.
            found = queues.names(session, supplier_id, queue.asked(request.form), limit=_AT_ONCE + 1)
            chosen = [order_id for order_id, _number in found]
        more = len(chosen) > _AT_ONCE
        chosen = chosen[:_AT_ONCE]
        account = session.get(LabelAccount, supplier_id)
        sizes = accounts.sizes_of(session, supplier_id)
        wanted = [purchasing.purchase_order(session, supplier_id, one) for one in chosen]
        weights = {}
        for order in wanted:
            lines = _open(order)
            weights[order.id] = packing.weight_of(session, lines) if lines else None
    size = next(
        (one for one in sizes if str(one.id) == request.form.get("size")), sizes[0] if len(sizes) == 1 else None
    )
    for order in wanted if account is not None else ():
        grams = weights[order.id]
        row: dict[str, Any] = {"order": order, "label": None, "why": "", "cheapest": None}
        rows.append(row)
        if not _open(order):
            row["why"] = gettext(_("Nothing of it is open."))
        elif grams is None:
            row["why"] = gettext(_("The weight of an article is not known. Buy its label by itself."))
        elif size is None:
            continue
        else:
            try:
                label_id = ask_offers(registries.labels.get, supplier_id, order.id, _open(order), size.id, grams)
                with db.transaction() as session:
                    row["label"] = own_label(session, ShippingLabel, supplier_id, label_id)
                    row["cheapest"] = offers_of(row["label"])[0]
            except AppError as error:
                row["why"] = error.detail
            except AdapterError as error:
                row["why"] = in_words(error)
    return pages.render(
        "many.html",
        chosen=chosen,
        account=account,
        rows=rows,
        sizes=[(str(one.id), one.name) for one in sizes],
        size=size,
        more=more,
        most=_AT_ONCE,
    )


@pages.post("/labels/many/buy", permission=_WRITE)
def buy_many() -> Any:
    """Buy the cheapest offer of each; what is refused stays and says why."""
    supplier_id = principal().organisation_id
    results: list[dict[str, Any]] = []
    for text in request.form.getlist("label")[:_AT_ONCE]:
        if not _is_id(text):
            continue
        label_id, why = UUID(text), ""
        with db.transaction() as session:
            label = own_label(session, ShippingLabel, supplier_id, label_id)
            cheapest = offers_of(label)[0]
        try:
            buy_label(registries.labels.get, supplier_id, label_id, cheapest.ref)
        except AppError as error:
            why = error.detail
        except AdapterError as error:
            why = in_words(error)
        with db.transaction() as session:
            label = own_label(session, ShippingLabel, supplier_id, label_id)
            order = purchasing.purchase_order(session, supplier_id, label.purchase_order_id)
        results.append({"label": label, "order": order, "why": why or label.failure or ""})
    return pages.render("bought.html", results=results)


def _open(order: PurchaseOrder) -> dict[UUID, int]:
    left = {line.id: line.quantity - line.shipped - line.cancelled for line in order.lines}
    return {line_id: units for line_id, units in left.items() if units > 0}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
