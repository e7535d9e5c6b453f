"""What taking a file over would mean for the stores that list a supplier's products, before anybody decides on it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.feeds.missing import due_variants
from app.feeds.models import FeedRun
from app.listings.rules import FAILED, LIVE, OUT_OF_SYNC, PUSHING
from app.orders.rules import CANCELLED, DELIVERED, RETURNED, SHIPPED

_SEEN = [PUSHING, LIVE, OUT_OF_SYNC, FAILED]
_DONE = [SHIPPED, DELIVERED, CANCELLED, RETURNED]
_EFFECTS = text(
    """
    with told as materialized (
        select variant.id as variant_id,
            (line.changes -> 'stock' ->> 0)::numeric > 0 and (line.changes -> 'stock' ->> 1)::numeric = 0 as sold_out,
            line.changes ? 'cost' as moved,
            line.changes -> 'status' ->> 0 = 'active' and line.changes -> 'status' ->> 1 <> 'active' as hidden
        from feed_rows as line
        join supplier_variants as variant on variant.supplier_id = :supplier and variant.sku = line.sku
        where line.run_id = :run and line.action = 'changed' and line.changes ?| array['stock', 'cost', 'status']
        union all
        select unnest(cast(:gone as uuid[])), not cast(:ends as boolean), false, cast(:ends as boolean)
    ), effects as materialized (
        select variant_id, effect from told cross join lateral (
            values ('stock', sold_out), ('price', moved), ('hidden', hidden)
        ) as one(effect, holds) where holds
    ), listed as (
        select effect, count(distinct listing.id) as listings, count(distinct listing.store_id) as stores,
            count(distinct listing.retailer_id) as retailers
        from effects
        join listing_variants as shown on shown.variant_id = effects.variant_id and shown.enabled
        join listings as listing on listing.id = shown.listing_id
        where listing.supplier_id = :supplier and listing.published and listing.state = any(:seen)
            and (effect <> 'stock' or shown.wanted_quantity > 0)
            and (effect <> 'price' or (shown.own_price is null and not listing.owned_fields ? 'price'))
        group by effect
    ), waiting as (
        select effect, count(distinct line.purchase_order_id) as orders
        from purchase_orders as placed
        join purchase_order_lines as line
            on line.purchase_order_id = placed.id and line.quantity > line.shipped + line.cancelled
        join effects on effects.variant_id = line.variant_id and effect <> 'price'
        where placed.supplier_id = :supplier and placed.status <> all(:done)
        group by effect
    )
    select effect, coalesce(listings, 0) as listings, coalesce(stores, 0) as stores,
        coalesce(retailers, 0) as retailers, coalesce(orders, 0) as orders
    from listed full join waiting using (effect)
    """
)


@dataclass(frozen=True, slots=True)
class Effect:
    """How many live listings, in how many stores of how many retailers, and how many open purchase orders."""

    listings: int = 0
    stores: int = 0
    retailers: int = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class StoreEffects:
    """What would change in stores: what loses its stock, what follows another wholesale price, what disappears. Orders
    are those that are not shipped of what is sold out or disappears; a price never changes those that are placed."""

    stock: Effect = Effect()
    price: Effect = Effect()
    hidden: Effect = Effect()

    @property
    def any(self) -> bool:
        """Whether a store or an order is concerned at all."""
        return any(one != Effect() for one in (self.stock, self.price, self.hidden))


def store_effects(session: Session, run: FeedRun) -> StoreEffects:
    """What taking a checked run over would do to stores. System scope: listings are their retailers'; only how many
    there are may be shown to the supplier."""
    gone, ends = due_variants(session, run)
    rows = session.execute(
        _EFFECTS, {"run": run.id, "supplier": run.supplier_id, "gone": gone, "ends": ends, "seen": _SEEN, "done": _DONE}
    )
    return StoreEffects(**{row.effect: Effect(row.listings, row.stores, row.retailers, row.orders) for row in rows})
