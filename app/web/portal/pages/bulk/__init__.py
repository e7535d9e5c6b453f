"""Changing many products at once: chosen in the list, previewed, done, and taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app import db
from app.catalog.assortment.queries import EditedLine, bulk_edits, edited_lines, matching, planned_lines
from app.catalog.assortment.rules import FIELDS, LEAST_PERCENT, MOST_PERCENT, PRICES, BulkChange, Field, How
from app.catalog.assortment.service import MOST_PRODUCTS, edit, plan, print_of, undo
from app.catalog.models import BulkEdit
from app.feeds.rules.tiers import joined_steps
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import parse_id
from app.kit.money import Money
from app.kit.texts import marked as _
from app.suppliers.models import Supplier
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url
from app.web.portal.product_filter import NAMES, STATUS_LABELS, asked
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_SHOWN = 50
_LABELS: Mapping[Field, str] = {
    "status": _("Status"),
    "wholesale_price": _("Wholesale price"),
    "msrp": _("Retail price"),
    "map_price": _("Lowest advertised price"),
    "category": _("Category"),
}
_HOW: Mapping[How, str] = {
    "percent": _("Raise or lower by a percentage"),
    "amount": _("Raise or lower by an amount"),
    "set": _("Set to an amount"),
    "clear": _("Take away"),
}
_PERCENT = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The products that an address or a form names: one by one, or all that a filter finds."""

    ids: Sequence[UUID]
    #: The address's values, to keep them.
    values: Mapping[str, Any]


def _chosen(session: Session, values: MultiDict[str, str]) -> _Chosen:
    supplier_id = principal().organisation_id
    kept: dict[str, Any] = {name: values[name] for name in NAMES if values.get(name)}
    if values.get("all"):
        ids = matching(session, supplier_id, asked(values), limit=MOST_PRODUCTS + 1)
        return _Chosen(ids, {**kept, "all": "1"})
    ids = [one for text in values.getlist("product") if (one := parse_id(text)) is not None][: MOST_PRODUCTS + 1]
    return _Chosen(ids, {**kept, "product": [str(one) for one in ids]})


def _change(values: Mapping[str, str], currency: str) -> BulkChange:
    """What is to become of them. Raises ``Invalid``."""
    field, text = values.get("field", ""), values.get("value", "").strip()
    if field not in FIELDS:
        raise Invalid.field("field", "unknown", gettext(_("Choose one.")))
    if field == "status":
        if text not in STATUS_LABELS:
            raise Invalid.field("value", "unknown", gettext(_("Choose one.")))
        return BulkChange("status", "set", text)
    if field == "category":
        return BulkChange("category", "set", text)
    how = values.get("how", "")
    if how not in _HOW or (how == "clear" and field == "wholesale_price"):
        raise Invalid.field("how", "unknown", gettext(_("Choose one.")))
    if how == "clear":
        return BulkChange(cast(Field, field), "clear")
    return BulkChange(cast(Field, field), cast(How, how), _number(how, text.replace(",", "."), currency))


def _number(how: str, text: str, currency: str) -> int:
    if how == "percent":
        points = int(Decimal(text) * 100) if _PERCENT.fullmatch(text) else 0
        if not points or not LEAST_PERCENT <= points <= MOST_PERCENT:
            raise Invalid.field("value", "out_of_range", gettext(_("A percentage such as 5 or -7.5.")))
        return points
    try:
        amount = Money.parse(text.removeprefix("+"), currency).minor
    except ValueError:
        amount = 0
    if not amount or (how == "set" and amount < 0):
        message = _("An amount such as 1.50 or -0.80.") if how == "amount" else _("An amount above zero.")
        raise Invalid.field("value", "not_an_amount", gettext(message))
    return amount


@pages.get("/products/bulk", permission="products.write")
def bulk() -> Any:
    """What to change, and what that would do."""
    return _shown(request.args)


def _shown(values: MultiDict[str, str], wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    supplier_id = principal().organisation_id
    wrong = wrong or {}
    field = values.get("field", "")
    with db.transaction() as session:
        currency = session.get_one(Supplier, supplier_id).currency
        chosen = _chosen(session, values)
        context: dict[str, Any] = {"planned": None, "lines": []}
        if "value" in values and wrong.keys() <= {"again"} and len(chosen.ids) <= MOST_PRODUCTS:
            try:
                change = _change(values, currency)
                planned = plan(session, supplier_id, chosen.ids, change)
                lines = planned_lines(session, planned.changes[:_SHOWN])
                context = {
                    "planned": planned,
                    "expected": print_of(planned.changes),
                    "lines": _lines(change, lines, currency),
                    "what": _told(change, currency),
                }
            except Invalid as error:
                wrong, status = problems(error), error.status
        return pages.render(
            "bulk.html",
            status,
            chosen=chosen,
            most=MOST_PRODUCTS,
            field=field if field in FIELDS else "",
            fields=[(key, gettext(_LABELS[key])) for key in FIELDS],
            how=values.get("how", "percent"),
            hows=[(key, gettext(text)) for key, text in _HOW.items() if key != "clear" or field != "wholesale_price"],
            is_price=field in PRICES,
            statuses=[(key, gettext(text)) for key, text in STATUS_LABELS.items()],
            value=values.get("value", ""),
            currency=currency,
            edits=bool(bulk_edits(session, supplier_id)),
            wrong=wrong,
            **context,
        )


@pages.post("/products/bulk", permission="products.write")
def save() -> Any:
    """Do what was previewed; where it would do something else by now, it is previewed again."""
    supplier_id = principal().organisation_id
    try:
        with db.transaction() as session:
            chosen = _chosen(session, request.form)
            change = _change(request.form, session.get_one(Supplier, supplier_id).currency)
            made = edit(session, supplier_id, chosen.ids, change, expected=request.form.get("expected", ""))
    except Conflict as error:
        again = gettext(_("Your products changed meanwhile: look at what it would do now."))
        return _shown(request.form, {"again": again}, error.status)
    except Invalid as error:
        return _shown(request.form, problems(error), error.status)
    return go(page_url("bulk.detail", edit_id=made.id, done="saved_for_stores"))


@pages.get("/products/edits", permission="products.write")
def edits() -> Any:
    """Changes of many products at once that can be taken back."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        currency = session.get_one(Supplier, supplier_id).currency
        rows = [(one, _told(BulkChange.from_json(one.what), currency)) for one in bulk_edits(session, supplier_id)]
    return pages.render("edits.html", rows=rows)


@pages.get("/products/edits/<uuid:edit_id>", permission="products.write")
def detail(edit_id: UUID) -> Any:
    """What was done, and a way back."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        made = session.get(BulkEdit, edit_id)
        if made is None or made.supplier_id != supplier_id:
            raise NotFound("edit")
        currency = session.get_one(Supplier, supplier_id).currency
        change = BulkChange.from_json(made.what)
        lines = _lines(change, edited_lines(session, supplier_id, edit_id, limit=_SHOWN), currency)
        return pages.render("edit.html", edit=made, what=_told(change, currency), lines=lines)


@pages.post("/products/edits/<uuid:edit_id>/undo", permission="products.write")
def take_back(edit_id: UUID) -> Any:
    """Give the products back what they had."""
    with db.transaction() as session:
        undo(session, principal().organisation_id, edit_id)
    return go(page_url("bulk.detail", edit_id=edit_id, done="undone"))


def _told(change: BulkChange, currency: str) -> str:
    """A change in a few words."""
    label = gettext(_LABELS[change.field])
    if change.field == "status":
        return f"{label}: {gettext(STATUS_LABELS[str(change.value)])}"
    if change.field == "category":
        return f"{label}: {change.value}"
    if change.how == "clear":
        return gettext(_("%(field)s taken away")) % {"field": label}
    if change.how == "percent":
        return f"{label}: {Decimal(change.value) / 100:+} %"
    amount = Money(int(change.value), currency).amount
    sign = "+" if change.how == "amount" and int(change.value) > 0 else ""
    return f"{label}: {sign}{amount} {currency}"


def _lines(change: BulkChange, lines: Sequence[EditedLine], currency: str) -> list[dict[str, Any]]:
    """Lines with both values in words."""

    def words(values: Mapping[str, Any]) -> str:
        value = values.get(change.field)
        if change.field == "status":
            return gettext(STATUS_LABELS[str(value)])
        if change.field == "category":
            return str(values["source_category"])
        if value is None:
            return "–"
        steps = [(one["min_quantity"], Money(one["price"], currency).amount) for one in values.get("price_tiers", ())]
        told = f"{Money(int(value), currency).amount} {currency}"
        return f"{told} ({joined_steps(steps)})" if steps else told

    shown = []
    for one in lines:
        after = str(change.value) if change.field == "category" else words(one.after)
        shown.append({"line": one, "before": words(one.before), "after": after})
    return shown
