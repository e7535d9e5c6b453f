"""What a supplier keeps back of its stock, and when it wants to be told that little is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, exists, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.inventory.models import InventoryLevel, LowStock, StockDefaults, StockRule
from app.inventory.rules import LARGEST_QUANTITY, STOCK_CHOICES, StockChoiceName, StockChoices
from app.inventory.service.figures import tell_of_fresh
from app.kit import clock
from app.kit.errors import FieldError, Invalid
from app.notifications.service import resolve

#: What the notice of variants that are low is known by.
LOW_STOCK = "low_stock"


@dataclass(frozen=True, slots=True)
class StockChoice:
    """What is chosen for one variant: the units that are never sold, and at how many free units it is low; None: as for
    all of the supplier's variants. Only what is ``told`` changes."""

    told: frozenset[StockChoiceName]
    safety_stock: int | None = None
    low_stock_at: int | None = None

    def values(self) -> StockChoices:
        """What is told."""
        return {name: getattr(self, name) for name in STOCK_CHOICES if name in self.told}


#: Which of some variants are low today: those on offer, over all locations. A variant without a figure is not.
_LOW = """
    with standing as materialized (
        select variant.id, sum(greatest(level.on_hand - level.reserved, 0)) as free,
            coalesce(min(rule.low_stock_at), min(usual.low_stock_at)) as threshold
        from supplier_variants as variant
        join supplier_products as product on product.id = variant.product_id and product.status = 'active'
        join inventory_levels as level on level.variant_id = variant.id
        left join stock_rules as rule on rule.variant_id = variant.id
        left join stock_defaults as usual on usual.supplier_id = variant.supplier_id
        where variant.supplier_id = :supplier and variant.status = 'active' and {which}
        group by variant.id
    ), low as materialized (select id from standing where free <= threshold),
    gone as (
        delete from low_stock as known
        where known.supplier_id = :supplier and {known} and not exists (select from low where low.id = known.variant_id)
        returning 1
    ), fresh as (
        insert into low_stock (variant_id, supplier_id, since, told_at)
        select id, :supplier, :now, :told from low
        on conflict do nothing
    )
    select count(*) from gone
"""
_LOW_OF_SOME = text(_LOW.format(which="variant.id = any(:ids)", known="known.variant_id = any(:ids)")).bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_LOW_OF_ALL = text(_LOW.format(which="true", known="true"))


def choose_stock(
    session: Session, supplier_id: UUID, choices: Mapping[UUID, StockChoice]
) -> dict[UUID, tuple[StockChoices, StockChoices]]:
    """Choose for variants of one supplier, which the caller has checked to be its own. Returns what was and what is, of
    the variants for which that is not the same. Stores follow. Raises ``Invalid`` for what is out of range."""
    for choice in choices.values():
        _check(choice.values())
    today = {
        row.variant_id: row
        for row in session.scalars(
            select(StockRule)
            .where(StockRule.variant_id.in_(choices), StockRule.supplier_id == supplier_id)
            .order_by(StockRule.variant_id)
            .with_for_update()
        )
    }
    changed: dict[UUID, tuple[StockChoices, StockChoices]] = {}
    rows, now = [], clock.now()
    for variant_id, choice in sorted(choices.items()):
        known = today.get(variant_id)
        was: StockChoices = {name: getattr(known, name, None) for name in STOCK_CHOICES}
        news: StockChoices = {name: value for name, value in choice.values().items() if was[name] != value}
        if news:
            before: StockChoices = {name: was[name] for name in news}
            changed[variant_id] = before, news
            made: dict[str, object] = {name: news.get(name, was[name]) for name in STOCK_CHOICES}
            rows.append({**made, "variant_id": variant_id, "supplier_id": supplier_id, "updated_at": now})
    if not rows:
        return {}
    statement = upsert(StockRule).values(rows)
    columns = (*STOCK_CHOICES, "updated_at")
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["variant_id"],
            set_={name: statement.excluded[name] for name in columns},
        )
    )
    for row in today.values():
        session.expire(row)
    tell_of_fresh(
        session, supplier_id, [variant_id for variant_id, (_, news) in changed.items() if "safety_stock" in news]
    )
    watch_low_stock(session, supplier_id, list(changed), chosen=True)
    return changed


def choose_defaults(session: Session, supplier_id: UUID, *, safety_stock: int, low_stock_at: int | None) -> None:
    """Choose for all of a supplier's variants that have nothing of their own. Stores follow. Raises ``Invalid``."""
    _check({"safety_stock": safety_stock, "low_stock_at": low_stock_at})
    before = session.get(StockDefaults, supplier_id)
    kept_back = before.safety_stock if before else 0
    values = {"safety_stock": safety_stock, "low_stock_at": low_stock_at, "updated_at": clock.now()}
    session.execute(
        upsert(StockDefaults)
        .values(supplier_id=supplier_id, **values)
        .on_conflict_do_update(index_elements=["supplier_id"], set_=values)
    )
    if before is not None:
        session.expire(before)
    if kept_back != safety_stock:
        own = exists().where(StockRule.variant_id == InventoryLevel.variant_id, StockRule.safety_stock.is_not(None))
        follow = session.scalars(
            select(InventoryLevel.variant_id)
            .where(InventoryLevel.supplier_id == supplier_id, ~own)
            .distinct()
            .order_by(InventoryLevel.variant_id)
        ).all()
        tell_of_fresh(session, supplier_id, follow)
    watch_low_stock(session, supplier_id, None, chosen=True)
    audit.record(
        session,
        supplier_id,
        "inventory.defaults_changed",
        "supplier",
        supplier_id,
        details={"safety_stock": safety_stock, "low_stock_at": low_stock_at},
    )


def watch_low_stock(
    session: Session, supplier_id: UUID, variant_ids: Collection[UUID] | None, *, chosen: bool = False
) -> None:
    """Look which of some variants (None: all of the supplier's) are low: one that came to its limit is noted, to be
    told of once; one that rose above it may be told of again. ``chosen``: it is low because somebody just said so, who
    need not be told."""
    now = clock.now()
    asked = {"supplier": supplier_id, "now": now, "told": now if chosen else None}
    if variant_ids is None:
        gone = session.scalar(_LOW_OF_ALL, asked)
    else:
        gone = session.scalar(_LOW_OF_SOME, {**asked, "ids": list(variant_ids)})
    left = select(LowStock.variant_id).where(LowStock.supplier_id == supplier_id).limit(1)
    if gone and session.scalar(left) is None:
        resolve(session, supplier_id, LOW_STOCK)


def suppliers_to_tell(session: Session) -> Sequence[UUID]:
    """Suppliers with variants that are low and of which they were not told."""
    return session.scalars(
        select(LowStock.supplier_id).where(LowStock.told_at.is_(None)).distinct().order_by(LowStock.supplier_id)
    ).all()


def take_untold(session: Session, supplier_id: UUID, now: datetime) -> int:
    """The caller tells a supplier of all its variants that are low: note it. Returns how many are new to it."""
    done = session.execute(
        update(LowStock)
        .where(LowStock.supplier_id == supplier_id, LowStock.told_at.is_(None))
        .values(told_at=now)
        .returning(LowStock.variant_id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def _check(values: Mapping[StockChoiceName, int | None]) -> None:
    wrong = [
        FieldError(name, "out_of_range", f"A whole number from 0 to {LARGEST_QUANTITY}.")
        for name, value in values.items()
        if value is not None and not 0 <= value <= LARGEST_QUANTITY
    ]
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
