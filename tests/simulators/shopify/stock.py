"""Units at locations: available ones can be sold, committed ones are sold and not yet shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulators.shopify.records import InventoryItem, Level, StockChange, Variant
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World


def stock_at(world: World, shop: Shop, item: InventoryItem, location: int, available: int = 0) -> Level:
    """Begin to stock an item at a location, or find that it is."""
    found = shop.level(item.id, location)
    if found is not None:
        found.active = True
    else:
        now = world.clock.now()
        found = shop.levels[item.id][location] = Level(item.id, location, now, now)
        if available:
            change(world, shop, found, available, reason="initial", reference=None)
    return found


def change(
    world: World, shop: Shop, level: Level, delta: int, *, reason: str, reference: str | None, committed: int = 0
) -> list[StockChange]:
    """Move the available units by ``delta`` and the committed ones by ``committed``. Returns what changed, in the
    order of the API: available, committed, on_hand."""
    now = world.clock.now()
    level.available += delta
    level.committed += committed
    level.updated_at = now
    moved = (
        ("available", delta, level.available),
        ("committed", committed, level.committed),
        ("on_hand", delta + committed, level.on_hand),
    )
    changes = [
        StockChange(now, level.item_id, level.location_id, name, by, after, reason, reference)
        for name, by, after in moved
        if by
    ]
    shop.stock_history.extend(changes)
    if changes:
        world.courier.publish(shop, "inventory_levels/update", lambda: payloads.level(level))
    return changes


def allocate(shop: Shop, variant: Variant, quantity: int) -> list[tuple[int, int]]:
    """Which locations ship how many: the first that has all of it; else several; what nobody has goes to the first
    that stocks the item (location id, units)."""
    places = [
        level
        for place, level in shop.levels.get(variant.item.id, {}).items()
        if level.active and place in shop.locations and shop.locations[place].is_active
    ]
    if not places:
        return [(shop.primary_location.id, quantity)]
    whole = next((level for level in places if level.available >= quantity), None)
    if whole is not None or not variant.item.tracked:
        return [((whole or places[0]).location_id, quantity)]
    shares = {places[0].location_id: 0}
    missing = quantity
    for level in places:
        taken = min(max(level.available, 0), missing)
        missing -= taken
        if taken:
            shares[level.location_id] = shares.get(level.location_id, 0) + taken
    shares[places[0].location_id] += missing
    return [(place, count) for place, count in shares.items() if count]


def commit(world: World, shop: Shop, item: int, location: int, quantity: int) -> None:
    """Units were sold."""
    level = shop.level(item, location)
    if level is not None and shop.items[item].tracked:
        change(world, shop, level, -quantity, reason="order", reference=None, committed=quantity)


def release(world: World, shop: Shop, item: int, location: int, quantity: int) -> None:
    """Sold units will not be shipped and can be sold again."""
    level = shop.level(item, location)
    if level is not None and shop.items[item].tracked:
        change(world, shop, level, quantity, reason="restock", reference=None, committed=-quantity)


def ship(world: World, shop: Shop, item: int, location: int, quantity: int) -> None:
    """Sold units left the location (negative: they came back to it, still sold)."""
    level = shop.level(item, location)
    if level is not None and shop.items[item].tracked:
        change(world, shop, level, 0, reason="fulfillment", reference=None, committed=-quantity)


def take_back(world: World, shop: Shop, item: int, location: int, quantity: int) -> None:
    """Shipped units were returned and can be sold again."""
    level = shop.level(item, location)
    if level is not None and shop.items[item].tracked:
        change(world, shop, level, quantity, reason="restock", reference=None)
