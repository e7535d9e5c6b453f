"""What a supplier's forms say of a product and its variants, and what is wrong in them beside their fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.catalog.rules import TITLE_MAX
from app.kit.errors import AppError
from app.web.forms import Sent, problems

_BRAND_LONGEST = 255
_DESCRIPTION_LONGEST = 100_000
_TAGS_LONGEST = 2_000
CATEGORY_LONGEST = 500


def texts(sent: Sent) -> dict[str, Any]:
    """The product's texts, under the names of ``ProductChange``, but for its category."""
    return {
        "title": sent.text("title", longest=TITLE_MAX, required=True),
        "description": sent.text("description", longest=_DESCRIPTION_LONGEST),
        "brand": sent.text("brand", longest=_BRAND_LONGEST),
        "tags": [tag.strip() for tag in sent.text("tags", longest=_TAGS_LONGEST).split(",") if tag.strip()],
    }


def price_if_given(sent: Sent, name: str, currency: str) -> int | None:
    """A price that need not be there, in minor units of the currency; None where it is not."""
    return sent.price(name, currency) if sent.values.get(name, "").strip() else None


_OF_VARIANT = re.compile(r"variants\[(\d+)\]\.(\w+)(?:\[\d+\]\.\w+)?")
#: What the catalogue calls what is wrong with a variant → what the fields of forms begin with.
_FIELDS = {"sku": "sku", "wholesale_price": "cost", "gtin": "gtin", "price_tiers": "steps", "options": "value0"}


def at_fields(error: AppError, names: Sequence[Any], sent: Sent) -> dict[str, Any]:
    """What is wrong, beside the form's fields. The catalogue names variants by their place; ``names``: what the form's
    fields of each end with. ``form``: what has no field of its own."""
    found: dict[str, Any] = {}
    for name, text in problems(error).items():
        place = _OF_VARIANT.fullmatch(name)
        if place is None:
            found[name if name in sent.values else "form"] = text
        elif place[2] in _FIELDS and int(place[1]) < len(names):
            found[f"{_FIELDS[place[2]]}-{names[int(place[1])]}"] = text
        else:
            found["form"] = text
    return found or {"form": error.detail}
