"""The form of a new product: its texts, the names of its options, and a row of fields for each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.rules import SKU_MAX
from app.catalog.service import MOST_OPTIONS, ProductChange, VariantChange
from app.catalog.tiers.rules import PriceTier
from app.feeds.rules.cells import category_of, slug_of
from app.feeds.rules.choices import WEIGHT_UNITS
from app.feeds.rules.numbers import NotANumber, read_grams
from app.feeds.rules.product_keys import ProductKeys, made_sku
from app.feeds.rules.tiers import split_steps
from app.inventory.rules import LARGEST_QUANTITY
from app.kit.money import Money
from app.kit.texts import marked as _
from app.web.forms import Sent
from app.web.portal.product_values import CATEGORY_LONGEST, price_if_given, texts
from app.web.ui.rendering import gettext

#: Most variants of the form; more come by file or the API.
MOST_ROWS = 100
#: What a new product can be; only what was offered is ended.
STATUSES: Mapping[str, str] = {"active": _("On offer"), "draft": _("Draft")}
_MOST_PICTURES = 50
_PICTURES_LONGEST = 110_000
_OPTION_LONGEST = 255
_ALT_LONGEST = 512
_STEPS_LONGEST = 500
#: What the fields of a variant begin with, besides those of its options; each ends with its row.
_FIELDS = ("sku", "gtin", "cost", "msrp", "map", "steps", "weight", "stock")


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What the form says. ``handle`` as files make it; ``free``: units by SKU."""

    handle: str
    change: ProductChange
    free: Mapping[str, int]


def rows_of(values: Mapping[str, str]) -> int:
    """How many rows for variants the form has."""
    told = values.get("rows", "")
    return max(1, min(int(told), MOST_ROWS)) if told.isascii() and told.isdigit() and len(told) < 5 else 1


def option_names(values: Mapping[str, str]) -> dict[int, str]:
    """The names of the product's options, by the place of their fields."""
    names = {place: values.get(f"option-{place}", "").strip() for place in range(MOST_OPTIONS)}
    return {place: name for place, name in names.items() if name}


def rows_used(values: Mapping[str, str]) -> list[int]:
    """The rows that say something; the first one when none does."""
    fields = [*_FIELDS, *(f"value{place}" for place in option_names(values))]
    used = [row for row in range(rows_of(values)) if any(values.get(f"{name}-{row}", "").strip() for name in fields)]
    return used or [0]


def read(sent: Sent, currency: str, keys: ProductKeys) -> NewProduct:
    """What was sent, with the handle that files make of the first SKU, or else of the title, and the SKUs that they
    make where none is told. Raises ``Invalid``."""
    names, rows = _names(sent), rows_used(sent.values)
    status = sent.one_of("status", list(STATUSES), missing="active")
    unit = sent.one_of("unit", WEIGHT_UNITS, missing=WEIGHT_UNITS[0])
    values = texts(sent) | {
        "category": category_of(sent.text("category", longest=CATEGORY_LONGEST)),
        "images": _pictures(sent),
        "status": status,
    }
    given = {row: sent.text(f"sku-{row}", longest=SKU_MAX) for row in rows}
    variants = {row: _variant(sent, row, names, currency, unit) for row in rows}
    free = {
        row: sent.whole(f"stock-{row}", 0, LARGEST_QUANTITY)
        for row in rows
        if sent.values.get(f"stock-{row}", "").strip()
    }
    sent.check()
    slug, first = slug_of(values["title"]), given[rows[0]]
    skus = {row: given[row] or one["gtin"] or made_sku(slug, one["options"].values()) for row, one in variants.items()}
    return NewProduct(
        (keys.of(first) if first else "") or slug,
        ProductChange(
            values=values, variants=[VariantChange(sku=skus[row], values=one) for row, one in variants.items()]
        ),
        {skus[row]: units for row, units in free.items()},
    )


def _names(sent: Sent) -> dict[int, str]:
    names = option_names(sent.values)
    seen = set[str]()
    for place, name in names.items():
        sent.text(f"option-{place}", longest=_OPTION_LONGEST)
        if name in seen:
            sent.refuse(f"option-{place}", "repeated", gettext(_("Name each option once.")))
        seen.add(name)
    return names


def _pictures(sent: Sent) -> Sequence[tuple[str, str]]:
    """Each line's address with the description behind it, each address once."""
    told = sent.text("pictures", longest=_PICTURES_LONGEST)
    found: list[tuple[str, str]] = []
    for url, _gap, alt in (line.strip().partition(" ") for line in told.replace("\t", " ").splitlines()):
        if url and url not in dict(found):
            found.append((url, alt.strip()))
        if len(alt) > _ALT_LONGEST:
            message = gettext(_("The description of %(picture)s is longer than %(n)s characters."))
            sent.refuse("pictures", "too_long", message % {"picture": url, "n": _ALT_LONGEST})
    if len(found) > _MOST_PICTURES:
        message = gettext(_("A product has at most %(n)s pictures.")) % {"n": _MOST_PICTURES}
        sent.refuse("pictures", "too_many", message)
    return found


def _variant(sent: Sent, row: int, names: Mapping[int, str], currency: str, unit: str) -> dict[str, Any]:
    return {
        "options": {
            name: sent.text(f"value{place}-{row}", longest=_OPTION_LONGEST, required=True)
            for place, name in names.items()
        },
        "wholesale_price": sent.price(f"cost-{row}", currency),
        "msrp": price_if_given(sent, f"msrp-{row}", currency),
        "map_price": price_if_given(sent, f"map-{row}", currency),
        "price_tiers": _steps(sent, f"steps-{row}", currency),
        "weight_grams": _grams(sent, f"weight-{row}", unit),
        "gtin": sent.text(f"gtin-{row}", longest=SKU_MAX) or None,
    }


def _steps(sent: Sent, name: str, currency: str) -> list[PriceTier]:
    """Wholesale prices by quantity, written as in files: ``10=11.90 | 50=10.90``."""
    told = sent.text(name, longest=_STEPS_LONGEST)
    found = []
    for quantity, price in split_steps(told) if told else ():
        try:
            found.append(PriceTier(int(quantity), Money.parse(price.replace(",", "."), currency).minor))
        except ValueError:
            message = gettext(_("Write quantities with their prices, such as 10=11.90 | 50=10.90."))
            sent.refuse(name, "no_steps", message)
            return []
    return found


def _grams(sent: Sent, name: str, unit: str) -> int | None:
    """A weight as files tell it: in the form's unit, unless it names another."""
    told = sent.values.get(name, "").strip()
    if not told:
        return None
    try:
        grams = read_grams(told, unit)
    except NotANumber:
        grams = 0
    if not grams:
        sent.refuse(name, "not_a_weight", gettext(_("A weight above zero, such as 2.5 or 2.5 kg.")))
    return grams
