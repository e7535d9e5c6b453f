"""Undoing changes of the catalogue, as far as nobody has changed the same since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.catalog.pictures.queries import known_pictures
from app.catalog.rules import folded
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.service.saving import CatalogChange, one_at_a_time, refresh_ranges
from app.db import Base, add_rows, change_rows, table_of
from app.kit import clock
from app.kit.ids import new_id

_SEARCHED = ("title", "brand", "tags")
Json = dict[str, Any]


@dataclass(slots=True)
class Restored:
    """What became of undoing one change: the columns that are as before again, those that were ``left`` because
    they are neither as before nor as the change made them, with their values today, and the variants whose offer
    has changed by it."""

    back: list[str] = field(default_factory=list)
    left: Json = field(default_factory=dict)


def restore(
    session: Session, supplier_id: UUID, changes: Sequence[CatalogChange], *, keep: Collection[UUID] = ()
) -> tuple[list[Restored], set[UUID]]:
    """Undo changes of a supplier's products and variants: each column that still is as the change made it goes back to
    what it was before; what was created is ended, but for the variants to ``keep``. Nothing is deleted. Returns what
    became of each change, in their order, and the variants that are offered now and were not, or the other way.
    Repeated, it changes nothing more."""
    one_at_a_time(session, supplier_id)
    kept = set(keep)
    of_created = {
        UUID(str(one)) for change in changes if change.created and change.kind == "product"
        for one in change.after.get("variants", ())
    }  # fmt: skip
    variants = _rows(
        session, SupplierVariant, supplier_id, {*of_created, *(c.target_id for c in changes if c.kind == "variant")}
    )
    products = _rows(session, SupplierProduct, supplier_id, {c.target_id for c in changes if c.kind == "product"})
    pictures = _pictures(session, [c.target_id for c in changes if "pictures" in c.after])
    new_products: dict[UUID, Json] = {}
    new_variants: dict[UUID, Json] = {}
    new_pictures: dict[UUID, list[Json]] = {}
    results = []
    for change in changes:
        result = Restored()
        results.append(result)
        row = (products if change.kind == "product" else variants).get(change.target_id)
        news = (new_products if change.kind == "product" else new_variants).setdefault(change.target_id, {})
        if row is None:
            continue
        if change.created:
            theirs = change.after.get("variants", [change.target_id])
            ended = [UUID(str(one)) for one in theirs if UUID(str(one)) not in kept]
            for one in ended:
                if variants.get(one, {}).get("status") == "active":
                    new_variants.setdefault(one, {})["status"] = "ended"
            if len(ended) < len(theirs):
                result.left["status"] = row["status"]
            else:
                result.back.append("status")
                if change.kind == "product" and row["status"] != "ended":
                    news.update(status="ended", ended_by_feed=True)
            continue
        for name, after in change.after.items():
            today = pictures.get(change.target_id, []) if name == "pictures" else row.get(name)
            if today == after:
                result.back.append(name)
                if name == "pictures":
                    new_pictures[change.target_id] = change.before[name]
                else:
                    news[name] = change.before[name]
            elif today != change.before[name]:
                result.left[name] = today
        if change.kind == "product" and news.get("status", "ended") != "ended":
            news["ended_by_feed"] = False
    _put_back_pictures(session, new_pictures)
    _write(session, SupplierVariant, new_variants)
    _write(session, SupplierProduct, new_products)
    touched = {one for one, news in new_products.items() if news} | set(new_pictures)
    for one, news in new_variants.items():
        if news:
            touched |= {
                UUID(variants[one]["product_id"]),
                UUID(str(news.get("product_id", variants[one]["product_id"]))),
            }
    _search_again(session, [one for one, news in new_products.items() if any(name in news for name in _SEARCHED)])
    session.flush()
    refresh_ranges(session, touched)
    tell_of_changes(session, supplier_id, touched)
    return results, {one for one, news in new_variants.items() if "status" in news}


def _rows(session: Session, model: type[Base], supplier_id: UUID, ids: Collection[UUID]) -> dict[UUID, Json]:
    """Rows as JSON keeps them, locked in the order of their ids."""
    if not ids:
        return {}
    table = table_of(model)
    found = session.connection().execute(
        select(table)
        .where(table.c.id.in_(ids), table.c.supplier_id == supplier_id)
        .order_by(table.c.id)
        .with_for_update()
    )
    return {row["id"]: orjson.loads(orjson.dumps(dict(row), default=str)) for row in found.mappings()}


def _pictures(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, list[Json]]:
    found: dict[UUID, list[Json]] = {}
    if product_ids:
        for row in session.connection().execute(
            select(table_of(ProductImage))
            .where(ProductImage.product_id.in_(product_ids), ProductImage.uploaded.is_(False))
            .order_by(ProductImage.product_id, ProductImage.position)
        ):
            shown = {"url": row.url, "alt": row.alt, "alt_owned": row.alt_owned}
            found.setdefault(row.product_id, []).append(shown)
    return found


def _put_back_pictures(session: Session, pictures: Mapping[UUID, Sequence[Json]]) -> None:
    if not pictures:
        return
    session.execute(
        delete(ProductImage).where(ProductImage.product_id.in_(list(pictures)), ProductImage.uploaded.is_(False))
    )
    sent = {
        (row.product_id, row.url)
        for row in session.execute(
            select(ProductImage.product_id, ProductImage.url).where(ProductImage.product_id.in_(list(pictures)))
        )
    }
    known = known_pictures(session, {one["url"] for shown in pictures.values() for one in shown})
    add_rows(
        session,
        ProductImage,
        [
            {**one, "id": new_id(), "product_id": product, "position": position, "sha256": known.get(one["url"])}
            for product, shown in pictures.items()
            for position, one in enumerate(shown)
            if (product, one["url"]) not in sent
        ],
    )


def _write(session: Session, model: type[Base], news: Mapping[UUID, Json]) -> None:
    now = clock.now()
    change_rows(session, model, [{"id": one, **values, "updated_at": now} for one, values in news.items() if values])


def _search_again(session: Session, product_ids: Sequence[UUID]) -> None:
    """Words that products are found by follow their texts, which may come from the change's past and from later."""
    if not product_ids:
        return
    skus: dict[UUID, list[str]] = {one: [] for one in product_ids}
    for product, sku in session.execute(
        select(SupplierVariant.product_id, SupplierVariant.sku)
        .where(SupplierVariant.product_id.in_(product_ids), SupplierVariant.status == "active")
        .order_by(SupplierVariant.position, SupplierVariant.id)
    ):
        skus[product].append(sku)
    rows = session.execute(
        select(SupplierProduct.id, SupplierProduct.title, SupplierProduct.brand, SupplierProduct.tags).where(
            SupplierProduct.id.in_(product_ids)
        )
    )
    change_rows(
        session,
        SupplierProduct,
        [{"id": row.id, "search_text": folded([row.title, row.brand, *row.tags, *skus[row.id]])} for row in rows],
    )
