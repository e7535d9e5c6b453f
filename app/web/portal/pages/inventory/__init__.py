"""A supplier's stock: what there is, what is ordered, kept back and shown to stores, and why each unit moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from flask import Response, request, stream_with_context
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.catalog import queries as catalog
from app.config import settings
from app.feeds.reading import HEAD, recognised
from app.feeds.service import keep_file, receive_upload
from app.identity.queries import members
from app.inventory.models import StockMovement
from app.inventory.queries import locations, open_shortfalls
from app.inventory.rules import LARGEST_QUANTITY, StockChoiceName, StockChoices
from app.inventory.service import StockChoice, choose_defaults, choose_stock, set_free
from app.inventory.stock_list import (
    Show,
    defaults_of,
    levels_of,
    low_count,
    movements,
    shortfalls,
    stock_csv,
    stock_line,
    stock_lines,
)
from app.kit import clock
from app.kit.errors import Invalid, Rejected
from app.kit.texts import marked as _
from app.purchasing.queries import of_references
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url, query_without
from app.web.portal.sheet import changed
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Inventory"), "stock", 15, permission="products.read"))
_PAGE = 25
_MOVED = 50
_CHUNK = 256 * 1024
_FORM = 64 * 1024
_VIEWS: Mapping[str, str] = {
    "": _("All"),
    "low": _("Running low"),
    "out": _("Sold out"),
    "stale": _("Too old to show"),
}
_KINDS: Mapping[str, str] = {
    "set": _("New figure"),
    "reserve": _("Ordered"),
    "release": _("Order let go"),
    "write_off": _("Not there, as you answered"),
    "consume": _("Shipped"),
    "unship": _("Not shipped after all"),
}
#: Form field → what is chosen for a variant.
_CHOICES: Mapping[str, StockChoiceName] = {"safety": "safety_stock", "low": "low_stock_at"}


@pages.get("/inventory", permission="products.read")
def stock() -> Any:
    """The variants that are looked for, with their stock."""
    return _list()


@pages.post("/inventory", permission="inventory.write")
def save() -> Any:
    """What was changed on the page; all else stays, whatever happened to it meanwhile."""
    supplier_id, sent = principal().organisation_id, Sent()
    counted = changed(sent, "stock")
    chosen = {field: changed(sent, field) for field in _CHOICES}
    try:
        with db.transaction() as session:
            _set(session, supplier_id, sent, counted, chosen)
    except Invalid as error:
        return _list(problems(error), error.status)
    return go(page_url("inventory.stock", **query_without(), done="saved_for_stores"))


def _set(
    session: Session, supplier_id: UUID, sent: Sent, counted: Sequence[UUID], chosen: Mapping[str, Sequence[UUID]]
) -> None:
    """Keep changed fields of the supplier's own variants. Raises ``Invalid``."""
    named = {*counted, *(one for ids in chosen.values() for one in ids)}
    own = {row.id for row in catalog.variants_of(session, supplier_id, ids=list(named))}
    free = {one: sent.whole(f"stock-{one}", 0, LARGEST_QUANTITY) for one in counted if one in own}
    choices: dict[UUID, StockChoices] = {}
    for field, ids in chosen.items():
        for one in own.intersection(ids):
            choices.setdefault(one, {})[_CHOICES[field]] = _optional(sent, f"{field}-{one}")
    sent.check()
    choose_stock(
        session,
        supplier_id,
        {one: StockChoice(frozenset(values), **values) for one, values in choices.items()},
    )
    if free:
        set_free(session, supplier_id, free)


def _optional(sent: Sent, name: str) -> int | None:
    """A whole number, or nothing: as for all variants."""
    return sent.whole(name, 0, LARGEST_QUANTITY) if sent.values.get(name, "").strip() else None


def _list(wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    supplier_id = principal().organisation_id
    show = request.args.get("show", "")
    show = show if show in _VIEWS else ""
    search = request.args.get("search", "")[:200].replace("\x00", "")
    with db.transaction() as session:
        page = stock_lines(
            session,
            supplier_id,
            show=cast(Show, show),
            search=search,
            stale_before=clock.now() - settings().stock_stale_after,
            limit=_PAGE,
            cursor=request.args.get("cursor"),
        )
        short = len(open_shortfalls(session, supplier_id))
        counts = {"low": low_count(session, supplier_id)}
        defaults = defaults_of(session, supplier_id)
        one_place = len(locations(session, supplier_id)) < 2
    views: list[dict[str, Any]] = [
        {
            "label": gettext(label),
            "href": page_url("inventory.stock", **({"show": key} if key else {})),
            "current": key == show,
            **({"count": counts[key]} if counts.get(key) else {}),
        }
        for key, label in _VIEWS.items()
    ]
    if short:
        href = page_url("inventory.short")
        views.append({"label": gettext(_("Less than ordered")), "href": href, "current": False, "count": short})
    return pages.render(
        "stock.html",
        status,
        lines=page.items,
        next_cursor=page.next_cursor,
        views=views,
        show=show,
        search=search,
        defaults=defaults,
        one_place=one_place,
        wrong=wrong or {},
        sent=request.form,
    )


@pages.get("/inventory/defaults", permission="inventory.write")
def usual() -> Any:
    """What holds for variants without a choice of their own."""
    with db.transaction() as session:
        safety, low = defaults_of(session, principal().organisation_id)
    return _usual({"safety_stock": safety, "low_stock_at": "" if low is None else low})


@pages.post("/inventory/defaults", permission="inventory.write")
def save_usual() -> Any:
    """Choose it."""
    sent = Sent()
    try:
        safety = sent.whole("safety_stock", 0, LARGEST_QUANTITY)
        low = _optional(sent, "low_stock_at")
        sent.check()
        with db.transaction() as session:
            choose_defaults(session, principal().organisation_id, safety_stock=safety, low_stock_at=low)
    except Invalid as error:
        return _usual(request.form, problems(error), error.status)
    return go(page_url("inventory.stock", done="saved_for_stores"))


def _usual(values: Mapping[str, Any], wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    return pages.render("defaults.html", status, values=values, wrong=wrong or {})


@pages.get("/inventory/short", permission="products.read")
def short() -> Any:
    """Variants of which less is there than is ordered, with the orders that it touches."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        page = shortfalls(session, supplier_id, limit=_PAGE, cursor=request.args.get("cursor"))
        orders = of_references(session, supplier_id, (one for row, _variant in page.items for one in _lines_of(row)))
    rows = [
        {"short": row, "variant": variant, "orders": _orders(_lines_of(row), orders)} for row, variant in page.items
    ]
    return pages.render("short.html", rows=rows, next_cursor=page.next_cursor)


def _lines_of(shortfall: Any) -> list[str]:
    return [f"order_line:{one}" for one in shortfall.order_line_ids]


def _orders(references: Sequence[str], known: Mapping[str, tuple[UUID, str]]) -> dict[str, Any]:
    """The purchase orders among references, and how many orders the supplier was not told of yet."""
    named = {known[one] for one in references if one in known}
    return {"named": sorted(named, key=lambda one: one[1]), "untold": sum(one not in known for one in references)}


@pages.get("/inventory/export.csv", permission="products.read")
def export() -> Any:
    """All variants, to change in a spreadsheet and upload again."""
    supplier_id, actor = principal().organisation_id, principal().actor

    def lines() -> Iterator[str]:
        # The lines are made after the request's own scope has ended.
        with db.tenant_scope(supplier_id, actor=actor), db.transaction() as session:
            yield from stock_csv(session, supplier_id)

    return Response(
        stream_with_context(lines()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="crossdock-stock.csv"'},
    )


def _largest() -> int:
    """The form around the file included."""
    return settings().upload_max_bytes + _FORM


@pages.post("/inventory/upload", permission="products.write", largest=_largest)
def upload() -> Any:
    """Keep a file of stock, safety stock and limits of SKUs that are there; a job reads it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _list({"file": gettext(_("Choose a file first."))}, 422)
    head = sent.stream.read(HEAD)
    sent.stream.seek(0)
    try:
        feed = recognised(registries.feeds.all(), head, sent.filename)
        key, stored = keep_file(iter(lambda: sent.stream.read(_CHUNK), b""))
    except Rejected as error:
        advice = gettext(_("We can not read this. Save your list as CSV or Excel."))
        return _list({"file": error.message if error.code in ("empty", "no_list") else advice}, 422)
    except Invalid as error:
        return _list(problems(error), 422)
    with db.transaction() as session:
        run = receive_upload(
            session,
            principal().organisation_id,
            file_name=sent.filename,
            feed=feed,
            file_key=key,
            stored=stored,
            kind="stock_price",
        )
    return go(page_url("uploads.detail", run_id=run.id))


@pages.get("/inventory/<uuid:variant_id>", permission="products.read")
def detail(variant_id: UUID) -> Any:
    """One variant: where its stock lies, what is kept back, and why each unit moved."""
    return _detail(variant_id)


@pages.post("/inventory/<uuid:variant_id>", permission="inventory.write")
def choose(variant_id: UUID) -> Any:
    """Choose what is kept back of it, and when it is low."""
    supplier_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            stock_line(session, supplier_id, variant_id, stale_before=clock.now())
            values: StockChoices = {name: _optional(sent, name) for name in _CHOICES.values()}
            sent.check()
            choose_stock(session, supplier_id, {variant_id: StockChoice(frozenset(values), **values)})
    except Invalid as error:
        return _detail(variant_id, problems(error), error.status)
    return go(page_url("inventory.detail", variant_id=variant_id, done="saved_for_stores"))


def _detail(variant_id: UUID, wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        line = stock_line(session, supplier_id, variant_id, stale_before=clock.now() - settings().stock_stale_after)
        page = movements(session, supplier_id, variant_id, limit=_MOVED, cursor=request.args.get("cursor"))
        found = shortfalls(session, supplier_id, variant_id=variant_id, limit=_PAGE).items
        touched = [one for row, _variant in found for one in _lines_of(row)]
        references = [*(one.reference for one in page.items), *touched]
        orders = of_references(session, supplier_id, references)
        levels = levels_of(session, supplier_id, variant_id)
        defaults = defaults_of(session, supplier_id)
    people = _people(supplier_id) if any(one.reference.startswith("user:") for one in page.items) else {}
    return pages.render(
        "detail.html",
        status,
        line=line,
        levels=levels,
        moved=[_moved(one, orders, people) for one in page.items],
        next_cursor=page.next_cursor,
        touched=_orders(touched, orders),
        defaults=defaults,
        values=request.form if wrong else {"safety_stock": line.own_safety, "low_stock_at": line.own_low},
        wrong=wrong or {},
    )


def _people(supplier_id: UUID) -> dict[str, str]:
    """Who may have given figures by hand: actor → name."""
    with db.system_scope(actor="stock page"), db.transaction() as session:
        return {f"user:{one.user_id}": one.name for one in members(session, supplier_id)}


def _moved(one: StockMovement, orders: Mapping[str, tuple[UUID, str]], people: Mapping[str, str]) -> dict[str, Any]:
    """A movement with what it is called, and a link to what it came from."""
    kind, _separator, name = one.reference.partition(":")
    href, why = None, ""
    if one.reference in orders:
        order_id, why = orders[one.reference]
        href = page_url("purchase_orders.detail", purchase_order_id=order_id)
    elif kind == "feed_run":
        href, why = page_url("uploads.detail", run_id=name), gettext(_("A file"))
    elif kind == "user":
        why = people.get(one.reference) or gettext(_("A person who is no longer here"))
    elif kind == "key":
        why = gettext(_("By the API"))
    elif kind in ("order", "order_line"):
        why = gettext(_("An order that is not yours to send yet"))
    return {"row": one, "what": gettext(_KINDS[one.kind]), "href": href, "why": why}
