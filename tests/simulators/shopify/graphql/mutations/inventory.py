"""Stock, inventory items and fulfilment services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.shopify import catalog, counting, services
from tests.simulators.shopify.gid import level_parts
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.mutations.signature import Mutate
from tests.simulators.shopify.graphql.problems import BadInput
from tests.simulators.shopify.refusals import UnknownRecord


def _set_quantities(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["input"]
    _require_belief(wanted["quantities"], "InventoryQuantityInput")
    return {"inventoryAdjustmentGroup": counting.set_quantities(call.world, call.shop, wanted)}


def _adjust_quantities(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["input"]
    _require_belief(wanted["changes"], "InventoryChangeInput")
    return {"inventoryAdjustmentGroup": counting.adjust_quantities(call.world, call.shop, wanted)}


def _require_belief(entries: list[Mapping[str, Any]], kind: str) -> None:
    if any("changeFromQuantity" not in entry for entry in entries):
        raise BadInput(f"{kind} must include the following argument: changeFromQuantity.", "INVALID_FIELD_ARGUMENTS")


def _activate(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    item = number(given["inventoryItemId"], "InventoryItem")
    place = number(given["locationId"], "Location")
    available, on_hand = given.get("available"), given.get("onHand")
    return {"inventoryLevel": counting.activate(call.world, call.shop, item, place, available, on_hand)}


def _deactivate(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    counting.deactivate(call.world, call.shop, *level_parts(given["inventoryLevelId"]))
    return {}


def _item_update(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    item = call.shop.items.get(number(given["id"], "InventoryItem"))
    if item is None:
        raise UnknownRecord("Inventory item does not exist", field=["id"])
    catalog.apply_item(call.world, call.shop, item, given["input"])
    return {"inventoryItem": item}


def _service_create(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"fulfillmentService": services.create(call.world, call.shop, given)}


def _service_update(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    key = number(given["id"], "FulfillmentService")
    return {"fulfillmentService": services.update(call.world, call.shop, key, given)}


def _service_delete(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    destination = given.get("destinationLocationId")
    place = None if destination is None else number(destination, "Location")
    action = given.get("inventoryAction") or "TRANSFER"
    services.delete(call.world, call.shop, number(given["id"], "FulfillmentService"), action, place)
    return {"deletedId": given["id"]}


INVENTORY: dict[str, Mutate] = {
    "inventorySetQuantities": _set_quantities,
    "inventoryAdjustQuantities": _adjust_quantities,
    "inventoryActivate": _activate,
    "inventoryDeactivate": _deactivate,
    "inventoryItemUpdate": _item_update,
    "fulfillmentServiceCreate": _service_create,
    "fulfillmentServiceUpdate": _service_update,
    "fulfillmentServiceDelete": _service_delete,
}
