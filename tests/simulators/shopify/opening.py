"""How a shop starts: one location of the merchant's, the online store, and nothing to sell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulators.shopify.config import ShopConfig
from tests.simulators.shopify.records import Address, Location, Publication
from tests.simulators.shopify.shop import ONLINE_STORE, Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_HOMES = {
    "US": ("United States", "New York", "New York", "NY", "10013", "1 Canal Street", "America/New_York"),
    "GB": ("United Kingdom", "London", "England", "ENG", "N1 6DR", "1 Old Street", "Europe/London"),
    "DE": ("Germany", "Berlin", "Berlin", "BE", "10115", "Invalidenstraße 1", "Europe/Berlin"),
    "CA": ("Canada", "Toronto", "Ontario", "ON", "M5V 2T6", "1 Front Street", "America/Toronto"),
    "PL": ("Poland", "Warsaw", "Mazovia", "MZ", "00-001", "Marszałkowska 1", "Europe/Warsaw"),
}


def open_shop(world: World, config: ShopConfig) -> Shop:
    """A new shop."""
    now = world.clock.now()
    country, city, province, province_code, postcode, street, zone = _HOMES.get(
        config.country, (config.country, "Springfield", None, None, "10000", "1 Main Street", "Etc/UTC")
    )
    shop = Shop(
        id=world.ids(),
        domain=config.domain,
        name=config.name,
        currency=config.currency,
        country=config.country,
        email=f"owner@{config.domain.removesuffix('.myshopify.com')}.example",
        created_at=now,
        timezone=zone,
    )
    address = Address(
        company=config.name,
        address1=street,
        city=city,
        province=province,
        province_code=province_code,
        zip=postcode,
        country=country,
        country_code=config.country,
    )
    home = Location(world.ids(), "Shop location", address, now, now)
    shop.locations[home.id] = home
    for name in (ONLINE_STORE, "Point of Sale"):
        publication = Publication(world.ids(), name, catalog_id=world.ids())
        shop.publications[publication.id] = publication
    return shop
