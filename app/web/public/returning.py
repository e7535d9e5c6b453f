"""The shopper's request to send something back, on the page of its order: nothing but the page's own address is needed,
which is a long random word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from app import db
from app.kit.errors import AppError, Conflict, Invalid, NotFound, TooMany
from app.kit.ids import parse_id
from app.orders import queries as orders
from app.orders.models import Order
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.returns.queries import WINDOW_WITHOUT_POLICY, settings_of
from app.returns.rules import REASONS
from app.returns.service import KeptFile, forget_file, keep_file
from app.returns.service.asking import LONGEST_NOTE, MOST_PHOTOS, Wanted, ask_shop, check_wish, free_units
from app.suppliers import queries as suppliers
from app.suppliers.rules.papers import LARGEST
from app.web.public.shopper import Shop, not_there, private, shop_of, shopper_page

#: Bytes of all photos, and of the whole form: more, so that a form with too large a photo is read and comes back as it
#: was filled in.
_LARGEST_PHOTOS = MOST_PHOTOS * LARGEST
_LARGEST_FORM = _LARGEST_PHOTOS + 14 * 1024 * 1024
#: Bytes at the beginning of a form that is too large to be read, in which its fields stand before its photos.
_HEAD = 64 * 1024
#: Field and code of what was wrong with a request → what is said of it; of lines, for the field's first part.
_WRONG: Mapping[tuple[str, str], str] = {
    ("lines", "required"): "error_lines",
    ("units", "out_of_range"): "error_whole_number",
    ("units", "not_returnable"): "error_units",
    ("reason", "unknown"): "error_reason",
    ("note", "too_long"): "note_help",
    ("photo", "too_many"): "error_photos",
    ("photo", "required"): "error_photo_needed",
    ("file", "unfit"): "error_file_kind",
    ("file", "too_large"): "error_file_size",
}


def form(token: str) -> Response:
    """What may be sent back, until when, and on which terms."""
    return _page(token)


def send(token: str) -> Any:
    """Ask for it. Photos are kept only of what may be asked for."""
    request.max_content_length = _LARGEST_FORM
    kept: list[KeptFile] = []
    try:
        with db.system_scope(actor="shopper"):
            with db.transaction() as session:
                order = orders.order_by_token(session, token[:200])
                wanted, photos = _wanted(session, order), _photos()
                note = request.form.get("note", "")
                check_wish(session, order, wanted, note=note, photos=len(photos))
            for photo in photos:
                kept.append(keep_file("evidence", BytesIO(photo.read(LARGEST + 1))))
            with db.transaction() as session:
                ask_shop(session, order.id, wanted, note=note, photos=kept)
    except RequestEntityTooLarge:
        most = _LARGEST_PHOTOS // (1024 * 1024)
        return _page(token, 413, lambda shop, _free: {"photo": shop.say("error_form_size", most)}, typed=_typed())
    except NotFound as error:
        return not_there(error)
    except (Invalid, Conflict, TooMany) as error:
        for one in kept:
            forget_file(one)
        return _page(token, 429 if isinstance(error, TooMany) else 422, partial(_problems, error), typed=request.form)
    lang = request.args.get("lang")
    return private(redirect(url_for("public.tracking", token=token, done="return_asked_of_shop", lang=lang), code=303))


#: Field → what is wrong with it, in the customer's words, when the shop and what may be sent back are known.
Problems = Callable[[Shop, Mapping[UUID, int]], Mapping[str, str]]


def _page(
    token: str, status: int = 200, problems: Problems | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    with db.system_scope(actor="shopper"), db.transaction() as session:
        try:
            order = orders.order_by_token(session, token[:200])
            chosen = settings_of(session, order.retailer_id)
            if not chosen.by_shoppers:
                raise NotFound("page")
        except NotFound as error:
            return not_there(error)
        shop, free = shop_of(session, order), free_units(session, order.id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        return shopper_page(
            "returning.html",
            shop,
            status,
            order=order,
            lines=[line for one in routed for line in one.lines if free.get(line.id)],
            free=free,
            terms=_terms(session, routed, free, shop),
            reasons=[(name, shop.say(f"reason_{name}")) for name in REASONS],
            photo_reasons=[shop.say(f"reason_{name}") for name in chosen.photo_reasons],
            most_photos=MOST_PHOTOS,
            longest_note=LONGEST_NOTE,
            errors=problems(shop, free) if problems is not None else {},
            typed=typed or {},
        )


def _problems(error: AppError, shop: Shop, free: Mapping[UUID, int]) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"form": shop.say("error_often")}
    found = {}
    for one in error.errors:
        name, _, line_id = one.field.partition("-")
        key = _WRONG.get((name, one.code))
        if key is None:
            break
        most = {
            "units": free.get(parse_id(line_id) or UUID(int=0), 0),
            "note": LONGEST_NOTE,
            "photo": MOST_PHOTOS,
            "file": LARGEST // (1024 * 1024),
        }
        found[one.field] = shop.say(key, most.get(name))
    # What no field is to blame for is between the shop and its suppliers, whose words are not the customer's.
    return found or {"form": shop.say("error_other")}


def _terms(
    session: Session, routed: Sequence[PurchaseOrder], free: Mapping[UUID, int], shop: Shop
) -> list[tuple[int, list[tuple[str, str]]]]:
    """Days and who pays, of each supplier's terms that differ; never whose they are."""
    found: list[tuple[int, list[tuple[str, str]]]] = []
    for one in routed:
        if not any(free.get(line.id) for line in one.lines):
            continue
        policy = suppliers.return_policy(session, one.supplier_id)
        payers = policy.payers if policy is not None else {}
        said = [
            (shop.say(f"reason_{reason}"), shop.say("you_pay" if payers[reason] == "shopper" else "shop_pays"))
            for reason in REASONS
            if reason in payers
        ]
        terms = (policy.window_days if policy else WINDOW_WITHOUT_POLICY, said)
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
                raise Invalid.field(f"units-{line.id}", "out_of_range", "A whole number.")
            found[line.id] = Wanted(int(text), request.form.get(f"reason-{line.id}", ""))
    return found


def _typed() -> dict[str, str]:
    """The fields of a form that is too large to be read."""
    decoder = MultipartDecoder(request.mimetype_params.get("boundary", "").encode())
    decoder.receive_data(request.environ["wsgi.input"].read(_HEAD))
    found: dict[str, bytes] = {}
    name = ""
    try:
        while not isinstance(event := decoder.next_event(), File | NeedData | Epilogue):
            if isinstance(event, Field):
                name = event.name
            elif isinstance(event, Data):
                found[name] = found.get(name, b"") + event.data
    except ValueError:
        # No browser's form: what was read of it is all that there is.
        pass
    return {field: value.decode(errors="replace") for field, value in found.items()}


def _photos() -> list[FileStorage]:
    return [one for one in request.files.getlist("photo") if one.filename]
