"""Products, variants, metafields and publications."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulators.shopify import catalog, metafields, product_set, variants
from tests.simulators.shopify.gid import split_gid
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.mutations.signature import Mutate
from tests.simulators.shopify.graphql.problems import NotModelled
from tests.simulators.shopify.records import Product, ProductOperation
from tests.simulators.shopify.refusals import Refused, RefusedAll, UnknownRecord

_OPERATION_DELAY = 0.2
_PRODUCT = ("product",)
_TAGGED = ("Product", "Order")


def _product_set(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    identifier, wanted = given.get("identifier"), given["input"]

    def run() -> Product:
        return product_set.set_product(call.world, call.shop, identifier, wanted)

    if given.get("synchronous") is not False:
        return {"product": run(), "productSetOperation": None}
    return {"product": None, "productSetOperation": _later(call, "ProductSetOperation", run)}


def _later(call: Call, kind: str, run: Callable[[], Product | None]) -> ProductOperation:
    """Run a change in the background; the operation tells how far it is."""
    operation = ProductOperation(call.world.ids(), kind)
    call.shop.operations[operation.id] = operation

    def work() -> None:
        with call.world.lock:
            try:
                product = run()
                operation.product_id = product.id if product else None
            except Refused as refusal:
                operation.errors = [refusal.as_user_error()]
            except RefusedAll as refusals:
                operation.errors = [one.as_user_error() for one in refusals.reasons]
            operation.status = "COMPLETE"

    call.world.scheduler.after(_OPERATION_DELAY, work)
    return operation


def _product_create(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given.get("product")
    if wanted is None:
        raise NotModelled("productCreate with the deprecated argument 'input'")
    catalog.check_fields(wanted, new=True, field=_PRODUCT)
    product = catalog.new_product(call.world, call.shop, wanted, field=_PRODUCT)
    catalog.apply_fields(call.world, call.shop, product, wanted, field=_PRODUCT)
    options = [
        (option["name"], [value["name"] for value in option.get("values") or []])
        for option in wanted.get("productOptions") or []
    ] or [("Title", ["Default Title"])]
    catalog.set_options(call.world, product, options)
    variant = catalog.new_variant(call.world, call.shop, product, [(name, values[0]) for name, values in options])
    variant.item.tracked = False
    catalog.stock_initially(call.world, call.shop, variant, [])
    _add_media(call, product, given.get("media"))
    _put_metafields(call, product, wanted)
    catalog.tell(call.world, call.shop, product, new=True)
    return {"product": product}


def _product_update(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given.get("product")
    if wanted is None:
        raise NotModelled("productUpdate with the deprecated argument 'input'")
    product = _identified(call, given.get("identifier") or {"id": wanted.get("id")})
    catalog.check_fields(wanted, new=False, field=_PRODUCT)
    catalog.apply_fields(call.world, call.shop, product, wanted, field=_PRODUCT)
    _add_media(call, product, given.get("media"))
    _put_metafields(call, product, wanted)
    catalog.tell(call.world, call.shop, product, new=False)
    return {"product": product}


def _identified(call: Call, identifier: Mapping[str, Any]) -> Product:
    if identifier.get("customId"):
        field = ["identifier", "customId"]
        owner = metafields.owner_by_unique_value(call.world, call.shop, "PRODUCT", identifier["customId"], field=field)
        return catalog.find(call.shop, owner or 0, field)
    if identifier.get("handle"):
        found = call.shop.product_by_handle(identifier["handle"])
        return catalog.find(call.shop, found.id if found else 0, ["identifier", "handle"])
    return catalog.find(call.shop, number(identifier.get("id") or "", "Product"), ["id"])


def _add_media(call: Call, product: Product, media: Sequence[Mapping[str, Any]] | None) -> None:
    for one in media or []:
        if one["mediaContentType"] != "IMAGE":
            raise NotModelled(f"media of type {one['mediaContentType']}")
        catalog.add_media(call.world, call.shop, product, one["originalSource"], one.get("alt"))


def _put_metafields(call: Call, product: Product, wanted: Mapping[str, Any]) -> None:
    for index, one in enumerate(wanted.get("metafields") or []):
        metafields.put(call.world, call.shop, "Product", product.id, one, field=["metafields", str(index)])


def _product_delete(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    text = given["input"]["id"]
    product = catalog.find(call.shop, number(text, "Product"), ["id"])
    if given.get("synchronous") is not False:
        catalog.delete(call.world, call.shop, product)
        return {"deletedProductId": text, "productDeleteOperation": None}

    def run() -> None:
        catalog.delete(call.world, call.shop, product)

    operation = _later(call, "ProductDeleteOperation", run)
    operation.deleted_id = product.id
    return {"deletedProductId": None, "productDeleteOperation": operation}


def _variants_create(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    key = number(given["productId"], "Product")
    strategy = given.get("strategy") or "DEFAULT"
    product, made = variants.create(call.world, call.shop, key, given["variants"], strategy)
    return {"product": product, "productVariants": made}


def _variants_update(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    key = number(given["productId"], "Product")
    partial = bool(given.get("allowPartialUpdates"))
    product, changed, problems = variants.update(call.world, call.shop, key, given["variants"], partial=partial)
    payload: dict[str, Any] = {"product": product, "productVariants": changed}
    if problems:
        payload["userErrors"] = [one.as_user_error() for one in problems]
    return payload


def _variants_delete(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = [number(text, "ProductVariant") for text in given["variantsIds"]]
    return {"product": variants.delete(call.world, call.shop, number(given["productId"], "Product"), wanted)}


def _define(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"createdDefinition": metafields.define(call.world, call.shop, given["definition"])}


def _metafields_set(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    listed = given["metafields"]
    if len(listed) > metafields.MOST_PER_CALL:
        raise Refused(
            "Exceeded the maximum metafields input limit of 25.", field=["metafields"], code="LESS_THAN_OR_EQUAL_TO"
        )
    owners = [_owner(call, index, one) for index, one in enumerate(listed)]
    made = [
        metafields.put(call.world, call.shop, kind, key, one, field=["metafields", str(index)])
        for index, ((kind, key), one) in enumerate(zip(owners, listed, strict=True))
    ]
    return {"metafields": made}


def _owner(call: Call, index: int, one: Mapping[str, Any]) -> tuple[str, int]:
    kind, key = split_gid(one["ownerId"])
    held: dict[str, Mapping[int, Any]] = {
        "Product": call.shop.products,
        "ProductVariant": call.shop.variants,
        "Order": call.shop.orders,
    }
    known = held.get(kind)
    if kind != "Shop" and known is None:
        raise NotModelled(f"metafields of {kind}")
    if known is not None and key not in known:
        raise UnknownRecord("Owner does not exist.", field=["metafields", str(index), "ownerId"], code="INVALID")
    wanted = one.get("compareDigest")
    if wanted is not None:
        space = metafields.full_namespace(call.world, one.get("namespace"))
        held_fields = metafields.fields_of(call.shop, kind, key)
        found = next((each for each in held_fields if (each.namespace, each.key) == (space, one["key"])), None)
        if found is None or metafields.digest(found) != wanted:
            raise Refused(
                "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value.",
                field=["metafields", str(index)],
                code="STALE_OBJECT",
            )
    return kind, key


def _publish(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    product = catalog.find(call.shop, number(given["id"], "Product"), ["id"])
    wanted = [one.get("publicationId") or one.get("channelId") or "" for one in given["input"]]
    catalog.publish(call.world, call.shop, product, wanted)
    catalog.tell(call.world, call.shop, product, new=False)
    return {"publishable": product}


def _unpublish(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    product = catalog.find(call.shop, number(given["id"], "Product"), ["id"])
    for one in given["input"]:
        product.publications.pop(number(one.get("publicationId") or "", "Publication"), None)
    catalog.tell(call.world, call.shop, product, new=False)
    return {"publishable": product}


def _tags(add: bool) -> Mutate:
    def run(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
        kind, key = split_gid(given["id"])
        record: Any = (call.shop.products if kind == "Product" else call.shop.orders).get(key)
        if kind not in _TAGGED or record is None:
            raise UnknownRecord(f"{kind} does not exist", field=["id"])
        held = set(record.tags)
        record.tags = sorted(held | set(given["tags"]) if add else held - set(given["tags"]), key=str.lower)
        record.updated_at = call.world.clock.now()
        return {"node": record}

    return run


PRODUCTS: dict[str, Mutate] = {
    "productSet": _product_set,
    "productCreate": _product_create,
    "productUpdate": _product_update,
    "productDelete": _product_delete,
    "productVariantsBulkCreate": _variants_create,
    "productVariantsBulkUpdate": _variants_update,
    "productVariantsBulkDelete": _variants_delete,
    "metafieldDefinitionCreate": _define,
    "metafieldsSet": _metafields_set,
    "publishablePublish": _publish,
    "publishableUnpublish": _unpublish,
    "tagsAdd": _tags(add=True),
    "tagsRemove": _tags(add=False),
}
