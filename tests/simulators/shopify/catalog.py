"""Products: made, changed, published and deleted. What ``productSet`` adds is in ``product_set``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from slugify import slugify

from tests.simulators.shopify import metafields, stock
from tests.simulators.shopify.gid import split_gid
from tests.simulators.shopify.records import (
    InventoryItem,
    Media,
    Option,
    OptionValue,
    Product,
    Variant,
)
from tests.simulators.shopify.refusals import Refused, UnknownRecord
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

LONGEST_TITLE = 255
#: Plain fields of a product's inputs, with the name of the record's field.
_PLAIN = {
    "title": "title",
    "descriptionHtml": "description_html",
    "vendor": "vendor",
    "productType": "product_type",
    "status": "status",
}
_ITEM_FIELDS = {
    "sku": "sku",
    "tracked": "tracked",
    "requiresShipping": "requires_shipping",
    "cost": "cost",
    "countryCodeOfOrigin": "country_of_origin",
    "provinceCodeOfOrigin": "province_of_origin",
    "harmonizedSystemCode": "harmonized_code",
}


def find(shop: Shop, number: int, field: Sequence[str] = ("id",)) -> Product:
    """A product by its id. Raises UnknownRecord."""
    found = shop.products.get(number)
    if found is None:
        raise UnknownRecord("Product does not exist", field=field, code="PRODUCT_DOES_NOT_EXIST")
    return found


def check_fields(given: Mapping[str, Any], *, new: bool, field: Sequence[str]) -> None:
    """Refuse a blank or overlong title. Raises Refused."""
    title = given.get("title")
    if (new and not title) or ("title" in given and not (title or "").strip()):
        raise Refused("Title can't be blank", field=[*field, "title"], code="INVALID_PRODUCT")
    if title and len(title) > LONGEST_TITLE:
        raise Refused("Title is too long (maximum is 255 characters)", field=[*field, "title"], code="INVALID_PRODUCT")


def new_product(world: World, shop: Shop, given: Mapping[str, Any], *, field: Sequence[str]) -> Product:
    """A product without variants. Raises Refused when the wanted handle is taken."""
    now = world.clock.now()
    product = Product(world.ids(), given["title"], "", now, now, vendor=shop.name)
    product.handle = _handle(shop, given.get("handle"), given["title"], field)
    shop.handles[product.handle] = product.id
    shop.products[product.id] = product
    return product


def apply_fields(world: World, shop: Shop, product: Product, given: Mapping[str, Any], *, field: Sequence[str]) -> None:
    """Set the plain fields that are present; the others stay."""
    wanted = given.get("handle")
    if wanted and slugify(wanted) != product.handle:
        handle = _handle(shop, wanted, product.title, field)
        shop.handles.pop(product.handle, None)
        shop.handles[handle] = product.id
        product.handle = handle
    for name, attribute in _PLAIN.items():
        if given.get(name) is not None:
            setattr(product, attribute, given[name])
    if given.get("tags") is not None:
        product.tags = sorted(set(given["tags"]), key=str.lower)
    product.updated_at = world.clock.now()


def _handle(shop: Shop, wanted: str | None, title: str, field: Sequence[str]) -> str:
    base = slugify(wanted or title) or "product"
    if base not in shop.handles:
        return base
    if wanted:
        raise Refused(
            f"Handle '{base}' already in use. Please provide a new handle.",
            field=[*field, "handle"],
            code="HANDLE_NOT_UNIQUE",
        )
    number = 1
    while f"{base}-{number}" in shop.handles:
        number += 1
    return f"{base}-{number}"


def set_options(world: World, product: Product, wanted: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Replace the options, keeping the ids of those that stay."""
    old = {option.name: option for option in product.options}
    options = []
    for position, (name, values) in enumerate(wanted, start=1):
        held = old.get(name)
        known = {value.name: value for value in held.values} if held else {}
        options.append(
            Option(
                held.id if held else world.ids(),
                name,
                position,
                [known.get(value) or OptionValue(world.ids(), value) for value in values],
            )
        )
    product.options = options


def new_variant(world: World, shop: Shop, product: Product, selected: Sequence[tuple[str, str]]) -> Variant:
    """A variant at the end of the product's list, without stock and costing nothing."""
    now = world.clock.now()
    number = world.ids()
    item = InventoryItem(world.ids(), number, now, now)
    variant = Variant(
        number, product.id, item, Decimal("0.00"), now, now, position=len(product.variants) + 1, selected=list(selected)
    )
    product.variants.append(variant)
    shop.variants[number] = variant
    shop.items[item.id] = item
    return variant


def apply_variant(world: World, shop: Shop, variant: Variant, given: Mapping[str, Any]) -> None:
    """Set the variant's fields that are present."""
    if given.get("price") is not None:
        variant.price = given["price"]
    if "compareAtPrice" in given:
        variant.compare_at_price = given["compareAtPrice"]
    if "barcode" in given:
        variant.barcode = given["barcode"]
    if given.get("inventoryPolicy") is not None:
        variant.inventory_policy = given["inventoryPolicy"]
    if given.get("taxable") is not None:
        variant.taxable = given["taxable"]
    item = dict(given.get("inventoryItem") or {})
    if "sku" in given:
        item["sku"] = given["sku"]
    apply_item(world, shop, variant.item, item)
    variant.updated_at = world.clock.now()


def apply_item(world: World, shop: Shop, item: InventoryItem, given: Mapping[str, Any]) -> None:
    """Set the inventory item's fields that are present."""
    before = item.sku
    for name, attribute in _ITEM_FIELDS.items():
        if name in given and (given[name] is not None or name in ("sku", "cost")):
            setattr(item, attribute, given[name])
    weight = ((given.get("measurement") or {}).get("weight")) or None
    if weight is not None:
        item.weight, item.weight_unit = float(weight["value"]), weight["unit"]
    if item.sku != before:
        if before:
            shop.skus[before].discard(item.variant_id)
        if item.sku:
            shop.skus[item.sku].add(item.variant_id)
    if given:
        item.updated_at = world.clock.now()


def price_problem(given: Mapping[str, Any]) -> str | None:
    """Why a variant's prices can't be; None when they can."""
    for name, label in (("price", "Price"), ("compareAtPrice", "Compare at price")):
        value = given.get(name)
        if value is not None and value < 0:
            return f"{label} must be greater than or equal to 0"
    return None


def add_media(world: World, shop: Shop, product: Product, url: str, alt: str | None) -> Media:
    """An image by its address; it becomes ready a moment later."""
    media = Media(world.ids(), url, alt, world.clock.now())
    product.media.append(media)

    def ready() -> None:
        media.status = "READY"

    world.scheduler.after(world.config.media_delay, ready)
    return media


def remove_variants(shop: Shop, product: Product, gone: Sequence[Variant]) -> None:
    """Delete variants with their goods and stock."""
    lost = {variant.id for variant in gone}
    product.variants = [variant for variant in product.variants if variant.id not in lost]
    for position, variant in enumerate(product.variants, start=1):
        variant.position = position
    for variant in gone:
        metafields.drop_others(shop, "ProductVariant", variant.id, [])
        shop.variants.pop(variant.id, None)
        shop.items.pop(variant.item.id, None)
        shop.levels.pop(variant.item.id, None)
        if variant.sku:
            shop.skus[variant.sku].discard(variant.id)


def delete(world: World, shop: Shop, product: Product) -> None:
    """Delete a product; orders keep their lines."""
    remove_variants(shop, product, list(product.variants))
    metafields.drop_others(shop, "Product", product.id, [])
    shop.products.pop(product.id, None)
    shop.handles.pop(product.handle, None)
    world.courier.publish(shop, "products/delete", lambda: {"id": product.id})


def publish(world: World, shop: Shop, product: Product, publications: Sequence[str]) -> None:
    """Put a product on sales channels (global ids). Raises UnknownRecord."""
    for index, text in enumerate(publications):
        kind, number = split_gid(text)
        if kind != "Publication" or number not in shop.publications:
            raise UnknownRecord("Publication does not exist or is not publishable", field=["input", str(index)])
        product.publications.setdefault(number, world.clock.now())
    product.updated_at = world.clock.now()


def tell(world: World, shop: Shop, product: Product, *, new: bool) -> None:
    """Tell subscribers of a new or changed product."""
    topic = "products/create" if new else "products/update"
    world.courier.publish(shop, topic, lambda: payloads.product(shop, product))


def stock_initially(world: World, shop: Shop, variant: Variant, quantities: Sequence[tuple[int, int]]) -> None:
    """Stock a new variant at locations (location, units); by default with none at the merchant's own."""
    for location, count in quantities or [(shop.primary_location.id, 0)]:
        stock.stock_at(world, shop, variant.item, location, count)
