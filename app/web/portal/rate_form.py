"""The form of a shipping rate: what it shows of a rate, and the rate that was sent."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask import request

from app.kit.countries import country_called
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.suppliers.models import ShippingRate
from app.suppliers.rules import METHODS, PRICE_BY, Rate, Tier
from app.web.forms import Sent
from app.web.ui.rendering import LOCALES

#: Rows of the form for steps; a rate by the API may have more, which the form then shows too.
ROWS = 6
METHOD_LABELS = {"standard": _("Standard"), "express": _("Express"), "freight": _("Freight")}
PRICE_BY_LABELS = {
    "item": _("the number of items"),
    "weight": _("the parcel's weight"),
    "value": _("the value of its goods"),
}
EMPTY: dict[str, Any] = {"everywhere": "1", "transit_days_min": 2, "transit_days_max": 5}


def shown(row: ShippingRate, currency: str) -> dict[str, Any]:
    """A rate as the form's values."""
    values = {
        "name": row.name,
        "countries": ", ".join(code for code in row.countries if code != "*"),
        "everywhere": "1" if "*" in row.countries else "",
        "method": row.method,
        "price_by": row.price_by,
        "first_item": Money(row.first_item, currency).amount,
        "next_item": Money(row.next_item, currency).amount,
        "transit_days_min": row.transit_days_min,
        "transit_days_max": row.transit_days_max,
    }
    for index, tier in enumerate(row.tiers):
        limit = tier["up_to"]
        values[f"up_to-{index}"] = "" if limit is None else _limit(limit, row.price_by, currency)
        values[f"price-{index}"] = Money(tier["price"], currency).amount
    return values


def rows_of(values: Any) -> int:
    """How many rows for steps the form has."""
    return max([ROWS, *(int(name[6:]) + 1 for name in values if name.startswith("price-") and name[6:].isdigit())])


def _limit(limit: int, price_by: str, currency: str) -> str:
    if price_by == "value":
        return Money(limit, currency).amount
    return f"{Decimal(limit) / 1000:f}"


def sent_rate(currency: str) -> Rate:
    """The rate that the form describes. Raises ``Invalid`` with all that can't be read."""
    sent = Sent()
    price_by = sent.one_of("price_by", PRICE_BY, missing="item")
    by_item = price_by == "item"
    found = Rate(
        name=sent.text("name", longest=80, required=True),
        countries=(
            *_sent_countries(),
            *(("*",) if sent.chosen("everywhere") else ()),
        ),
        first_item=sent.money("first_item", currency) if by_item else 0,
        next_item=sent.money("next_item", currency) if by_item else 0,
        transit_days_min=sent.whole("transit_days_min", 0, 120),
        transit_days_max=sent.whole("transit_days_max", 0, 120),
        method=sent.one_of("method", METHODS, missing="standard"),
        price_by=price_by,
        tiers=() if by_item else _sent_tiers(sent, price_by, currency),
    )
    sent.check()
    return found


def _sent_countries() -> list[str]:
    """Codes of what is written between commas or on lines: codes or names of countries; several codes may follow one
    another. What is neither stays as it is written, in capitals."""
    found: list[str] = []
    for part in re.split(r"[,;\r\n]", request.form.get("countries", "").replace("\x00", "")):
        code = country_called(part, LOCALES)
        found += [code] if code else [country_called(one, ()) or one.upper() for one in part.split()]
    return list(dict.fromkeys(found))


def _sent_tiers(sent: Sent, price_by: str, currency: str) -> tuple[Tier, ...]:
    """The rows that have a price; the last may lack a limit."""
    tiers = []
    for index in range(min(rows_of(request.form), 50)):
        if not request.form.get(f"price-{index}", "").strip():
            if request.form.get(f"up_to-{index}", "").strip():
                raise Invalid.field(f"price-{index}", "required", "Say what parcels up to this limit cost.")
            continue
        limit: int | None = None
        if request.form.get(f"up_to-{index}", "").strip():
            limit = sent.money(f"up_to-{index}", currency) if price_by == "value" else sent.grams(f"up_to-{index}")
        tiers.append(Tier(limit, sent.money(f"price-{index}", currency)))
    return tuple(tiers)
