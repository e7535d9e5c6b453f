"""Stock as the API changes it: set, adjusted, activated; with the comparison that refuses stale writers.

Since 2026-04 each entry must say what it believes the quantity to be (``changeFromQuantity``), or null to overwrite:
https://shopify.dev/changelog/posts/making-changefromquantity-field-required
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.simulators.shopify import stock
from tests.simulators.shopify.gid import BadGid, split_gid
from tests.simulators.shopify.records import Level, StockChange
from tests.simulators.shopify.refusals import NotAllowed, Refused, RefusedAll, UnknownRecord
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_HIGHEST = 1_000_000_000
REASONS = frozenset(
    {
        "correction", "cycle_count_available", "damaged", "movement_canceled", "movement_created", "movement_received",
        "movement_updated", "other", "promotion", "quality_control", "received", "reservation_created",
        "reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What one call changed."""

    id: int
    created_at: datetime
    reason: str
    reference: str | None
    changes: list[StockChange]


def set_quantities(world: World, shop: Shop, given: Mapping[str, Any]) -> Adjustment | None:
    """Set quantities absolutely; all or nothing. None when all were so already. Raises Refused, RefusedAll."""
    name, reason, reference = _heading(given, "quantities")
    problems: list[Refused] = []
    moves: list[tuple[Level, int]] = []
    seen: set[tuple[int, int]] = set()
    for index, entry in enumerate(given["quantities"]):
        try:
            level = _level(world, shop, entry, index, "quantities")
            _check_entry(level, entry, index, name, seen)
        except Refused as refusal:
            problems.append(refusal)
        else:
            moves.append((level, entry["quantity"] - _current(level, name)))
    if problems:
        raise RefusedAll(problems)
    return _adjust(world, shop, moves, reason, reference)


def adjust_quantities(world: World, shop: Shop, given: Mapping[str, Any]) -> Adjustment | None:
    """Change quantities by deltas; all or nothing. Raises Refused, RefusedAll."""
    name, reason, reference = _heading(given, "changes")
    problems: list[Refused] = []
    moves: list[tuple[Level, int]] = []
    for index, entry in enumerate(given["changes"]):
        try:
            level = _level(world, shop, entry, index, "changes")
            _check_believed(level, entry, index, name, "changes")
        except Refused as refusal:
            problems.append(refusal)
        else:
            moves.append((level, entry["delta"]))
    if problems:
        raise RefusedAll(problems)
    return _adjust(world, shop, moves, reason, reference)


def activate(world: World, shop: Shop, item: int, location: int, available: int | None, on_hand: int | None) -> Level:
    """Stock an item at a location. Quantities can only be given where it is not stocked yet. Raises Refused."""
    goods = shop.items.get(item)
    if goods is None:
        raise UnknownRecord("The product couldn't be stocked because it wasn't found.", field=["inventoryItemId"])
    place = shop.locations.get(location)
    if place is None or not place.is_active:
        raise UnknownRecord("The product couldn't be stocked because the location wasn't found.", field=["locationId"])
    found = shop.level(item, location)
    if found is not None and found.active:
        if available is not None or on_hand is not None:
            raise NotAllowed(
                "Not allowed to set available quantity when the item is already active at the location.",
                field=["available" if available is not None else "onHand"],
            )
        return found
    level = stock.stock_at(world, shop, goods, location)
    wanted = on_hand - level.committed if on_hand is not None else available
    if wanted is not None:
        stock.change(world, shop, level, wanted - level.available, reason="initial", reference=None)
    return level


def deactivate(world: World, shop: Shop, item: int, location: int) -> None:
    """Stop to stock an item at a location. Raises Refused."""
    level = shop.level(item, location)
    if level is None or not level.active:
        raise UnknownRecord("Inventory level does not exist.", field=["inventoryLevelId"])
    if level.committed:
        raise NotAllowed(
            "The product couldn't be unstocked because it has committed units.", field=["inventoryLevelId"]
        )
    if sum(one.active for one in shop.levels[item].values()) == 1:
        raise NotAllowed(
            "The product couldn't be unstocked because products need to be stocked at a minimum of 1 location.",
            field=["inventoryLevelId"],
        )
    level.active = False


def _heading(given: Mapping[str, Any], listed: str) -> tuple[str, str, str | None]:
    name, reason, reference = given["name"], given["reason"], given.get("referenceDocumentUri")
    if name not in ("available", "on_hand") or (listed == "changes" and name != "available"):
        code = "INVALID_NAME" if listed == "quantities" else "INVALID_QUANTITY_NAME"
        raise Refused("The quantity name must be either 'available' or 'on_hand'.", field=["input", "name"], code=code)
    if reason not in REASONS:
        raise Refused("The specified reason is invalid.", field=["input", "reason"], code="INVALID_REASON")
    if reference is not None and "://" not in reference:
        raise Refused(
            "The specified reference document is invalid.",
            field=["input", "referenceDocumentUri"],
            code="INVALID_REFERENCE_DOCUMENT",
        )
    return name, reason, reference


def _level(world: World, shop: Shop, entry: Mapping[str, Any], index: int, listed: str) -> Level:
    where = ["input", listed, str(index)]
    item = _number(entry["inventoryItemId"], "InventoryItem")
    if item not in shop.items:
        raise Refused(
            "The specified inventory item could not be found.",
            field=[*where, "inventoryItemId"],
            code="INVALID_INVENTORY_ITEM",
        )
    location = _number(entry["locationId"], "Location")
    if location not in shop.locations:
        raise Refused(
            "The specified location could not be found.", field=[*where, "locationId"], code="INVALID_LOCATION"
        )
    level = shop.level(item, location)
    if level is None:
        # Since 2026-10 quantities can be changed at any location; that does not stock the item there.
        # https://shopify.dev/changelog/removal-of-itemnotstockedatlocation-error
        now = world.clock.now()
        level = shop.levels[item][location] = Level(item, location, now, now, active=False)
    return level


def _number(text: str, kind: str) -> int:
    # Hundreds of these are parsed per call.
    prefix = f"gid://shopify/{kind}/"
    if text.startswith(prefix) and text[len(prefix) :].isdigit():
        return int(text[len(prefix) :])
    if split_gid(text)[0] != kind:
        raise BadGid(f"Invalid global id '{text}'")
    return 0


def _check_entry(level: Level, entry: Mapping[str, Any], index: int, name: str, seen: set[tuple[int, int]]) -> None:
    key = (level.item_id, level.location_id)
    where = ["input", "quantities", str(index)]
    if key in seen:
        raise Refused(
            "The combination of inventoryItemId and locationId must be unique.",
            field=[*where, "locationId"],
            code="NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
        )
    seen.add(key)
    quantity = entry["quantity"]
    if quantity < 0:
        raise Refused("The quantity can't be negative.", field=[*where, "quantity"], code="INVALID_QUANTITY_NEGATIVE")
    if quantity > _HIGHEST:
        raise Refused(
            "The total quantity can't be higher than 1,000,000,000.",
            field=[*where, "quantity"],
            code="INVALID_QUANTITY_TOO_HIGH",
        )
    _check_believed(level, entry, index, name, "quantities")


def _check_believed(level: Level, entry: Mapping[str, Any], index: int, name: str, listed: str) -> None:
    believed = entry["changeFromQuantity"]
    if believed is not None and believed != _current(level, name):
        raise Refused(
            "The changeFromQuantity argument no longer matches the persisted quantity.",
            field=["input", listed, str(index), "changeFromQuantity"],
            code="CHANGE_FROM_QUANTITY_STALE",
        )


def _current(level: Level, name: str) -> int:
    return level.available if name == "available" else level.on_hand


def _adjust(
    world: World, shop: Shop, moves: Sequence[tuple[Level, int]], reason: str, reference: str | None
) -> Adjustment | None:
    changes: list[StockChange] = []
    for level, delta in moves:
        if delta:
            changes += stock.change(world, shop, level, delta, reason=reason, reference=reference)
    if not changes:
        return None
    return Adjustment(world.ids(), world.clock.now(), reason, reference, changes)
