"""What a listing looks like in the words of ``productSet`` and its siblings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.adapters.stores.shopify.manifest import LISTING_KEY
from app.stores.goods import ListingPush, VariantPush

#: What Shopify calls the one option of a product without options.
NO_OPTION = ("Title", "Default Title")
#: Shopify's bounds (https://shopify.dev/docs/api/admin-graphql/latest/mutations/productSet).
MOST_OPTIONS = 3
MOST_VARIANTS = 2048
MOST_INVENTORY = 50_000
MOST_FILES = 250

Options = tuple[tuple[str, str], ...]


def options_of(listing: ListingPush, variant: VariantPush) -> Options:
    """A variant's option values in the order of the listing's options: what tells variants apart."""
    if not listing.option_names:
        return (NO_OPTION,)
    return tuple((name, variant.options.get(name, "").strip() or "-") for name in listing.option_names)


def unfit(listing: ListingPush) -> str | None:
    """Why Shopify can't take a listing, in our words; None when it can."""
    if len(listing.option_names) > MOST_OPTIONS:
        return f"A Shopify product has at most {MOST_OPTIONS} options; this one has {len(listing.option_names)}."
    if len(listing.variants) > MOST_VARIANTS:
        return f"A Shopify product has at most {MOST_VARIANTS} variants; this one has {len(listing.variants)}."
    seen: dict[Options, str] = {}
    for variant in listing.variants:
        key = tuple((name.lower(), value.lower()) for name, value in options_of(listing, variant))
        if key in seen:
            return f"The variants {seen[key]} and {variant.sku} have the same options."
        seen[key] = variant.sku
    return None


def identifier(listing: ListingPush) -> dict[str, Any]:
    """How the product is found again, whatever happened to the answer of its first push."""
    namespace, key = LISTING_KEY
    return {"customId": {"namespace": namespace, "key": key, "value": listing.key}}


def product_set_input(listing: ListingPush, variants: Sequence[VariantPush]) -> dict[str, Any]:
    """A new product with its first variants."""
    namespace, key = LISTING_KEY
    made: dict[str, Any] = {
        "vendor": listing.vendor,
        "productType": listing.product_type,
        "tags": list(listing.tags),
        "status": "ACTIVE" if listing.published else "DRAFT",
        "productOptions": _options(listing, variants),
        "metafields": [{"namespace": namespace, "key": key, "type": "id", "value": listing.key}],
        "variants": [_set_variant(listing, variant) for variant in variants],
    }
    if listing.title is not None:
        made["title"] = listing.title
    if listing.description_html is not None:
        made["descriptionHtml"] = listing.description_html
    if listing.seo is not None:
        made["seo"] = {"title": listing.seo[0], "description": listing.seo[1]}
    if listing.images:
        made["files"] = [
            {"originalSource": url, "alt": alt[:512], "contentType": "IMAGE"}
            for url, alt in listing.images[:MOST_FILES]
        ]
    return made


def product_update_input(listing: ListingPush) -> dict[str, Any]:
    """The fields of an existing product that are not the retailer's."""
    made: dict[str, Any] = {"id": listing.external_id, "status": "ACTIVE" if listing.published else "DRAFT"}
    if listing.title is not None:
        made["title"] = listing.title
    if listing.description_html is not None:
        made["descriptionHtml"] = listing.description_html
    return made


def bulk_variant(listing: ListingPush, variant: VariantPush) -> dict[str, Any]:
    """A variant that is added to an existing product."""
    return {
        **_variant(variant),
        "optionValues": [{"optionName": name, "name": value} for name, value in options_of(listing, variant)],
        "inventoryItem": {"sku": variant.sku, **_item(variant)},
        "inventoryQuantities": [
            {"locationId": listing.location.location_id, "availableQuantity": variant.quantity},
        ],
    }


def _set_variant(listing: ListingPush, variant: VariantPush) -> dict[str, Any]:
    return {
        **_variant(variant),
        "sku": variant.sku,
        "optionValues": [{"optionName": name, "name": value} for name, value in options_of(listing, variant)],
        "inventoryItem": _item(variant),
        "inventoryQuantities": [
            {"locationId": listing.location.location_id, "name": "available", "quantity": variant.quantity}
        ],
    }


def _variant(variant: VariantPush) -> dict[str, Any]:
    made: dict[str, Any] = {"price": variant.price.amount, "inventoryPolicy": "DENY"}
    if variant.compare_at is not None:
        made["compareAtPrice"] = variant.compare_at.amount
    if variant.gtin:
        made["barcode"] = variant.gtin
    return made


def _item(variant: VariantPush) -> dict[str, Any]:
    made: dict[str, Any] = {"tracked": True, "requiresShipping": True, "cost": variant.cost.amount}
    if variant.weight_grams is not None:
        made["measurement"] = {"weight": {"unit": "GRAMS", "value": variant.weight_grams}}
    return made


def _options(listing: ListingPush, variants: Sequence[VariantPush]) -> list[dict[str, Any]]:
    values: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in options_of(listing, variant):
            values.setdefault(name, {})[value] = None
    return [
        {"name": name, "position": position, "values": [{"name": value} for value in found]}
        for position, (name, found) in enumerate(values.items(), start=1)
    ]


def found_options(node: Mapping[str, Any]) -> Options:
    """The option values of a variant as Shopify gives them."""
    return tuple((option["name"], option["value"]) for option in node["selectedOptions"])
