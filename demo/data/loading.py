"""Writing made-up products into the catalogue and the stock, by COPY: two million variants take minutes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
import psycopg2
from sqlalchemy.schema import CreateIndex

from app import db
from app.catalog.categories.rules import key_of
from app.catalog.models import SupplierProduct
from app.catalog.rules import folded
from app.catalog.search.refreshing import refresh
from app.config import settings
from app.db import table_of
from demo.data.making import MadeProduct, MadeVariant

#: Products of one COPY.
_AT_ONCE = 5_000
#: Indexes that are cheaper to build once than to keep for each row.
_BUILT_LAST = ("ix_supplier_products_words", "ix_supplier_products_trigrams")
_REBUILT_FROM = 50_000

_PRODUCT = (
    "id", "supplier_id", "handle", "title", "description", "brand", "category_id", "source_category", "option_names",
    "tags", "status", "currency", "lowest_wholesale", "highest_wholesale", "in_stock", "search_text", "created_at",
    "updated_at",
)  # fmt: skip
_VARIANT = (
    "id", "product_id", "supplier_id", "sku", "gtin", "options", "wholesale_price", "msrp", "map_price", "price_tiers",
    "currency", "weight_grams", "status", "position", "updated_at",
)  # fmt: skip
_LEVEL = ("id", "supplier_id", "variant_id", "location_id", "on_hand", "as_of", "updated_at")

Progress = Callable[[int], None]


class Place:
    """Where a supplier's goods go: its id, its stock's location, and its categories by path."""

    def __init__(self, supplier_id: UUID, location_id: UUID, categories: Mapping[str, UUID]) -> None:
        self.supplier_id = supplier_id
        self.location_id = location_id
        self.categories = {path: (str(row_id), key_of(path)) for path, row_id in categories.items()}


def load(products: Iterable[MadeProduct], places: Sequence[Place], *, now: datetime, expected: int,
         told: Progress = lambda _: None) -> tuple[int, int]:  # fmt: skip
    """Write products. ``expected``: about how many variants there will be. ``told`` hears how many there are now and
    then. Returns how many products and variants were written, in one transaction for all."""
    written = variants = 0
    ids = _Ids(now)
    made: list[UUID] = []
    connection = psycopg2.connect(settings().database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = 0; set local lock_timeout = '30s'")
            rebuild = expected >= _REBUILT_FROM
            if rebuild:
                cursor.execute("set local maintenance_work_mem = '512MB'")
                for name in _BUILT_LAST:
                    cursor.execute(f"drop index if exists {name}")
            for batch in _batches(products):
                made += _copy_batch(cursor, batch, places, ids, now)
                written += len(batch)
                variants += sum(len(one.variants) for one in batch)
                told(variants)
            if rebuild:
                for index in table_of(SupplierProduct).indexes:
                    if index.name in _BUILT_LAST:
                        cursor.execute(str(CreateIndex(index)))
        # What is made is searched in ``catalog_entries``.
        for start in range(0, len(made), _AT_ONCE):
            with db.system_scope(actor="demo"), db.transaction() as session:
                refresh(session, made[start : start + _AT_ONCE])
        connection.autocommit = True
        with connection.cursor() as cursor:
            for table in ("supplier_products", "supplier_variants", "inventory_levels", "catalog_entries"):
                cursor.execute(f"vacuum analyze {table}")
    finally:
        connection.close()
    return written, variants


def _batches(products: Iterable[MadeProduct]) -> Iterator[list[MadeProduct]]:
    waiting = iter(products)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield batch


class _Ids:
    """UUIDv7 in order, and the same for the same moment: what is made twice is the same twice."""

    def __init__(self, now: datetime) -> None:
        self._milliseconds = int((now - timedelta(days=1)).timestamp() * 1000)
        self._count = 0

    def next(self) -> str:
        """The next one."""
        self._count += 1
        at, rest = self._milliseconds + (self._count >> 12), self._count & 0xFFF
        head = f"{at:012x}"
        # The last part only has to differ.
        return f"{head[:8]}-{head[8:]}-7{rest:03x}-8000-{self._count:012x}"


def _copy_batch(
    cursor: Any, batch: Sequence[MadeProduct], places: Sequence[Place], ids: _Ids, now: datetime
) -> list[UUID]:
    """Returns the products' ids."""
    made: list[UUID] = []
    products, variants, levels = io.StringIO(), io.StringIO(), io.StringIO()
    for one in batch:
        place = places[one.seller]
        product_id, supplier_id = ids.next(), str(place.supplier_id)
        made.append(UUID(product_id))
        changed = (now - timedelta(days=one.age)).isoformat()
        category_id, source = place.categories[one.kind.category]
        costs = [variant.cost for variant in one.variants]
        _row(products, product_id, supplier_id, one.handle, one.title, one.description, one.brand, category_id, source,
             _json(list(one.option_names)), _json(list(one.tags)), "active", "USD", min(costs), max(costs),
             any(variant.stock for variant in one.variants),
             folded([one.title, one.brand, *one.tags, *(variant.sku for variant in one.variants)]),
             changed, changed)  # fmt: skip
        for position, variant in enumerate(one.variants):
            _variant_rows(variants, levels, variant, position, product_id, place, ids, changed, now.isoformat())
    for table, columns, content in (
        ("supplier_products", _PRODUCT, products),
        ("supplier_variants", _VARIANT, variants),
        ("inventory_levels", _LEVEL, levels),
    ):
        content.seek(0)
        cursor.copy_expert(f"copy {table} ({', '.join(columns)}) from stdin", content)
    return made


def _variant_rows(variants: io.StringIO, levels: io.StringIO, variant: MadeVariant, position: int, product_id: str,
                  place: Place, ids: _Ids, changed: str, counted: str) -> None:  # fmt: skip
    variant_id, supplier_id = ids.next(), str(place.supplier_id)
    _row(variants, variant_id, product_id, supplier_id, variant.sku, variant.gtin, _json(variant.options),
         variant.cost, variant.msrp, variant.map_price, _json(variant.tiers), "USD", variant.grams, "active",
         position, changed)  # fmt: skip
    _row(levels, ids.next(), supplier_id, variant_id, place.location_id, variant.stock, counted, counted)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _row(into: io.StringIO, *values: object) -> None:
    """One line of COPY's text format."""
    into.write(
        "\t".join(
            "\\N" if value is None else value.translate(_ESCAPES) if isinstance(value, str) else str(value)
            for value in values
        )
    )
    into.write("\n")
