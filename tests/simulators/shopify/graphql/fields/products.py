"""Products, variants, options and media."""

from __future__ import annotations

import re
from typing import Any

from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.fields import metafields
from tests.simulators.shopify.graphql.fields.reading import (
    Resolve,
    attribute,
    constant,
    global_id,
    legacy_id,
    times,
)
from tests.simulators.shopify.graphql.paging import page
from tests.simulators.shopify.records import Media, Product, ProductOperation, Variant

_TAG = re.compile(r"<[^>]+>")


def _position(variant: Variant) -> tuple[Any, int]:
    return variant.position, variant.id


def _available(call: Call, variant: Variant) -> int:
    return sum(level.available for level in call.shop.levels.get(variant.item.id, {}).values() if level.active)


def _total(product: Product, info: Any) -> int:
    return sum(_available(info.context, variant) for variant in product.variants)


def _price_range(product: Product, info: Any) -> dict[str, Any]:
    prices = sorted(variant.price for variant in product.variants)
    money = info.context.money
    return {"minVariantPrice": money(prices[0]), "maxVariantPrice": money(prices[-1])}


def _published_on(product: Product, _info: Any, publicationId: str) -> bool:  # noqa: N803 - the schema's name
    return number(publicationId, "Publication") in product.publications


def _published_at(product: Product, info: Any) -> Any:
    return product.publications.get(info.context.shop.online_store.id)


def _count(how_many: int) -> dict[str, Any]:
    return {"count": how_many, "precision": "EXACT"}


def _resource_publications(product: Product, info: Any, **arguments: Any) -> Any:
    shop = info.context.shop
    return page(
        [publication for publication in shop.publications.values() if publication.id in product.publications], arguments
    )


def _store_url(product: Product, info: Any) -> str | None:
    world, shop = info.context.world, info.context.shop
    if product not in shop.offered():
        return None
    return f"{world.config.public_url or 'https://' + shop.domain}/shop/{shop.domain}/products/{product.handle}"


def _image(media: Media | None) -> dict[str, Any] | None:
    if media is None or media.status != "READY":
        return None
    return {"id": gid("ImageSource", media.id), "url": media.url, "altText": media.alt, "width": None, "height": None}


def _variant_media(variant: Variant, info: Any, **arguments: Any) -> Any:
    product = info.context.shop.products[variant.product_id]
    return page([media for media in product.media if media.id == variant.media_id], arguments)


def _options(product: Product, _info: Any, first: int | None = None) -> list[Any]:
    return product.options[:first] if first is not None else product.options


def _operation_product(operation: ProductOperation, info: Any) -> Product | None:
    return info.context.shop.products.get(operation.product_id)  # type: ignore[no-any-return]


_OPERATION: dict[str, Resolve] = {
    "status": attribute("status"),
    "product": _operation_product,
    "userErrors": attribute("errors"),
}

PRODUCTS: dict[str, dict[str, Resolve]] = {
    **metafields.METAFIELDS,
    "Product": {
        "id": global_id("Product"),
        "legacyResourceId": legacy_id,
        **times(),
        "title": attribute("title"),
        "handle": attribute("handle"),
        "descriptionHtml": attribute("description_html"),
        "description": lambda product, _info, **_arguments: _TAG.sub("", product.description_html),
        "vendor": attribute("vendor"),
        "productType": attribute("product_type"),
        "status": attribute("status"),
        "tags": attribute("tags"),
        "options": _options,
        "variants": lambda product, _info, **arguments: page(product.variants, arguments, _position),
        "variantsCount": lambda product, _info: _count(len(product.variants)),
        "media": lambda product, _info, **arguments: page(product.media, arguments),
        "mediaCount": lambda product, _info: _count(len(product.media)),
        "featuredMedia": lambda product, _info: product.media[0] if product.media else None,
        "totalInventory": _total,
        "tracksInventory": lambda product, _info: any(variant.item.tracked for variant in product.variants),
        "hasOnlyDefaultVariant": lambda product, _info: (
            len(product.variants) == 1 and product.variants[0].title == "Default Title"
        ),
        "hasOutOfStockVariants": lambda product, info: any(
            _available(info.context, variant) <= 0 for variant in product.variants if variant.item.tracked
        ),
        "priceRangeV2": _price_range,
        "publishedAt": _published_at,
        "publishedOnPublication": _published_on,
        "availablePublicationsCount": lambda _product, info: _count(len(info.context.shop.publications)),
        "resourcePublicationsCount": lambda product, _info, **_arguments: _count(len(product.publications)),
        "resourcePublicationsV2": _resource_publications,
        "onlineStoreUrl": _store_url,
        "isGiftCard": constant(False),
        "category": constant(None),
        "templateSuffix": constant(None),
        **metafields.of("Product"),
    },
    "ResourcePublicationV2": {
        "publication": lambda one, _info: one,
        "isPublished": constant(True),
    },
    "ProductVariant": {
        "id": global_id("ProductVariant"),
        "legacyResourceId": legacy_id,
        **times(),
        "sku": lambda variant, _info: variant.item.sku,
        "title": attribute("title"),
        "displayName": lambda variant, info: (
            f"{info.context.shop.products[variant.product_id].title} - {variant.title}"
        ),
        "barcode": attribute("barcode"),
        "price": attribute("price"),
        "compareAtPrice": attribute("compare_at_price"),
        "position": attribute("position"),
        "taxable": attribute("taxable"),
        "inventoryPolicy": attribute("inventory_policy"),
        "inventoryItem": attribute("item"),
        "inventoryQuantity": lambda variant, info: _available(info.context, variant),
        "sellableOnlineQuantity": lambda variant, info: max(_available(info.context, variant), 0),
        "availableForSale": lambda variant, info: (limit := info.context.shop.sellable(variant)) is None or limit > 0,
        "selectedOptions": lambda variant, _info: [{"name": name, "value": value} for name, value in variant.selected],
        "product": lambda variant, info: info.context.shop.products[variant.product_id],
        "media": _variant_media,
        "requiresComponents": constant(False),
        **metafields.of("ProductVariant"),
    },
    "ProductOption": {
        "id": global_id("ProductOption"),
        "name": attribute("name"),
        "position": attribute("position"),
        "values": lambda option, _info: [value.name for value in option.values],
        "optionValues": attribute("values"),
    },
    "ProductOptionValue": {
        "id": global_id("ProductOptionValue"),
        "name": attribute("name"),
    },
    "MediaImage": {
        "id": global_id("MediaImage"),
        "alt": attribute("alt"),
        "status": attribute("status"),
        "fileStatus": attribute("status"),
        "mediaContentType": constant("IMAGE"),
        "mediaErrors": constant([]),
        "fileErrors": constant([]),
        "mediaWarnings": constant([]),
        "createdAt": attribute("created_at"),
        "image": lambda media, _info: _image(media),
        "preview": lambda media, _info: {"image": _image(media), "status": media.status},
        "originalSource": lambda media, _info: {"url": media.url, "fileSize": None},
    },
    "Image": {
        "url": lambda image, _info, **_arguments: image["url"],
    },
    "ProductSetOperation": {"id": global_id("ProductSetOperation"), **_OPERATION},
    "ProductDeleteOperation": {
        "id": global_id("ProductDeleteOperation"),
        **_OPERATION,
        "deletedProductId": lambda one, _info: gid("Product", one.deleted_id) if one.deleted_id else None,
    },
}
