"""A supplier's stock, variant by variant, and why each unit moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, func, select, text, true
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.inventory.models import (
    InventoryLevel,
    LowStock,
    Shortfall,
    StockDefaults,
    StockLocation,
    StockMovement,
)
from app.inventory.queries import FIGURE_AS_OF, figure_as_of, own_count
from app.kit.csv_lines import csv_line
from app.kit.errors import NotFound
from app.kit.paging import Page, id_after, page_of, text_after

Show = Literal["", "low", "out", "stale"]
State = Literal["short", "unknown", "stale", "out", "low", "ok"]
#: Columns of the file for changing stock in a spreadsheet. The last three are told and not read.
COLUMNS = ("sku", "stock", "safety_stock", "low_stock_at", "title", "ordered", "as_of")
_CHUNK = 2000

#: ``stock``: over all locations.
_LINES = f"""
    select variant.id, variant.sku, variant.options, product.id as product_id, product.title,
        stock.on_hand, stock.reserved, stock.free, stock.as_of,
        rule.safety_stock as own_safety, rule.low_stock_at as own_low,
        coalesce(usual.safety_stock, 0) as usual_safety, usual.low_stock_at as usual_low,
        low.variant_id is not null as low, short.missing,
        variant.status = 'active' and product.status = 'active' as offered
    from supplier_variants as variant
    join supplier_products as product on product.id = variant.product_id
    left join lateral (
        select sum(level.on_hand)::int as on_hand, sum(level.reserved)::int as reserved,
            sum(greatest(level.on_hand - level.reserved, 0))::int as free, min({FIGURE_AS_OF}) as as_of
        from inventory_levels as level where level.variant_id = variant.id
    ) as stock on true
    left join stock_rules as rule on rule.variant_id = variant.id
    left join stock_defaults as usual on usual.supplier_id = variant.supplier_id
    left join low_stock as low on low.variant_id = variant.id
    left join lateral (
        select sum(missing)::int as missing from shortfalls as open
        where open.variant_id = variant.id and open.supplier_id = :supplier and open.resolved_at is null
    ) as short on true
    where variant.supplier_id = :supplier
"""  # noqa: S608 - a constant of this package's queries
_SHOWN = "variant.status = 'active' and product.status <> 'ended'"
_CONDITIONS: dict[str, str] = {
    "low": "low.variant_id is not null",
    "out": "stock.free - coalesce(rule.safety_stock, usual.safety_stock, 0) <= 0",
    "stale": "stock.as_of < :stale_before",
}


@dataclass(frozen=True, slots=True)
class StockLine:
    """One variant. ``free`` None: nobody has told its stock yet. ``own_safety`` and ``own_low`` are what was chosen for
    it, None where that for all counts, which ``safety_stock`` and ``low_stock_at`` take into account. ``for_sale`` is
    what stores are shown before their own buffers. ``missing``: units that are promised and not there."""

    id: UUID
    sku: str
    options: dict[str, str]
    product_id: UUID
    title: str
    on_hand: int
    reserved: int
    free: int | None
    as_of: datetime | None
    own_safety: int | None
    own_low: int | None
    safety_stock: int
    low_stock_at: int | None
    for_sale: int
    missing: int
    state: State


def stock_lines(
    session: Session,
    supplier_id: UUID,
    *,
    show: Show = "",
    search: str = "",
    stale_before: datetime,
    limit: int,
    cursor: str | None,
) -> Page[StockLine]:
    """A supplier's variants that are not ended, by SKU. Figures from before ``stale_before`` are too old to be shown in
    stores. ``search``: parts of its SKU, and of its product's title and brand."""
    conditions = [_SHOWN, "variant.sku > :after"]
    if show:
        conditions.append(_CONDITIONS[show])
    asked: dict[str, Any] = {"after": text_after(cursor) if cursor else ""}
    # Not the product's own search text, which holds the SKUs of all its variants.
    for number, word in enumerate(search.lower().split()[:5]):
        conditions.append(f"lower(variant.sku || ' ' || product.title || ' ' || product.brand) like :word{number}")
        asked[f"word{number}"] = f"%{_literal(word)}%"
    rows = _rows(session, supplier_id, conditions, stale_before, limit + 1, asked)
    return page_of(list(rows), limit, lambda one: [one.sku])


def stock_line(session: Session, supplier_id: UUID, variant_id: UUID, *, stale_before: datetime) -> StockLine:
    """One variant of a supplier, also one that is ended. Raises ``NotFound``."""
    for found in _rows(session, supplier_id, ["variant.id = :variant"], stale_before, 1, {"variant": variant_id}):
        return found
    raise NotFound("variant")


def stock_csv(session: Session, supplier_id: UUID) -> Iterator[str]:
    """The lines of a file with all variants that are not ended, to change in a spreadsheet and upload again. ``stock``
    is what the supplier counts as free, who does not know of orders that are not paid yet."""
    yield csv_line(COLUMNS)
    after, never = "", datetime(1970, 1, 1, tzinfo=UTC)
    while True:
        asked = {"after": after}
        lines = list(_rows(session, supplier_id, [_SHOWN, "variant.sku > :after"], never, _CHUNK, asked))
        if not lines:
            return
        count = own_count().lateral("counted")
        units = {
            variant_id: units
            for variant_id, units in session.execute(
                select(SupplierVariant.id, count.c.units)
                .join(count, true())
                .where(SupplierVariant.id.in_([one.id for one in lines]))
            )
        }
        for one in lines:
            yield csv_line(
                (
                    one.sku,
                    "" if one.free is None else units[one.id],
                    "" if one.own_safety is None else one.own_safety,
                    "" if one.own_low is None else one.own_low,
                    one.title,
                    one.reserved,
                    one.as_of.isoformat(timespec="seconds") if one.as_of else "",
                )
            )
        after = lines[-1].sku


def low_count(session: Session, supplier_id: UUID) -> int:
    """How many of a supplier's variants are running low."""
    return (
        session.scalar(
            select(func.count())
            .select_from(LowStock)
            .join(SupplierVariant, SupplierVariant.id == LowStock.variant_id)
            .where(LowStock.supplier_id == supplier_id, SupplierVariant.status == "active")
        )
        or 0
    )


def defaults_of(session: Session, supplier_id: UUID) -> tuple[int, int | None]:
    """What holds for variants without a choice of their own: units never sold, and the units at which one is low."""
    found = session.get(StockDefaults, supplier_id)
    return (found.safety_stock, found.low_stock_at) if found else (0, None)


def levels_of(session: Session, supplier_id: UUID, variant_id: UUID) -> list[tuple[str, InventoryLevel, datetime]]:
    """A variant's stock at each of its supplier's locations, by the location's name, and for when its figure holds."""
    rows = session.execute(
        select(StockLocation.name, InventoryLevel, figure_as_of())
        .join(StockLocation, StockLocation.id == InventoryLevel.location_id)
        .where(InventoryLevel.variant_id == variant_id, InventoryLevel.supplier_id == supplier_id)
        .order_by(StockLocation.is_default.desc(), StockLocation.name)
    )
    return [(name, level, as_of) for name, level, as_of in rows]


def movements(
    session: Session, supplier_id: UUID, variant_id: UUID, *, limit: int, cursor: str | None
) -> Page[StockMovement]:
    """Each change of a variant's stock, newest first."""
    levels = select(InventoryLevel.id).where(
        InventoryLevel.variant_id == variant_id, InventoryLevel.supplier_id == supplier_id
    )
    query = (
        select(StockMovement)
        .where(StockMovement.level_id.in_(levels), StockMovement.supplier_id == supplier_id)
        .order_by(StockMovement.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(StockMovement.id < id_after(cursor))
    return page_of(session.scalars(query).all(), limit, lambda one: [one.id])


def shortfalls(
    session: Session, supplier_id: UUID, *, variant_id: UUID | None = None, limit: int, cursor: str | None = None
) -> Page[tuple[Shortfall, SupplierVariant]]:
    """Shortfalls that are not over, newest first, each with its variant."""
    query = (
        select(Shortfall, SupplierVariant)
        .join(SupplierVariant, SupplierVariant.id == Shortfall.variant_id)
        .where(Shortfall.supplier_id == supplier_id, Shortfall.resolved_at.is_(None))
        .order_by(Shortfall.id.desc())
        .limit(limit + 1)
    )
    if variant_id is not None:
        query = query.where(Shortfall.variant_id == variant_id)
    if cursor:
        query = query.where(Shortfall.id < id_after(cursor))
    found = [(shortfall, variant) for shortfall, variant in session.execute(query)]
    return page_of(found, limit, lambda one: [one[0].id])


def _rows(
    session: Session,
    supplier_id: UUID,
    conditions: list[str],
    stale_before: datetime,
    limit: int,
    asked: dict[str, Any],
) -> Iterator[StockLine]:
    where = " and ".join(conditions)
    statement = text(f"{_LINES} and {where} order by variant.sku limit :limit")
    if ":stale_before" in statement.text:
        asked = {**asked, "stale_before": stale_before}
    for row in session.execute(statement, {**asked, "supplier": supplier_id, "limit": limit}):
        yield _line(row, stale_before)


def _line(row: Row[Any], stale_before: datetime) -> StockLine:
    safety = row.usual_safety if row.own_safety is None else row.own_safety
    for_sale = max(0, (row.free or 0) - safety)
    state: State = "ok"
    stale = row.as_of is not None and row.as_of < stale_before
    if row.missing:
        state = "short"
    elif row.free is None:
        state = "unknown"
    elif stale:
        state = "stale"
    elif not for_sale:
        state = "out"
    elif row.low:
        state = "low"
    return StockLine(
        id=row.id,
        sku=row.sku,
        options=row.options,
        product_id=row.product_id,
        title=row.title,
        on_hand=row.on_hand or 0,
        reserved=row.reserved or 0,
        free=row.free,
        as_of=row.as_of,
        own_safety=row.own_safety,
        own_low=row.own_low,
        safety_stock=safety,
        low_stock_at=row.usual_low if row.own_low is None else row.own_low,
        for_sale=0 if stale or not row.offered else for_sale,
        missing=row.missing or 0,
        state=state,
    )


def _literal(word: str) -> str:
    """A word for ``like``, its wildcards as plain letters."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
