"""What a file says of products, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog import queries as catalog
from app.catalog.queries import category_paths
from app.feeds import queries as feeds
from app.feeds.models import FeedRow, FeedRun
from app.feeds.rules.fields import FIELDS
from app.feeds.rules.tiers import joined_steps
from app.kit.money import Money
from app.kit.texts import marked as _
from app.kit.texts import money as money_text
from app.web.ui.rendering import gettext, locale, ngettext

#: Columns that a run changed, in words.
_FIELDS = {
    "title": _("Title"),
    "description": _("Description"),
    "brand": _("Brand"),
    "category_id": _("Category"),
    "option_names": _("Names of options"),
    "tags": _("Tags"),
    "status": _("Status"),
    "currency": _("Currency"),
    "pictures": _("Pictures"),
    "gtin": _("GTIN"),
    "options": _("Options"),
    "wholesale_price": _("Wholesale price"),
    "cost": _("Wholesale price"),
    "map": _("Minimum advertised price"),
    "msrp": _("Recommended retail price"),
    "map_price": _("Minimum advertised price"),
    "price_tiers": _("Wholesale prices by quantity"),
    "tiers": _("Wholesale prices by quantity"),
    "weight_grams": _("Weight in grams"),
    "product_id": _("Product"),
    "stock": _("Stock"),
    "safety_stock": _("Never sold"),
    "low_stock_at": _("Low at"),
}
_MONEY = ("wholesale_price", "cost", "msrp", "map", "map_price")
_LONGEST = 120
#: What is shown of a new variant, as its record names it.
_TOLD = ("cost", "stock", "options", "msrp", "gtin")


def field_words(name: str, kind: str = "") -> str:
    """What a column is called for people."""
    if name == "created":
        return gettext(_("New product")) if kind == "product" else gettext(_("New variant"))
    return gettext(_FIELDS.get(name, name))


def told_by(row: FeedRow, currency: str) -> list[tuple[str, str]]:
    """What a row says of a variant that is new: field and value."""
    return [
        (field_words(name), _value(name, row.record[name], currency))
        for name in _TOLD
        if row.record.get(name) not in (None, "", [], {})
    ]


def understood(run: FeedRun) -> tuple[list[tuple[str, str]], list[str]]:
    """The file's columns in its own order: those that are used, with what they hold, and those that are not."""
    columns = [str(one["column"]) for one in run.detected.get("columns", [])]
    used = [(name, gettext(FIELDS[run.mapping[name]])) for name in columns if run.mapping.get(name) in FIELDS]
    return used, [name for name in columns if name not in run.mapping]


def changes_of(row: FeedRow, currency: str) -> list[tuple[str, str, str]]:
    """What a row changes: field, the value that stands and the new one."""
    return [
        (field_words(name), _value(name, old, currency), _value(name, new, currency))
        for name, (old, new) in row.changes.items()
    ]


def names_of(session: Session, supplier_id: UUID, found: Iterable[feeds.UndoneOne]) -> dict[str, str]:
    """What the categories and products are called that some values name by their ids."""
    told: dict[str, set[UUID]] = {"category_id": set(), "product_id": set()}
    for one in found:
        if one.field in told:
            told[one.field] |= {UUID(str(value)) for value in (one.before, one.after, one.today) if value}
    titles = catalog.own_titles(session, supplier_id, told["product_id"])
    paths = category_paths(session, told["category_id"])
    return {str(key): name for key, name in (*titles.items(), *paths.items())}


def undone(one: feeds.UndoneOne, currency: str, names: Mapping[str, str]) -> dict[str, str]:
    """A field's three values, as people read them; ``names`` of what is named by its id."""
    return {
        "name": one.name,
        "field": field_words(one.field),
        **{name: _value(one.field, getattr(one, name), currency, names) for name in ("before", "after", "today")},
    }


def _value(field: str, value: Any, currency: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if field in _MONEY:
        return money_text(Money(int(value), currency), locale())
    if field in ("price_tiers", "tiers"):
        return joined_steps([(one["min_quantity"], Money(one["price"], currency).amount) for one in value])
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, list):
        return (
            ngettext("%(num)s picture", "%(num)s pictures", len(value))
            if field == "pictures"
            else ", ".join(map(str, value))
        )
    if field in ("category_id", "product_id"):
        return names.get(str(value), "…")
    return str(value)[:_LONGEST]
