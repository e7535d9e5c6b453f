"""Fulfilment services: third parties that ship, each with a location of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from slugify import slugify

from tests.simulators.shopify import stock
from tests.simulators.shopify.records import Address, FulfillmentService, Location
from tests.simulators.shopify.refusals import NotAllowed, Refused, UnknownRecord
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World


def create(world: World, shop: Shop, given: Mapping[str, Any]) -> FulfillmentService:
    """Register a service; its location bears its name and the shop's address. Raises Refused."""
    name = given["name"].strip()
    if not name:
        raise Refused("Name can't be blank", field=["name"])
    if any(place.name.lower() == name.lower() for place in shop.locations.values()):
        raise Refused("Name has already been taken", field=["name"])
    if sum(place.is_active for place in shop.locations.values()) >= world.config.location_limit:
        raise NotAllowed("The shop has reached its limit of locations", field=["name"])
    _check_callback(given.get("callbackUrl"))
    now = world.clock.now()
    home = shop.primary_location.address
    address = Address(country=home.country, country_code=home.country_code, zip=home.zip, city=home.city)
    location = Location(world.ids(), name, address, now, now)
    service = FulfillmentService(
        id=world.ids(),
        name=name,
        handle=slugify(name),
        callback_url=given.get("callbackUrl"),
        inventory_management=bool(given.get("inventoryManagement")),
        tracking_support=bool(given.get("trackingSupport")),
        requires_shipping_method=given.get("requiresShippingMethod") is not False,
        location_id=location.id,
    )
    location.service_id = service.id
    shop.locations[location.id] = location
    shop.services[service.id] = service
    return service


def update(world: World, shop: Shop, number: int, given: Mapping[str, Any]) -> FulfillmentService:
    """Change a service. Raises Refused."""
    service = find(shop, number)
    _check_callback(given.get("callbackUrl"))
    if given.get("name"):
        service.name = given["name"]
        shop.locations[service.location_id].name = given["name"]
    for name, attribute in (
        ("callbackUrl", "callback_url"),
        ("inventoryManagement", "inventory_management"),
        ("trackingSupport", "tracking_support"),
        ("requiresShippingMethod", "requires_shipping_method"),
    ):
        if given.get(name) is not None:
            setattr(service, attribute, given[name])
    return service


def delete(world: World, shop: Shop, number: int, action: str, destination: int | None) -> None:
    """Remove a service. Its stock goes with it (DELETE), to another location (TRANSFER), or stays with the location,
    which becomes the merchant's own (KEEP). Raises Refused."""
    service = find(shop, number)
    busy = any(
        one.location_id == service.location_id and one.status in ("OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED")
        for one in shop.fulfillment_orders.values()
    )
    if busy:
        raise NotAllowed("Fulfillment service has open fulfillment orders and can't be deleted.", field=["id"])
    if action == "TRANSFER" and (destination not in shop.locations or destination == service.location_id):
        raise UnknownRecord("Destination location does not exist", field=["destinationLocationId"])
    del shop.services[number]
    place = shop.locations[service.location_id]
    if action == "KEEP":
        place.service_id = None
        return
    for levels in list(shop.levels.values()):
        level = levels.pop(place.id, None)
        if level is not None and action == "TRANSFER" and destination is not None:
            target = stock.stock_at(world, shop, shop.items[level.item_id], destination)
            stock.change(world, shop, target, level.available, reason="movement_received", reference=None)
    place.is_active = False


def find(shop: Shop, number: int) -> FulfillmentService:
    """A service by its id. Raises UnknownRecord."""
    found = shop.services.get(number)
    if found is None:
        raise UnknownRecord("Fulfillment service could not be found.", field=["id"])
    return found


def _check_callback(url: str | None) -> None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise Refused("Callback url is not allowed", field=["callbackUrl"])
