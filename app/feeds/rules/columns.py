"""Recognising what a file is and what its columns hold, with a reason for each guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.catalog.rules import gtin_problem
from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, normal
from app.feeds.rules.stock_words import is_stock_word
from app.feeds.rules.tiers import tier_columns

#: What Shopify's own export calls things, where it differs from plain names.
_SHOPIFY = {
    "handle": "product_id", "url handle": "product_id", "variant grams": "weight", "weight value grams": "weight",
    "type": "category", "product category": "", "image src": "image_urls", "product image url": "image_urls",
    "variant image": "", "variant image url": "", "status": "status", "published": "", "variant weight unit": "",
    "weight unit for display": "", "google shopping mpn": "", "gift card": "", "option1 linked to": "",
}  # fmt: skip
#: WooCommerce's export: https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
_WOOCOMMERCE = {
    "id": "product_id", "type": "type", "sku": "sku", "name": "title", "short description": "",
    "description": "description", "stock": "stock", "sale price": "", "regular price": "price",
    "categories": "category", "images": "image_urls", "parent": "parent", "tags": "tags", "brands": "brand",
    "published": "status", "low stock amount": "", "in stock": "", "download limit": "", "position": "",
    "weight kg": "weight", "weight g": "weight", "weight lbs": "weight", "weight oz": "weight",
    "gtin upc ean or isbn": "gtin", "cost of goods": "cost",
    "attribute 1 name": "option1_name", "attribute 1 value s": "option1_value",
    "attribute 2 name": "option2_name", "attribute 2 value s": "option2_value",
    "attribute 3 name": "option3_name", "attribute 3 value s": "option3_value",
}  # fmt: skip

SHAPES = {
    "template": "our template",
    "shopify": "Shopify's export",
    "woocommerce": "WooCommerce's export",
    "plain": "a list",
}
_UNIT_IN_NAME = re.compile(r"\b(kg|g|lbs?|oz|grams?)\b")
_PRICE = re.compile(r"^[^\d-]{0,4}\d[\d.,' \u00a0]*[^\d]{0,4}$")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column holds: our field, how sure (0 to 100), and why, for the mapping page."""

    column: str
    field: str
    confidence: int
    reason: str


def shape_of(columns: Sequence[str]) -> str:
    """Which program made the file."""
    names = {normal(column) for column in columns}
    if {"handle", "title"} <= names and any(name.startswith("variant ") for name in names):
        return "shopify"
    if "url handle" in names and "option1 value" in names:
        return "shopify"
    if {"type", "name", "sku", "regular price"} <= names:
        return "woocommerce"
    if {"product id", "sku", "cost", "option1 name"} <= names:
        return "template"
    return "plain"


def guesses(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], meant: Mapping[str, str] | None = None
) -> list[Guess]:
    """What each column holds. Each field is taken once, by the surest column; ``samples`` are some values of each;
    ``meant``: what the format itself says."""
    shape = shape_of(columns)
    own = {"shopify": _SHOPIFY, "woocommerce": _WOOCOMMERCE}.get(shape, {})
    said = meant or {}
    tiers = tier_columns([column for column in columns if column not in said and normal(column) not in own])
    found = [
        Guess(column, said[column], 99, "the format says so")
        if column in said
        else Guess(column, tiers[column].field, 85, tiers[column].reason)
        if column in tiers
        else _guess(column, own, shape, samples.get(column, ()))
        for column in columns
    ]
    taken: set[str] = set()
    chosen: dict[str, Guess] = {}
    for guess in sorted(found, key=lambda guess: -guess.confidence):
        if guess.field and guess.field not in taken:
            taken.add(guess.field)
            chosen[guess.column] = guess
    if shape == "plain":
        _take_options(columns, taken, chosen)
        _take_by_looks(columns, samples, taken, chosen)
    return [chosen.get(column, Guess(column, "", 0, "not used")) for column in columns]


def _guess(column: str, own: Mapping[str, str], shape: str, values: Sequence[str]) -> Guess:
    name = normal(column)
    if name in own:
        return Guess(column, own[name], 100 if own[name] else 0, f"column of {SHAPES[shape]}")
    if name in BY_NAME:
        # Of two columns for stock, the one with figures tells more than the one with words.
        words = BY_NAME[name] == "stock" and not _most(value.strip()[:1].isdigit() for value in values if value.strip())
        return Guess(column, BY_NAME[name], 80 if words else 90, "by its name")
    bare = _UNIT_IN_NAME.sub("", name).strip()
    if bare != name and bare in BY_NAME:
        return Guess(column, BY_NAME[bare], 85, "by its name")
    return _by_values(column, [value.strip() for value in values if value.strip()])


def _by_values(column: str, values: Sequence[str]) -> Guess:
    if len(values) >= 2:
        if _most(gtin_problem(value) is None for value in values):
            return Guess(column, "gtin", 70, "its values are GTINs")
        if _most(is_stock_word(value) for value in values):
            return Guess(column, "stock", 60, "its values are words for stock")
        if _most(value.count(" > ") > 0 for value in values):
            return Guess(column, "category", 60, "its values are ways through a tree of categories")
        if all(
            value.startswith(("http://", "https://")) and value.rsplit(".", 1)[-1].lower()[:4] in _PICTURES
            for value in values
        ):
            return Guess(column, "image_urls", 60, "its values are addresses of pictures")
        if all(_PRICE.match(value) and re.search(r"[€$£]|[.,]\d\d\b", value) for value in values):
            return Guess(column, "price", 40, "its values look like prices")
    return Guess(column, "", 0, "not used")


def _most(judgements: Iterable[bool]) -> bool:
    """Nine of ten."""
    found = list(judgements)
    return sum(found) >= 0.9 * len(found)


def _take_by_looks(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]
) -> None:
    """Where no column is called so: the one whose values look like names, and the one whose values look like numbers
    of articles, each different in nearly every row."""
    if "title" not in taken:
        _take_description_for_title(samples, taken, chosen)
    for field, looks, reason in (
        ("title", _looks_like_name, "its values look like names of products"),
        ("sku", _looks_like_code, "its values look like article numbers, each one different"),
    ):
        if field in taken:
            continue
        for column in columns:
            values = [value.strip() for value in samples.get(column, ()) if value.strip()]
            different = (
                len(set(values)) >= 0.9 * len(values) if field == "sku" else len(set(values)) >= 0.3 * len(values)
            )
            if column not in chosen and len(values) >= 2 and different and _most(looks(value) for value in values):
                chosen[column] = Guess(column, field, 40, reason)
                taken.add(field)
                break


def _take_description_for_title(
    samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]
) -> None:
    """Price lists often call the product's name its description."""
    for column, guess in chosen.items():
        values = [value.strip() for value in samples.get(column, ()) if value.strip()]
        if guess.field == "description" and values and _most(len(value) <= 150 for value in values):
            chosen[column] = Guess(column, "title", 75, "by its name; its values are short, and there is no title")
            taken.add("title")
            return


def _looks_like_name(value: str) -> bool:
    return 4 <= len(value) <= 200 and " " in value and sum(char.isalpha() for char in value) > len(value) / 2


def _looks_like_code(value: str) -> bool:
    return bool(_CODE.fullmatch(value)) and any(char.isdigit() for char in value)


_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{2,39}")
_PICTURES = frozenset({"jpg", "jpeg", "png", "webp", "gif"})


def _take_options(columns: Sequence[str], taken: set[str], chosen: dict[str, Guess]) -> None:
    """Columns such as "Colour" are options of their own name."""
    free = [number for number in (1, 2, 3) if f"option{number}_value" not in taken]
    for column in columns:
        if column not in chosen and normal(column) in OPTION_COLUMNS and free:
            chosen[column] = Guess(column, f"option{free.pop(0)}_value", 80, "by its name; the column names the option")


def unit_in_name(column: str) -> str | None:
    """The unit that a column's name gives, as in "Weight (kg)"; Shopify's gram columns are recognised by theirs."""
    found = _UNIT_IN_NAME.search(normal(column))
    return found.group(1) if found else None
