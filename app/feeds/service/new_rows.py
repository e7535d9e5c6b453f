"""Keeping the rows of products that nobody knows yet together, as columns (``FeedNew``), and making rows of the run of
them where they are not as usual."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Text, delete, text
from sqlalchemy.orm import Session

from app.db import table_of
from app.feeds.models import FeedNew
from app.feeds.new_rows import AS_ROWS, OF_PRODUCTS, OF_ROWS
from app.feeds.rules.records import ReadProduct

#: Products in one block, which are taken over in one transaction, and the rows after which it takes no more.
PRODUCTS_AT_ONCE, ROWS_AT_ONCE = 1000, 4000
#: Of how many options a product has the names.
MOST_OPTIONS = 3
#: Between texts that are sent as one.
_BETWEEN = "\x1f"
#: What all rows of a product say alike, each of which has texts of its product.
_SHARED = ("title", "description", "brand", "category", "status", "tags")

#: Those of texts that may be missing.
_NULLABLE = ("tiers", "gtins")
_KINDS = {column.name: column.type.item_type for column in table_of(FeedNew).c if isinstance(column.type, ARRAY)}
_SENT = {
    name: f"string_to_array(:{name}, E'\\x1f'{', ' + repr('') if name in _NULLABLE else ''})"
    if isinstance(_KINDS[name], Text)
    else f"cast(:{name} as {_KINDS[name]}[])"
    for name in (*OF_ROWS, *OF_PRODUCTS)
}
# What is put together here are constants of this module.
_KEEP = text(
    f"""
    insert into feed_new (run_id, first_row, last_row, supplier_id, {", ".join(_SENT)})
    values (:run, :first, :last, :supplier, {", ".join(_SENT.values())})
    """  # noqa: S608
)
_PART = text(
    "insert into feed_rows (run_id, row, supplier_id, handle, sku, action, record, changes, problems, same, mark)"
    + AS_ROWS.format(which="")
)
#: Blocks with a product of which other rows of the file tell as well, in another block or not.
_WITH_OTHERS = text(
    """
    with told as materialized (
        select first_row, unnest(handles) as handle from feed_new where run_id = :run
    ), others as materialized (
        select handle from feed_rows where run_id = :run and action in ('new', 'changed', 'unchanged', 'merged')
    ), twice as materialized (
        select handle from told group by handle having count(*) > 1
    )
    select distinct first_row from told
    where handle in (select handle from others) or handle in (select handle from twice)
    order by first_row
    """
)


def store_new(
    session: Session, run_id: UUID, supplier_id: UUID, products: Sequence[ReadProduct], known: Container[str]
) -> tuple[list[ReadProduct], list[str]]:
    """Keep products that are new, and return the others, and those that were kept by their handles. ``known``: SKUs
    that are there."""
    others: list[ReadProduct] = []
    block: list[ReadProduct] = []
    size = 0
    kept: list[str] = []

    def keep() -> None:
        nonlocal block, size
        told = _columns(block)
        if told is None:
            others.extend(block)
        else:
            first, last = block[0].rows[0], block[-1].rows[-1]
            asked = {"run": run_id, "supplier": supplier_id, "first": first, "last": last}
            session.execute(_KEEP, {**asked, **told})
            kept.extend(product.handle for product in block)
        block, size = [], 0

    for product in products:
        if any(sku in known for sku in product.skus) or not _says_one_thing(product):
            others.append(product)
            continue
        block.append(product)
        size += len(product.rows)
        if len(block) == PRODUCTS_AT_ONCE or size >= ROWS_AT_ONCE:
            keep()
    if block:
        keep()
    return others, kept


def _says_one_thing(product: ReadProduct) -> bool:
    """Whether all rows say the same of their product, pictures apart."""
    first = product.texts[0]
    return all(texts is first or all(texts[name] == first[name] for name in _SHARED) for texts in product.texts)


def _columns(block: Sequence[ReadProduct]) -> dict[str, Any] | None:
    """The values of a block's columns, as ``_KEEP`` has them; None where a text can't be sent so."""
    products = [product.texts[0] for product in block]
    prices = [one for product in block for one in product.prices]
    options = _Options()
    told = [[options.text_of(one) for one in product.options] for product in block]
    named = [options.names_of(tuple(one)) for one in told]
    tiered = "tiers" in prices[0]
    texts = {
        "skus": [sku for product in block for sku in product.skus],
        "options": [text for one in told for text in one],
        "tiers": [_json(one["tiers"]) if tiered else "" for one in prices],
        "gtins": [gtin or "" for product in block for gtin in product.gtins],
        "handles": [product.handle for product in block],
        "titles": [texts["title"] for texts in products],
        "descriptions": [texts["description"] for texts in products],
        "brands": [texts["brand"] for texts in products],
        "categories": [texts["category"] for texts in products],
        "tags": [_json(texts["tags"]) for texts in products],
        "statuses": [texts["status"] for texts in products],
        "images": [_json(_pictures(product)) for product in block],
        "option_names": [names for names, _ in named],
        "marks": [product.mark for product in block],
    }
    sent: dict[str, Any] = {}
    for name, values in texts.items():
        sent[name] = joined = _BETWEEN.join(values)
        if joined.count(_BETWEEN) >= len(values):
            return None
    numbers = {
        "row_numbers": [row for product in block for row in product.rows],
        "products": [place for place, product in enumerate(block, 1) for _ in product.rows],
        "costs": [one["cost"] for one in prices],
        "msrps": [one["msrp"] for one in prices],
        "maps": [one["map"] for one in prices],
        "weights": [weight for product in block for weight in product.weights],
        "stocks": [stock for product in block for stock in product.stocks],
        "alike": [alike for _, alike in named],
    }
    # Written as an array of PostgreSQL's but for its brackets.
    return {**sent, **{name: f"{{{_json(values)[1:-1]}}}" for name, values in numbers.items()}}


class _Options:
    """Options of variants, as JSON, and what follows for their products: most are the same in many."""

    def __init__(self) -> None:
        #: By the identity of the options, which are kept beside.
        self._texts: dict[int, tuple[dict[str, str], str]] = {}
        self._options: dict[str, dict[str, str]] = {}
        self._named: dict[tuple[str, ...], tuple[str, bool]] = {}

    def text_of(self, options: dict[str, str]) -> str:
        """Some options as JSON."""
        known = self._texts.get(id(options))
        if known is None:
            known = self._texts[id(options)] = options, _json(options)
            self._options[known[1]] = options
        return known[1]

    def names_of(self, told: tuple[str, ...]) -> tuple[str, bool]:
        """Of a product's variants, by their options: the names of these, as JSON, in the order in which the variants
        use them, of one variant the shorter first, as ``jsonb`` keeps them; and whether they do not tell its variants
        apart: then these are named after their SKUs."""
        known = self._named.get(told)
        if known is None:
            every = [self._options[one] for one in told]
            by_length = [sorted(options, key=lambda name: (len(name.encode()), name.encode())) for options in every]
            names = list(dict.fromkeys(name for one in by_length for name in one))[:MOST_OPTIONS]
            values = {tuple(options.get(name, "") for name in names) for options in every}
            alike = len(values) < len(every)
            known = self._named[told] = _json(["Variant"] if alike else names), alike
        return known


def _pictures(product: ReadProduct) -> Any:
    """Pictures of all rows of a product; one that several of them name is the first one's."""
    first = product.texts[0]["images"]
    if all(texts["images"] is first for texts in product.texts):
        return first
    pictures: dict[str, str] = {}
    for texts in product.texts:
        for url, alt in texts["images"]:
            pictures.setdefault(url, alt)
    return list(pictures.items())


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def part_with_others(session: Session, run_id: UUID) -> None:
    """Make rows of the run of those blocks that have a product in common with other rows of the file."""
    for (first_row,) in session.execute(_WITH_OTHERS, {"run": run_id}).all():
        part(session, run_id, first_row)


def part(session: Session, run_id: UUID, first_row: int) -> None:
    """Make rows of the run of a block."""
    session.execute(_PART, {"run": run_id, "block": first_row})
    session.execute(delete(FeedNew).where(FeedNew.run_id == run_id, FeedNew.first_row == first_row))
