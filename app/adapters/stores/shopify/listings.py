"""Products: made once by ``productSet``, changed afterwards without touching what is the merchant's.

``productSet`` deletes whatever a list leaves out, so it only ever makes products; a later push changes single
fields and adds variants. https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/productSet
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from app.adapters.stores.shopify import products
from app.adapters.stores.shopify.client import AdminClient
from app.adapters.stores.shopify.manifest import LARGEST_LIST
from app.kit.errors import Rejected
from app.stores.goods import ListingPush, ListingPushed, PricePush, PushRefused, VariantPush, VariantPushed
from app.stores.platform import StoreAccess

_GONE = PushRefused("product_gone", "The product no longer exists in the store.", gone=True)


def push(client: AdminClient, access: StoreAccess, listing: ListingPush) -> ListingPushed | PushRefused:
    """Make or change one product. A product whose first push was answered to nobody is found by its key."""
    reason = products.unfit(listing)
    if reason is not None:
        return PushRefused("unfit", reason)
    if listing.external_id is None:
        return _make(client, access, listing)
    return _change(client, access, listing)


def _make(client: AdminClient, access: StoreAccess, listing: ListingPush) -> ListingPushed | PushRefused:
    first = list(islice(_within_inventory_limit(listing.variants), LARGEST_LIST))
    answer = client.call(
        access,
        "product_set",
        {"identifier": products.identifier(listing), "input": products.product_set_input(listing, first)},
    )["productSet"]
    if answer["userErrors"]:
        return _refused(answer["userErrors"])
    product_id = answer["product"]["id"]
    refusal = _add_missing(client, access, listing, product_id)
    if refusal is not None:
        return refusal
    if listing.published:
        _publish(client, access, product_id)
    return _pushed(client, access, listing, product_id)


def _within_inventory_limit(variants: Sequence[VariantPush]) -> Sequence[VariantPush]:
    """The first variants whose quantities together are within what one call may set; at least one."""
    total = 0
    for count, variant in enumerate(variants):
        total += variant.quantity
        if total > products.MOST_INVENTORY and count > 0:
            return variants[:count]
    return variants


def _change(client: AdminClient, access: StoreAccess, listing: ListingPush) -> ListingPushed | PushRefused:
    product_id = str(listing.external_id)
    answer = client.call(access, "product_update", {"product": products.product_update_input(listing)})["productUpdate"]
    if answer["userErrors"]:
        if answer["product"] is None and "exist" in answer["userErrors"][0]["message"]:
            return _GONE
        return _refused(answer["userErrors"])
    refusal = _add_missing(client, access, listing, product_id)
    if refusal is not None:
        return refusal
    if listing.published:
        _publish(client, access, product_id)
    return _pushed(client, access, listing, product_id)


def _add_missing(client: AdminClient, access: StoreAccess, listing: ListingPush, product_id: str) -> PushRefused | None:
    """Add the variants that the product does not have; never remove any. One that we know by its id is there,
    whatever the merchant calls it."""
    nodes = _variants(client, access, product_id)[1]
    ids, there = {node["id"] for node in nodes}, {products.found_options(node) for node in nodes}
    missing = [
        variant
        for variant in listing.variants
        if variant.external_id not in ids and products.options_of(listing, variant) not in there
    ]
    for start in range(0, len(missing), LARGEST_LIST):
        part = missing[start : start + LARGEST_LIST]
        answer = client.call(
            access,
            "product_variants_bulk_create",
            {"productId": product_id, "variants": [products.bulk_variant(listing, variant) for variant in part]},
        )["productVariantsBulkCreate"]
        if answer["userErrors"]:
            return _refused(answer["userErrors"])
    return None


def _publish(client: AdminClient, access: StoreAccess, product_id: str) -> None:
    publication = access.remembered.get("publication_id")
    if publication is None:
        return
    answer = client.call(access, "publish", {"id": product_id, "input": [{"publicationId": publication}]})
    errors = answer["publishablePublish"]["userErrors"]
    if errors:
        raise Rejected("publish", errors[0]["message"])


def _pushed(
    client: AdminClient, access: StoreAccess, listing: ListingPush, product_id: str
) -> ListingPushed | PushRefused:
    """The store's ids, matched by option values: positions and SKUs may have been changed there."""
    handle, nodes = _variants(client, access, product_id)
    by_options = {products.found_options(node): node for node in nodes}
    by_id = {node["id"]: node for node in nodes}
    found = []
    for variant in listing.variants:
        node = by_id.get(variant.external_id or "") or by_options.get(products.options_of(listing, variant))
        if node is None:
            return PushRefused("variant_missing", f"The store did not take the variant {variant.sku}.")
        found.append(VariantPushed(key=variant.key, external_id=node["id"], inventory_id=node["inventoryItem"]["id"]))
    return ListingPushed(external_id=product_id, handle=handle, variants=tuple(found))


def _variants(client: AdminClient, access: StoreAccess, product_id: str) -> tuple[str, list[Mapping[str, Any]]]:
    nodes: list[Mapping[str, Any]] = []
    after: str | None = None
    while True:
        product = client.call(access, "product_variants", {"id": product_id, "after": after})["product"]
        if product is None:
            raise Rejected("product_gone", "The product no longer exists in the store.")
        page = product["variants"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return product["handle"], nodes
        after = page["pageInfo"]["endCursor"]


def push_prices(client: AdminClient, access: StoreAccess, prices: Sequence[PricePush]) -> Sequence[PushRefused | None]:
    """Prices and costs, product by product."""
    outcomes: list[PushRefused | None] = [None] * len(prices)
    by_product: defaultdict[str, list[int]] = defaultdict(list)
    for index, price in enumerate(prices):
        by_product[price.product_id].append(index)
    for product_id, indexes in by_product.items():
        for start in range(0, len(indexes), LARGEST_LIST):
            part = indexes[start : start + LARGEST_LIST]
            variables = {"productId": product_id, "variants": [_price(prices[index]) for index in part]}
            errors = client.call(access, "product_variants_bulk_update", variables)["productVariantsBulkUpdate"][
                "userErrors"
            ]
            for error in errors:
                positions = [int(step) for step in error.get("field") or [] if str(step).isdigit()]
                for index in [part[positions[0]]] if positions else part:
                    outcomes[index] = _price_refused(error)
    return outcomes


def _price(price: PricePush) -> dict[str, Any]:
    made: dict[str, Any] = {"id": price.variant_id, "inventoryItem": {"cost": price.cost.amount}}
    if price.price is not None:
        made["price"] = price.price.amount
        made["compareAtPrice"] = price.compare_at.amount if price.compare_at is not None else None
    return made


def _price_refused(error: Mapping[str, Any]) -> PushRefused:
    code = str(error.get("code") or "refused")
    if code in ("PRODUCT_DOES_NOT_EXIST", "PRODUCT_VARIANT_DOES_NOT_EXIST"):
        return PushRefused("gone", "The variant no longer exists in the store.", error["message"], gone=True)
    return PushRefused(code.lower(), "The store refused the price.", error["message"])


def withdraw(client: AdminClient, access: StoreAccess, product_id: str) -> None:
    """Make the product a draft."""
    answer = client.call(access, "product_update", {"product": {"id": product_id, "status": "DRAFT"}})["productUpdate"]
    if answer["userErrors"] and "exist" not in answer["userErrors"][0]["message"]:
        raise Rejected("withdraw", answer["userErrors"][0]["message"])


def _refused(errors: Sequence[Mapping[str, Any]]) -> PushRefused:
    first = errors[0]
    place = ".".join(str(step) for step in first.get("field") or [])
    original = f"{place}: {first['message']}" if place else str(first["message"])
    return PushRefused(
        str(first.get("code") or "refused").lower(), f"The store refused the product: {first['message']}", original
    )
