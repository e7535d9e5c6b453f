"""Orders that the retailer enters itself: one by form, many by file. Both show what they cost before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from werkzeug.datastructures import MultiDict

from app import db
from app.catalog import queries as catalog
from app.catalog.models import SupplierVariant
from app.catalog.rules import variant_title
from app.identity.models import Organisation
from app.inventory.errors import InsufficientStock
from app.kit.csv_lines import csv_line
from app.kit.errors import AppError, FieldError, Forbidden, Invalid
from app.kit.ids import new_id, parse_id
from app.kit.texts import day as day_text
from app.kit.texts import marked as _
from app.kit.texts import money as money_text
from app.listings.unlinked import find_variants
from app.orders.manual_file import COLUMNS, LARGEST_FILE, Row, read_orders, rejected_file, template_file
from app.orders.service import LARGEST_QUANTITY
from app.purchasing.manual import (
    Part,
    RowsResult,
    manual_order,
    orders_of,
    place_file_order,
    preview_order,
    total_of,
    try_file,
)
from app.purchasing.service import PlaceOrder, place_order
from app.stores.store_orders import Address
from app.web import address_forms
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext, locale

pages = Pages(__name__)
_METHOD, _MOST_LINES = "method-", 50
_LARGEST_FORM = LARGEST_FILE * 3


@pages.get("/orders/new", permission="orders.write")
def new() -> Any:
    """An empty order, or one whose lines stand in the address: goods are searched for and added."""
    return _form(request.args)


@pages.post("/orders/new/preview", permission="orders.write")
def preview() -> Any:
    """Who would deliver it and what it costs. Nothing is placed. With another country than the form was for, the form
    comes back with that country's fields."""
    _may_read_addresses()
    if address_forms.is_of_other_country():
        return _form(request.form)
    try:
        with db.transaction() as session:
            wanted = _wanted(request.form)
            parts = preview_order(session, manual_order(session, principal().organisation_id, **wanted))
    except AppError as error:
        return _form(request.form, error)
    return pages.render(
        "preview.html",
        parts=parts,
        total=total_of(parts),
        choosable=_choosable(parts),
        kept=_kept(),
        number=wanted["number"],
        address=wanted["address"],
        problem=None,
    )


@pages.post("/orders/new", permission="orders.write")
def place() -> Any:
    """Place it, if it still costs what was shown."""
    _may_read_addresses()
    retailer_id = principal().organisation_id
    try:
        with db.transaction() as session:
            wanted = _wanted(request.form)
            order: PlaceOrder = manual_order(session, retailer_id, **wanted)
            parts: Sequence[Part] = preview_order(session, order)
            if str(total_of(parts)) != request.form.get("total"):
                return pages.render(
                    "preview.html",
                    409,
                    parts=parts,
                    total=total_of(parts),
                    choosable=_choosable(parts),
                    kept=_kept(),
                    number=wanted["number"],
                    address=wanted["address"],
                    problem=gettext(_("It costs something else by now. Look at it again, then place it.")),
                )
            placed = place_order(session, order)
    except AppError as error:
        return _form(request.form, error)
    done = "order_placed" if placed.created else "order_known"
    return go(page_url("orders.detail", order_id=placed.order_id, done=done))


#: What a form sends that the next one sends anew.
_PASSING = ("csrf_token", "total")
#: What the button under a file's orders places.
_TO_PLACE = ("ready", "changed")


def _kept() -> list[tuple[str, str]]:
    """What was sent, for the form that follows; the choice of methods stands there itself."""
    passing = [name for name in request.form if name in _PASSING or name.startswith(_METHOD)]
    return [(name, value) for name, value in request.form.items(multi=True) if name not in passing]


@pages.get("/orders/file", permission="orders.write")
def file() -> Any:
    """Many orders at once, by a CSV file."""
    return _file()


@pages.get("/orders/file/template", permission="orders.write")
def template() -> Response:
    """The columns, with examples."""
    return _csv(template_file(), "orders-template.csv")


@pages.post("/orders/file", permission="orders.write", largest=_LARGEST_FORM)
def check_file() -> Any:
    """What would become of each order of a file. Nothing is placed."""
    _may_read_addresses()
    sent = request.files.get("file")
    try:
        rows = read_orders(sent.read(LARGEST_FILE + 1) if sent else b"")
        with db.transaction() as session:
            results = try_file(session, principal().organisation_id, rows)
    except Invalid as error:
        return _file(422, problems(error))
    return _results(results, rows, placed=False)


@pages.post("/orders/file/place", permission="orders.write", largest=_LARGEST_FORM)
def place_file() -> Any:
    """Place the orders of a file that can be and still cost what was shown. Each is a commit of its own: the others
    stand whatever happens."""
    _may_read_addresses()
    rows, shown = _rows_again(), _totals_shown()
    results: list[RowsResult] = []
    for number, own in orders_of(rows).items():
        with db.transaction() as session:
            one = place_file_order(session, principal().organisation_id, number, own, shown=shown.get(number))
        results.append(one)
    return _results(results, rows, placed=True)


@pages.post("/orders/file/rejected", permission="orders.write", largest=_LARGEST_FORM)
def rejected() -> Response:
    """The rows that could not be taken, with the reason, to be mended and sent again."""
    _may_read_addresses()
    rows = _rows_again()
    with db.transaction() as session:
        results = try_file(session, principal().organisation_id, rows)
    found = [(row, one.reason) for one in results if one.state == "rejected" for row in one.rows]
    return _csv(rejected_file(found), "orders-not-taken.csv")


def _form(values: MultiDict[str, str], problem: AppError | None = None) -> Any:
    """The form with its lines, what was typed, and what is found for the words that are searched for."""
    lines = _lines(values)
    added = parse_id(values.get("add", ""))
    words = values.get("search", "").strip()[:200]
    unread = _unread(values)
    with db.transaction() as session:
        if added is not None:
            lines.setdefault(added, 1)
        for variant_id in unread:
            lines.setdefault(variant_id, 1)
        chosen = _named(session, lines)
        found = find_variants(session, principal().organisation_id, words) if words else []
        home = session.get_one(Organisation, principal().organisation_id).country
    wrong = address_forms.wrong_fields(problem) if problem else {}
    if isinstance(problem, InsufficientStock):
        only = gettext(_("Only %(n)s are in stock."))
        wrong = {f"units-{line.variant_id}": only % {"n": line.available} for line in problem.lines}
    address = address_forms.sent_address(values)
    if not address.country_code:
        address = replace(address, country_code=home)
    return pages.render(
        "new.html",
        problem.status if problem is not None else 200,
        lines=chosen,
        largest=LARGEST_QUANTITY,
        query=",".join(f"{line['id']}:{line['units']}" for line in chosen),
        words=words,
        offered=[one for one in found if one.free and one.id not in lines],
        typed=values,
        wrong=wrong,
        problem=None if problem is None else gettext(problem.detail),
        elsewhere=_not_at_a_field(wrong, {f"units-{line['id']}" for line in chosen}),
        number=values.get("number") or f"M-{str(new_id())[-8:].upper()}",
        form=address_forms.shown(address, wrong),
    )


def _not_at_a_field(wrong: Mapping[str, str], units: Collection[str]) -> list[str]:
    """What is wrong with nothing that has a field of its own, where it would be said."""
    said = {"number", *units, *(one.name for one in fields(Address))}
    return list(dict.fromkeys(text for name, text in wrong.items() if name not in said))


def _named(session: Any, units: Mapping[UUID, int]) -> list[dict[str, Any]]:
    """Variants with their titles and prices, in the order in which they were added."""
    found: list[dict[str, Any]] = []
    for variant_id, count in units.items():
        variant = session.get(SupplierVariant, variant_id)
        if variant is None or variant.status != "active":
            continue
        product = catalog.product(session, variant.product_id)
        found.append(
            {
                "id": variant.id,
                "title": variant_title(product.title, variant.options),
                "sku": variant.sku,
                "price": variant.wholesale_price,
                "currency": variant.currency,
                "units": count,
            }
        )
    return found


def _lines(values: MultiDict[str, str]) -> dict[UUID, int]:
    """The lines of a form (``units-<variant>``) or an address (``line=<variant>:<units>,…``)."""
    found: dict[UUID, int] = {}
    for text in values.get("line", "").split(",")[:_MOST_LINES]:
        variant, _colon, units = text.partition(":")
        _take(found, variant, units)
    for name in list(values)[:200]:
        if name.startswith("units-"):
            _take(found, name.removeprefix("units-"), values.get(name, ""))
    return found


def _unread(values: MultiDict[str, str]) -> dict[UUID, str]:
    """Lines of a form whose units are no number that can be ordered, and what was typed there."""
    found: dict[UUID, str] = {}
    for name in list(values)[:200]:
        variant_id, text = parse_id(name.removeprefix("units-")), values.get(name, "").strip()
        whole = text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= LARGEST_QUANTITY
        if name.startswith("units-") and variant_id is not None and not whole:
            found[variant_id] = text
    return found


def _take(found: dict[UUID, int], variant: str, units: str) -> None:
    variant_id, text = parse_id(variant), units.strip()
    if variant_id is not None and text.isascii() and text.isdigit() and 0 < int(text[:7]) <= LARGEST_QUANTITY:
        found[variant_id] = int(text[:7])


def _wanted(values: MultiDict[str, str]) -> dict[str, Any]:
    lines = _lines(values)
    unread = _unread(values)
    if unread:
        message = gettext(_("A whole number from 0 to %(most)s.")) % {"most": LARGEST_QUANTITY}
        errors = [FieldError(f"units-{one}", "out_of_range", message) for one in unread]
        raise Invalid(gettext(_("Say how many units of each item.")), errors=errors)
    if not lines:
        raise Invalid.field("lines", "required", gettext(_("Add at least one item.")))
    number = values.get("number", "").strip()
    if not number or len(number) > 100:
        raise Invalid.field("number", "required", gettext(_("Give the order a number of at most 100 characters.")))
    address = address_forms.sent_address(values)
    address_forms.check_filled(address)
    return {
        "lines": lines,
        "address": address,
        "number": number,
        "note": values.get("note", "").strip()[:2000],
        "methods": _methods(values),
    }


def _choosable(parts: Sequence[Part]) -> dict[UUID, list[tuple[str, str]]]:
    """Supplier → its ways of sending, with price and days; empty where no supplier has several."""
    if all(len(part.methods) < 2 for part in parts):
        return {}
    return {
        part.supplier_id: [
            (
                one.name,
                gettext(_("%(method)s, %(price)s, arrives %(first)s – %(last)s"))
                % {
                    "method": one.name,
                    "price": money_text(one.price, locale()),
                    "first": day_text(one.arrives[0], locale()),
                    "last": day_text(one.arrives[1], locale()),
                },
            )
            for one in part.methods
        ]
        for part in parts
    }


def _methods(values: MultiDict[str, str]) -> dict[UUID | None, str]:
    """Supplier → how it is to ship, of those that were chosen."""
    found: dict[UUID | None, str] = {}
    for name in [one for one in values if one.startswith(_METHOD)][:_MOST_LINES]:
        supplier_id = parse_id(name.removeprefix(_METHOD))
        if supplier_id is not None and values[name]:
            found[supplier_id] = values[name][:100]
    return found


def _may_read_addresses() -> None:
    if not principal().may("orders.read_address"):
        raise Forbidden("Your role may not enter addresses.")


def _file(status: int = 200, wrong: Mapping[str, str] | None = None) -> Any:
    return pages.render("file.html", status, results=None, wrong=wrong or {}, columns=COLUMNS)


def _rows_again() -> list[Row]:
    """The rows of the file that was looked at: they come back with the form, so that no address is kept meanwhile."""
    return read_orders(request.form.get("rows", "").encode())


def _totals_shown() -> dict[str, str]:
    """What each order of the file was said to cost, by its number."""
    try:
        found = orjson.loads(request.form.get("totals", "{}"))
    except orjson.JSONDecodeError:
        return {}
    return {str(number): str(total) for number, total in found.items()} if isinstance(found, dict) else {}


def _results(results: Sequence[RowsResult], rows: Sequence[Row], *, placed: bool) -> Any:
    lines = [csv_line(COLUMNS), *(csv_line([row.get(name) for name in COLUMNS]) for row in rows)]
    return pages.render(
        "file.html",
        results=results,
        placed=placed,
        ready=sum(1 for one in results if one.state in _TO_PLACE),
        changed=any(one.state == "changed" for one in results),
        totals=orjson.dumps({one.number: str(one.total) for one in results if one.state in _TO_PLACE}).decode(),
        refused=sum(1 for one in results if one.state == "rejected"),
        rows="".join(lines),
        wrong={},
        columns=COLUMNS,
    )


def _csv(text: str, name: str) -> Response:
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
