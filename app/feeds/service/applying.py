"""Taking a checked file over into the catalogue and the stock, product by product, in batches that may be repeated."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.catalog.service import (
    CatalogChange,
    PriceChange,
    ProductRecord,
    Saved,
    VariantRecord,
    save_products,
    set_prices,
)
from app.db import add_rows, table_of
from app.feeds.events import FeedFinished
from app.feeds.models import FeedRow, FeedRun, FeedRunChange
from app.feeds.rules.fields import untold
from app.feeds.service.changes import Change, note_changes, note_figures
from app.feeds.service.marking import keep_marks
from app.inventory.rules import STOCK_CHOICES
from app.inventory.service import StockChoice, StockFigure, choose_stock, set_figures
from app.kit import clock
from app.outbox.service import emit
from app.suppliers.models import Supplier

#: Products in one transaction.
PRODUCTS_AT_ONCE = 500
_ACCEPTED = ("new", "changed", "unchanged")
_MOST_OPTIONS = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """Products that are taken over in one transaction: the rows of the file that tell of them, and the last handle."""

    rows: Sequence[int]
    last: str


_ROWS_OF_PRODUCTS = text(
    """
    select handle, array_agg(row) from feed_rows
    where run_id = :run and handle > :after and not same and action in ('new', 'changed', 'unchanged', 'merged')
    group by handle having bool_or(action <> 'merged') order by handle
    """
)
_ROWS = (
    select(*(table_of(FeedRow).c[name] for name in ("row", "handle", "sku", "action", "record")))
    .where(FeedRow.run_id == bindparam("run"), FeedRow.row == any_(bindparam("rows", type_=ARRAY(Integer))))
    .order_by(FeedRow.row)
)


def plan_batches(session: Session, run_id: UUID) -> list[Batch]:
    """What of a run is still to be taken over, in order; a product's rows may stand anywhere in the file."""
    run = session.get_one(FeedRun, run_id)
    after = run.counts.get("applied_to", "")
    found = iter(session.execute(_ROWS_OF_PRODUCTS, {"run": run_id, "after": after}))
    batches = []
    while some := list(islice(found, PRODUCTS_AT_ONCE)):
        batches.append(Batch(array("i", chain.from_iterable(rows for _, rows in some)), some[-1][0]))
    return batches


def apply_batch(session: Session, run_id: UUID, batch: Batch) -> bool:
    """Take over some products of a run. False when that is no longer wanted.

    How far it got is kept in the same transaction, so a repetition after a crash goes on where it stopped.
    """
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state != "APPLYING":
        return False
    rows = session.connection().execute(_ROWS, {"run": run_id, "rows": list(batch.rows)}).all()
    groups: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        groups[row.handle].append(row)
    if run.kind == "stock_price":
        saved = _change_costs(session, run.supplier_id, rows)
    else:
        currency = session.scalars(select(Supplier.currency).where(Supplier.id == run.supplier_id)).one()
        products = [_product(handle, theirs) for handle, theirs in sorted(groups.items())]
        saved = save_products(session, run.supplier_id, currency, products, untold=untold(run.mapping.values()))
    figures = [
        StockFigure(saved.variants[row.sku], row.record["stock"], run.created_at)
        for row in rows
        if row.action in _ACCEPTED and "stock" in row.record and row.sku in saved.variants
    ]
    results = set_figures(session, run.supplier_id, figures, because=f"feed_run:{run.id}") if figures else []
    _write_down(session, run, saved)
    note_figures(session, run, list(zip(figures, results, strict=True)), created=saved.created)
    if run.kind == "stock_price":
        _choose_stock(session, run, rows, saved.variants)
    if run.kind == "full":
        keep_marks(session, run.supplier_id, run.id, batch.rows)
    run.counts = {
        **run.counts,
        "applied_to": batch.last,
        "applied": run.counts.get("applied", 0) + len(groups),
    }
    return True


def waits_for_older(session: Session, run_id: UUID) -> bool:
    """Whether an older file of the same source is still being taken over; its prices must not come after newer ones."""
    run = session.get_one(FeedRun, run_id)
    if run.source_id is None:
        return False
    older = select(FeedRun.id).where(
        FeedRun.source_id == run.source_id, FeedRun.id < run.id, FeedRun.state == "APPLYING"
    )
    return session.scalar(older.limit(1)) is not None


def finish_applying(session: Session, run_id: UUID) -> None:
    """All is taken over."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state == "APPLYING":
        run.state, run.applied_at = "APPLIED", clock.now()
        emit(session, FeedFinished(supplier_id=run.supplier_id, run_id=run.id, state=run.state))


def _change_costs(session: Session, supplier_id: UUID, rows: Sequence[Row[Any]]) -> Saved:
    """Take over wholesale prices and their steps that are told and new, of the SKUs that are still there."""
    told = {row.sku: row.record for row in rows if row.action in _ACCEPTED}
    found = session.execute(
        select(
            SupplierVariant.sku, SupplierVariant.id, SupplierVariant.wholesale_price, SupplierVariant.price_tiers
        ).where(SupplierVariant.supplier_id == supplier_id, SupplierVariant.sku.in_(told))
    ).all()
    changes = []
    for row in found:
        news = {
            column: told[row.sku][name]
            for name, column in (("cost", "wholesale_price"), ("tiers", "price_tiers"))
            if name in told[row.sku] and told[row.sku][name] != getattr(row, column)
        }
        if news:
            before = {column: getattr(row, column) for column in news}
            changes.append(CatalogChange(kind="variant", target_id=row.id, before=before, after=news))
    if changes:
        prices = {one.target_id: PriceChange(told=frozenset(one.after), **one.after) for one in changes}
        set_prices(session, supplier_id, prices)
    return Saved({row.sku: row.id for row in found}, frozenset(), changes)


def _choose_stock(session: Session, run: FeedRun, rows: Sequence[Row[Any]], variants: Mapping[str, UUID]) -> None:
    """Take over safety stocks and limits that are told."""
    choices = {
        variants[row.sku]: StockChoice(frozenset(told), **told)
        for row in rows
        if row.action in _ACCEPTED
        and row.sku in variants
        and (told := {name: row.record[name] for name in STOCK_CHOICES if name in row.record})
    }
    changed = choose_stock(session, run.supplier_id, choices) if choices else {}
    changes: list[Change] = []
    for variant_id, (was, news) in changed.items():
        changes.append(("choice", variant_id, dict[str, Any](was.items()), dict[str, Any](news.items())))
    note_changes(session, run, changes)


def _write_down(session: Session, run: FeedRun, saved: Saved) -> None:
    """Keep what is other than before in the catalogue, for undoing it."""
    add_rows(
        session,
        FeedRunChange,
        [
            {
                "run_id": run.id,
                "kind": change.kind,
                "target_id": change.target_id,
                "supplier_id": run.supplier_id,
                "created": change.created,
                "before": change.before,
                "after": change.after,
            }
            for change in saved.changes
        ],
    )


def _product(handle: str, rows: Sequence[Row[Any]]) -> ProductRecord:
    """One product out of its rows: texts from the first row that has them, pictures from all."""
    accepted = [row for row in rows if row.action in _ACCEPTED]
    texts: dict[str, Any] = next((row.record for row in rows if row.record.get("title")), {})
    images: dict[str, str] = {}
    for row in rows:
        for url, alt in row.record.get("images", []):
            images.setdefault(url, alt)
    variants = [_variant(row) for row in accepted]
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))[:_MOST_OPTIONS]
    if _alike(variants, names):
        names = ["Variant"]
        variants = [_variant(row, {"Variant": row.sku}) for row in accepted]
    return ProductRecord(
        handle=handle,
        title=texts.get("title") or accepted[0].sku,
        description=texts.get("description", ""),
        brand=texts.get("brand", ""),
        category=texts.get("category", ""),
        option_names=names,
        tags=texts.get("tags", []),
        images=list(images.items()),
        status=texts.get("status", "active"),
        variants=variants,
    )


def _variant(row: Row[Any], options: dict[str, str] | None = None) -> VariantRecord:
    record = row.record
    return VariantRecord(
        sku=row.sku,
        options=record["options"] if options is None else options,
        wholesale_price=record["cost"],
        gtin=record.get("gtin"),
        msrp=record.get("msrp"),
        map_price=record.get("map"),
        weight_grams=record.get("weight_grams"),
        price_tiers=record.get("tiers", ()),
    )


def _alike(variants: Sequence[VariantRecord], names: Sequence[str]) -> bool:
    """Whether two variants can't be told apart by their options: then each is named after its SKU."""
    told = {tuple(variant.options.get(name, "") for name in names) for variant in variants}
    return len(told) < len(variants)
