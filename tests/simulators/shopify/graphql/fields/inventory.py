"""Inventory items, levels, locations and fulfilment services."""

from __future__ import annotations

import uuid
from typing import Any

from tests.simulators.shopify.counting import Adjustment
from tests.simulators.shopify.gid import gid, level_gid
from tests.simulators.shopify.graphql.call import number
from tests.simulators.shopify.graphql.fields.reading import (
    Resolve,
    attribute,
    constant,
    global_id,
    legacy_id,
    times,
)
from tests.simulators.shopify.graphql.paging import page
from tests.simulators.shopify.graphql.problems import BadInput
from tests.simulators.shopify.records import Address, InventoryItem, Level, Location, StockChange

_NAMES = ("available", "committed", "on_hand", "incoming", "reserved", "damaged", "safety_stock", "quality_control")
_ADDRESS_FIELDS = ("address1", "address2", "city", "country", "phone", "province", "zip")


def _quantities(level: Level, _info: Any, names: list[str]) -> list[dict[str, Any]]:
    found = []
    for name in names:
        if name not in _NAMES:
            raise BadInput(f"The quantity name '{name}' is invalid.", "BAD_REQUEST")
        found.append(
            {
                "id": f"gid://shopify/InventoryQuantity/{level.location_id}?inventory_item_id={level.item_id}&name={name}",
                "name": name,
                "quantity": getattr(level, name, 0),
                "updatedAt": level.updated_at,
            }
        )
    return found


def _level_at(item: InventoryItem, info: Any, locationId: str, includeInactive: bool = False) -> Level | None:  # noqa: N803
    level = info.context.shop.level(item.id, number(locationId, "Location"))
    return level if level is not None and (level.active or includeInactive) else None


def _level_of(place: Location, info: Any, inventoryItemId: str, includeInactive: bool = False) -> Level | None:  # noqa: N803
    level = info.context.shop.level(number(inventoryItemId, "InventoryItem"), place.id)
    return level if level is not None and (level.active or includeInactive) else None


def _by_location(level: Level) -> tuple[Any, int]:
    return level.location_id, level.location_id


def _by_item(level: Level) -> tuple[Any, int]:
    return level.item_id, level.item_id


def _levels_of_item(item: InventoryItem, info: Any, includeInactive: bool = False, **arguments: Any) -> Any:  # noqa: N803
    held = info.context.shop.levels.get(item.id, {}).values()
    return page([level for level in held if level.active or includeInactive], arguments, _by_location)


def _levels_of_place(place: Location, info: Any, includeInactive: bool = False, **arguments: Any) -> Any:  # noqa: N803
    held = (levels.get(place.id) for levels in info.context.shop.levels.values())
    return page([one for one in held if one is not None and (one.active or includeInactive)], arguments, _by_item)


def _place_address(place: Location, _info: Any) -> dict[str, Any]:
    one: Address = place.address
    shaped: dict[str, Any] = {name: getattr(one, name) for name in _ADDRESS_FIELDS}
    lines = [one.address1, one.address2, " ".join(part for part in (one.zip, one.city) if part), one.country]
    return {
        **shaped,
        "countryCode": one.country_code,
        "provinceCode": one.province_code,
        "formatted": [line for line in lines if line],
        "latitude": None,
        "longitude": None,
    }


def _unit_cost(item: InventoryItem, info: Any) -> Any:
    return None if item.cost is None else info.context.money(item.cost)


def _changes(
    group: Adjustment,
    _info: Any,
    inventoryItemIds: list[str] | None = None,  # noqa: N803
    locationIds: list[str] | None = None,  # noqa: N803
    quantityNames: list[str] | None = None,  # noqa: N803
) -> list[StockChange]:
    items = None if inventoryItemIds is None else {number(text, "InventoryItem") for text in inventoryItemIds}
    places = None if locationIds is None else {number(text, "Location") for text in locationIds}
    return [
        one
        for one in group.changes
        if (items is None or one.item_id in items)
        and (places is None or one.location_id in places)
        and (quantityNames is None or one.name in quantityNames)
    ]


INVENTORY: dict[str, dict[str, Resolve]] = {
    "InventoryItem": {
        "id": global_id("InventoryItem"),
        "legacyResourceId": legacy_id,
        **times(),
        "sku": attribute("sku"),
        "tracked": attribute("tracked"),
        "requiresShipping": attribute("requires_shipping"),
        "unitCost": _unit_cost,
        "countryCodeOfOrigin": attribute("country_of_origin"),
        "provinceCodeOfOrigin": attribute("province_of_origin"),
        "harmonizedSystemCode": attribute("harmonized_code"),
        "measurement": lambda item, _info: {
            "id": gid("InventoryItemMeasurement", item.id),
            "weight": {"unit": item.weight_unit, "value": item.weight},
        },
        "inventoryLevel": _level_at,
        "inventoryLevels": _levels_of_item,
        "variant": lambda item, info: info.context.shop.variants[item.variant_id],
        "duplicateSkuCount": lambda item, info: max(len(info.context.shop.skus.get(item.sku, ())) - 1, 0),
        "locationsCount": lambda item, info: {
            "count": sum(level.active for level in info.context.shop.levels.get(item.id, {}).values()),
            "precision": "EXACT",
        },
    },
    "InventoryLevel": {
        "id": lambda level, _info: level_gid(level.item_id, level.location_id),
        **times(),
        "isActive": attribute("active"),
        "quantities": _quantities,
        "item": lambda level, info: info.context.shop.items[level.item_id],
        "location": lambda level, info: info.context.shop.locations[level.location_id],
        "canDeactivate": lambda level, _info: level.committed == 0,
    },
    "InventoryAdjustmentGroup": {
        # These groups are known by a UUID rather than a number.
        "id": lambda group, _info: f"gid://shopify/InventoryAdjustmentGroup/{uuid.UUID(int=group.id)}",
        "createdAt": attribute("created_at"),
        "reason": attribute("reason"),
        "referenceDocumentUri": attribute("reference"),
        "changes": _changes,
    },
    "InventoryChange": {
        "name": attribute("name"),
        "delta": attribute("delta"),
        "quantityAfterChange": attribute("after"),
        "item": lambda one, info: info.context.shop.items.get(one.item_id),
        "location": lambda one, info: info.context.shop.locations.get(one.location_id),
        "ledgerDocumentUri": constant(None),
    },
    "Location": {
        "id": global_id("Location"),
        "legacyResourceId": legacy_id,
        **times(),
        "name": attribute("name"),
        "isActive": attribute("is_active"),
        "isFulfillmentService": lambda place, _info: place.service_id is not None,
        "isPrimary": lambda place, info: place is info.context.shop.primary_location,
        "fulfillmentService": lambda place, info: info.context.shop.services.get(place.service_id),
        "fulfillsOnlineOrders": constant(True),
        "shipsInventory": constant(True),
        "address": _place_address,
        "inventoryLevel": _level_of,
        "inventoryLevels": _levels_of_place,
        "hasActiveInventory": lambda place, info: any(
            place.id in levels and levels[place.id].active for levels in info.context.shop.levels.values()
        ),
    },
    "FulfillmentService": {
        # Shopify's ids of services end in "?id=true".
        "id": lambda service, _info: f"{gid('FulfillmentService', service.id)}?id=true",
        "handle": attribute("handle"),
        "serviceName": attribute("name"),
        "callbackUrl": attribute("callback_url"),
        "inventoryManagement": attribute("inventory_management"),
        "trackingSupport": attribute("tracking_support"),
        "requiresShippingMethod": attribute("requires_shipping_method"),
        "type": constant("THIRD_PARTY"),
        "location": lambda service, info: info.context.shop.locations.get(service.location_id),
    },
}
