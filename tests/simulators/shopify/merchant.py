"""What the merchant does by hand in the admin, beside the app."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.shopify import catalog, stock
from tests.simulators.shopify.records import Product
from tests.simulators.shopify.refusals import UnknownRecord
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_EDITABLE = ("title", "status", "description_html", "vendor", "product_type")


def change_product(world: World, shop: Shop, number: int, changes: Mapping[str, object]) -> Product:
    """Edit a product's texts, status, tags and prices."""
    product = catalog.find(shop, number)
    for name in _EDITABLE:
        if name in changes:
            setattr(product, name, str(changes[name]))
    tags = changes.get("tags")
    if isinstance(tags, list | tuple):
        product.tags = [str(tag) for tag in tags]
    prices = changes.get("prices")
    if isinstance(prices, Mapping):
        for variant in product.variants:
            if variant.id in prices:
                variant.price, variant.updated_at = Decimal(str(prices[variant.id])), world.clock.now()
    product.updated_at = world.clock.now()
    catalog.tell(world, shop, product, new=False)
    return product


def delete_product(world: World, shop: Shop, number: int) -> None:
    """Delete a product."""
    catalog.delete(world, shop, catalog.find(shop, number))


def set_stock(world: World, shop: Shop, number: int, location: int, available: int) -> None:
    """Set the available units of a variant at a location, stocking it there if need be."""
    variant = shop.variants.get(number)
    if variant is None or location not in shop.locations:
        raise UnknownRecord("Variant or location does not exist")
    level = stock.stock_at(world, shop, variant.item, location)
    stock.change(world, shop, level, available - level.available, reason="correction", reference=None)
