"""Taking a checked file over into the catalogue and the stock, product by product, in batches that may be repeated.

Batches of nothing but new products are made by the database (``creating``), and may be taken over two at once, in two
transactions: what they write is never the same row, and what many products share, their categories, is there before
(``prepare_batch``). Products go in the order of their first rows, so that what many indexes are sorted by comes in that
order as well, and are finished one batch after the other, so that how far a run got is one row.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.categories.service import place
from app.catalog.models import SupplierVariant
from app.catalog.service import (
    CatalogChange,
    PriceChange,
    ProductRecord,
    Saved,
    VariantRecord,
    one_at_a_time,
    save_products,
    set_prices,
    titles_by_category,
)
from app.db import add_rows, table_of
from app.feeds.events import FeedFinished
from app.feeds.missing import origin_of
from app.feeds.models import FeedRow, FeedRun, FeedRunChange
from app.feeds.rules.fields import untold
from app.feeds.service.blocks import NoLongerWanted
from app.feeds.service.changes import Change, note_changes, note_figures
from app.feeds.service.checking import ACCEPTED
from app.feeds.service.creating import create_batch, first_said
from app.feeds.service.marking import keep_marks
from app.feeds.service.new_rows import MOST_OPTIONS, PRODUCTS_AT_ONCE, ROWS_AT_ONCE
from app.inventory.rules import STOCK_CHOICES
from app.inventory.service import StockChoice, StockFigure, choose_stock, keep_times, set_figures
from app.kit import clock
from app.kit.in_turn import Turn
from app.outbox.service import emit
from app.suppliers.models import Supplier


@dataclass(frozen=True, slots=True)
class Batch:
    """Products that are taken over in one transaction: the rows of the file that tell of them, in order, the first row
    of the last of them, and whether all of their SKUs were new when the file was checked. ``begins``: the first rows of
    all, where each one's rows stand together and no others among them."""

    rows: Sequence[int]
    last: int
    new: bool
    begins: Sequence[int] | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch with what its rows say: SKU → units in stock where they tell them, products, SKU → record of files of
    stock and prices, handle → mark. Of nothing but ``new`` products there are only how many they are and their titles
    by category: what else their rows say stays in the database."""

    batch: Batch
    new: bool
    count: int
    titles: dict[str, list[str]]
    figures: Mapping[str, int]
    products: Sequence[ProductRecord]
    told: Mapping[str, Mapping[str, Any]]
    marks: Mapping[str, str]


_ROWS_OF_PRODUCTS = text(
    """
    select min(row) as first, array_agg(row), bool_and(action in ('new', 'merged')),
        max(row) - min(row) + 1 = count(*) from feed_rows
    where run_id = :run and not same and action in ('new', 'changed', 'unchanged', 'merged')
    group by handle having bool_or(action <> 'merged') and min(row) > :after
        and (cast(:behind as text) is null or handle > :behind)
    order by first
    """
)
_ROWS = (
    select(*(table_of(FeedRow).c[name] for name in ("row", "handle", "sku", "action", "record", "mark")))
    .where(FeedRow.run_id == bindparam("run"), FeedRow.row == any_(bindparam("rows", type_=ARRAY(Integer))))
    .order_by(FeedRow.row)
)


def plan_batches(session: Session, run_id: UUID) -> list[Batch]:
    """What of a run is still to be taken over, in order; a product's rows may stand anywhere in the file."""
    run = session.get_one(FeedRun, run_id)
    # An earlier version went by the handles, and a run that it began is not gone through again: what was changed since
    # would be changed back.
    places = {"after": run.counts.get("applied_row", 0), "behind": run.counts.get("applied_to")}
    found = session.execute(_ROWS_OF_PRODUCTS, {"run": run_id, **places})
    batches = []
    for some in _parts(found):
        rows = array("i", sorted(chain.from_iterable(theirs for _, theirs, _, _ in some)))
        whole = all(together for _, _, _, together in some) and rows[-1] - rows[0] + 1 == len(rows)
        begins = array("i", [first for first, _, _, _ in some]) if whole else None
        batches.append(Batch(rows, some[-1][0], all(new for _, _, new, _ in some), begins))
    return batches


def _parts(products: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """What is taken over in one transaction each."""
    some: list[Sequence[Any]] = []
    rows = 0
    for product in products:
        some.append(product)
        rows += len(product[1])
        if len(some) == PRODUCTS_AT_ONCE or rows >= ROWS_AT_ONCE:
            yield some
            some, rows = [], 0
    if some:
        yield some


def prepare_batch(session: Session, run_id: UUID, batch: Batch, *, alone: bool = False) -> Prepared | None:
    """Read what a batch's rows say, and find the places of its categories. ``alone``: compare it with what stands,
    though all of it was new. None when nobody wants it any more. It may be repeated."""
    run = session.get_one(FeedRun, run_id)
    if run.state != "APPLYING":
        return None
    said = (
        first_said(session, run, batch.rows, batch.begins) if batch.new and run.kind == "full" and not alone else None
    )
    if said is not None:
        place(session, run.supplier_id, said[0])
        return Prepared(batch, True, said[1], said[0], {}, (), {}, {})
    rows = session.connection().execute(_ROWS, {"run": run_id, "rows": list(batch.rows)}).all()
    accepted = [row for row in rows if row.action in ACCEPTED]
    groups: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        groups[row.handle].append(row)
    products: list[ProductRecord] = []
    if run.kind == "full":
        products = [_product(handle, theirs) for handle, theirs in groups.items()]
        place(session, run.supplier_id, titles_by_category(products))
    return Prepared(
        batch,
        False,
        len(groups),
        {},
        {row.sku: row.record["stock"] for row in accepted if "stock" in row.record},
        products,
        {row.sku: row.record for row in accepted} if run.kind == "stock_price" else {},
        # Rows that were not one block without complaints have no mark, and neither has their product then.
        {handle: theirs[0].mark if len({row.mark for row in theirs}) == 1 else "" for handle, theirs in groups.items()},
    )


def apply_batch(session: Session, run_id: UUID, prepared: Prepared, turn: Turn) -> None:
    """Take over some products of a run. Raises ``NoLongerWanted``, what ``Turn.come`` raises, and ``IntegrityError``
    where something that was new is there meanwhile: it is to be prepared ``alone`` then.

    How far it got is kept in the same transaction, so a repetition after a crash goes on where it stopped.
    """
    if not prepared.new:
        turn.come()
    run = session.get_one(FeedRun, run_id)
    if run.kind == "full":
        one_at_a_time(session, run.supplier_id, beside_others=prepared.new)
    if prepared.new:
        # Whoever waits for us must not hold what we wait for.
        keep_times(session, run.supplier_id)
        turn.let_next_begin()
        create_batch(session, run, prepared.batch.rows, prepared.batch.begins, prepared.titles)
    else:
        _save_batch(session, run, prepared)
    turn.come()
    session.refresh(run, with_for_update=True)
    if run.state != "APPLYING":
        raise NoLongerWanted
    run.counts = {
        **run.counts,
        "applied_row": prepared.batch.last,
        "applied": run.counts.get("applied", 0) + prepared.count,
    }


def _save_batch(session: Session, run: FeedRun, prepared: Prepared) -> None:
    """Take over what differs from what stands."""
    if run.kind == "stock_price":
        saved = _change_costs(session, run.supplier_id, prepared.told)
    else:
        currency = session.scalars(select(Supplier.currency).where(Supplier.id == run.supplier_id)).one()
        saved = save_products(
            session,
            run.supplier_id,
            currency,
            prepared.products,
            untold=untold(run.mapping.values()),
            locked=True,
        )
    _set_figures(session, run, prepared, saved)
    _write_down(session, run, saved)
    if run.kind == "stock_price":
        _choose_stock(session, run, prepared.told, saved.variants)
    else:
        keep_marks(session, run.supplier_id, prepared.marks, saved)


def _set_figures(session: Session, run: FeedRun, prepared: Prepared, saved: Saved) -> None:
    told = [
        StockFigure(saved.variants[sku], units, run.created_at)
        for sku, units in prepared.figures.items()
        if sku in saved.variants
    ]
    if told:
        origin = origin_of(run) if run.kind == "full" else None
        results = set_figures(session, run.supplier_id, told, because=f"feed_run:{run.id}", origin_id=origin)
        known = [pair for pair in zip(told, results, strict=True) if pair[0].variant_id not in saved.created]
        note_figures(session, run, known)


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


def _change_costs(session: Session, supplier_id: UUID, told: Mapping[str, Mapping[str, Any]]) -> Saved:
    """Take over wholesale prices and their steps that are told and new, of the SKUs that are still there."""
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


def _choose_stock(
    session: Session, run: FeedRun, records: Mapping[str, Mapping[str, Any]], variants: Mapping[str, UUID]
) -> None:
    """Take over safety stocks and limits that are told."""
    choices = {
        variants[sku]: StockChoice(frozenset(told), **told)
        for sku, record in records.items()
        if sku in variants and (told := {name: record[name] for name in STOCK_CHOICES if name in record})
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
    accepted = [row for row in rows if row.action in ACCEPTED]
    texts: dict[str, Any] = next((row.record for row in rows if row.record.get("title")), {})
    images: dict[str, str] = {}
    for row in rows:
        for url, alt in row.record.get("images", []):
            images.setdefault(url, alt)
    variants = [_variant(row) for row in accepted]
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))[:MOST_OPTIONS]
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
