"""The shopper's request to send something back, on the page of its order: nothing but the page's own address is needed,
which is a long random word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app import db
from app.documents.queries import brand_of
from app.identity.models import Organisation
from app.kit.errors import AppError, Conflict, Invalid, NotFound, TooMany
from app.kit.texts import marked as _
from app.orders import queries as orders
from app.orders.models import Order
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.returns.queries import WINDOW_WITHOUT_POLICY, settings_of
from app.returns.rules import REASONS
from app.returns.service import KeptFile, forget_file, keep_file
from app.returns.service.asking import LONGEST_NOTE, MOST_PHOTOS, Wanted, ask_shop, check_wish, free_units
from app.stores.models import Store
from app.suppliers import queries as suppliers
from app.suppliers.rules.papers import LARGEST
from app.web.forms import problems
from app.web.ui.rendering import gettext

#: Bytes of the whole form.
LARGEST_FORM = 25 * 1024 * 1024
_REASONS: Mapping[str, str] = {
    "damaged": _("It is damaged"),
    "wrong_item": _("It is not what I ordered"),
    "not_as_described": _("It is not as described"),
    "late": _("It came too late"),
    "changed_mind": _("I changed my mind"),
}
_PAYERS = {
    "supplier": _("We pay for sending it back."),
    "retailer": _("We pay for sending it back."),
    "shopper": _("You pay for sending it back."),
}


def form(token: str) -> Any:
    """What may be sent back, until when, and on which terms."""
    return _page(token)


def send(token: str) -> Any:
    """Ask for it. Photos are kept only of what may be asked for."""
    request.max_content_length = LARGEST_FORM
    kept: list[KeptFile] = []
    try:
        with db.system_scope(actor="shopper"):
            with db.transaction() as session:
                order = orders.order_by_token(session, token[:200])
                wanted, photos = _wanted(session, order), _photos()
                note = request.form.get("note", "")
                check_wish(session, order, wanted, note=note, photos=len(photos))
            kept += [keep_file("evidence", BytesIO(photo.read(LARGEST + 1))) for photo in photos]
            with db.transaction() as session:
                ask_shop(session, order.id, wanted, note=note, photos=kept)
    except (Invalid, Conflict, TooMany) as error:
        for one in kept:
            forget_file(one)
        return _page(token, 422 if not isinstance(error, TooMany) else 429, error)
    return _private(redirect(url_for("public.tracking", token=token, done="return_asked_of_shop"), code=303))


def _page(token: str, status: int = 200, problem: AppError | None = None) -> Any:
    with db.system_scope(actor="shopper"), db.transaction() as session:
        order = orders.order_by_token(session, token[:200])
        chosen = settings_of(session, order.retailer_id)
        if not chosen.by_shoppers:
            raise NotFound("page")
        free = free_units(session, order.id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        store = session.get(Store, order.store_id) if order.store_id else None
        brand = brand_of(session, order.retailer_id)
        retailer = session.get_one(Organisation, order.retailer_id)
        body = render_template(
            "app/web/public/returning.html",
            order=order,
            shop=(brand.name if brand else "") or (store.name if store else "") or retailer.name,
            brand=brand,
            lines=[line for one in routed for line in one.lines if free.get(line.id)],
            free=free,
            terms=_terms(session, routed, free),
            reasons=[(name, gettext(words)) for name, words in _REASONS.items()],
            photo_reasons=[gettext(_REASONS[name]) for name in chosen.photo_reasons],
            most_photos=MOST_PHOTOS,
            longest_note=LONGEST_NOTE,
            errors=problems(problem) if problem is not None else {},
            typed=request.form if problem is not None else {},
        )
    return _private(Response(body, status=status, content_type="text/html; charset=utf-8"))


def _terms(
    session: Session, routed: Sequence[PurchaseOrder], free: Mapping[UUID, int]
) -> list[tuple[int, int, list[tuple[str, str]]]]:
    """Days, percentage kept and who pays, of each supplier's terms that differ; never whose they are."""
    found: list[tuple[int, int, list[tuple[str, str]]]] = []
    for one in routed:
        if not any(free.get(line.id) for line in one.lines):
            continue
        policy = suppliers.return_policy(session, one.supplier_id)
        payers = policy.payers if policy is not None else {}
        said = [(gettext(_REASONS[reason]), gettext(_PAYERS[payers[reason]])) for reason in REASONS if reason in payers]
        terms = (policy.window_days if policy else WINDOW_WITHOUT_POLICY, policy.restocking_bps if policy else 0, said)
        if terms not in found:
            found.append(terms)
    return found


def _wanted(session: Session, order: Order) -> dict[UUID, Wanted]:
    routed = purchasing.of_orders(session, [order.id])[order.id]
    found = {}
    for one in routed:
        for line in one.lines:
            text = request.form.get(f"units-{line.id}", "").strip()
            if not text or text == "0":
                continue
            if not (text.isascii() and text.isdigit() and len(text) < 7):
                raise Invalid.field(f"units-{line.id}", "out_of_range", gettext(_("A whole number.")))
            found[line.id] = Wanted(int(text), request.form.get(f"reason-{line.id}", ""))
    return found


def _photos() -> list[FileStorage]:
    return [one for one in request.files.getlist("photo") if one.filename]


def _private(answer: Any) -> Any:
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
