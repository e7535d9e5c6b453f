"""The root of queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulators.shopify import metafields
from tests.simulators.shopify.gid import level_parts
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.fields.reading import Resolve
from tests.simulators.shopify.graphql.paging import SortKey, by_id, page
from tests.simulators.shopify.graphql.problems import AccessDenied, BadInput, NotModelled
from tests.simulators.shopify.graphql.schema import published
from tests.simulators.shopify.graphql.search import Reader, search
from tests.simulators.shopify.records import FulfillmentOrder, Order, Product, Variant
from tests.simulators.shopify.shop import Shop

_LONGEST_LIST = 250
_FIND: dict[str, Callable[[Shop, int], Any]] = {
    "Product": lambda shop, key: shop.products.get(key),
    "ProductVariant": lambda shop, key: shop.variants.get(key),
    "InventoryItem": lambda shop, key: shop.items.get(key),
    "Location": lambda shop, key: shop.locations.get(key),
    "Order": lambda shop, key: shop.orders.get(key),
    "LineItem": lambda shop, key: shop.line_items.get(key),
    "FulfillmentOrder": lambda shop, key: shop.fulfillment_orders.get(key),
    "Fulfillment": lambda shop, key: shop.fulfillments.get(key),
    "Publication": lambda shop, key: shop.publications.get(key),
    "WebhookSubscription": lambda shop, key: shop.subscriptions.get(key),
    "MetafieldDefinition": lambda shop, key: shop.definitions.get(key),
    "MediaImage": lambda shop, key: next(
        (media for product in shop.products.values() for media in product.media if media.id == key), None
    ),
    "Refund": lambda shop, key: next(
        (refund for order in shop.orders.values() for refund in order.refunds if refund.id == key), None
    ),
    "Return": lambda shop, key: next(
        (held for order in shop.orders.values() for held in order.returns if held.id == key), None
    ),
    "Shop": lambda shop, key: shop if shop.id == key else None,
}

_PRODUCT_SEARCH: dict[str, Reader] = {
    "": lambda product: [product.title, product.vendor, product.product_type, *product.tags],
    "id": lambda product: product.id,
    "title": lambda product: product.title,
    "handle": lambda product: product.handle,
    "status": lambda product: product.status,
    "vendor": lambda product: product.vendor,
    "product_type": lambda product: product.product_type,
    "tag": lambda product: product.tags,
    "sku": lambda product: [variant.sku for variant in product.variants],
    "created_at": lambda product: product.created_at,
    "updated_at": lambda product: product.updated_at,
}
_VARIANT_SEARCH: dict[str, Reader] = {
    "": lambda variant: [variant.sku, variant.title],
    "id": lambda variant: variant.id,
    "sku": lambda variant: variant.sku,
    "barcode": lambda variant: variant.barcode,
    "product_id": lambda variant: variant.product_id,
    "updated_at": lambda variant: variant.updated_at,
}
_ITEM_SEARCH: dict[str, Reader] = {
    "": lambda item: item.sku,
    "id": lambda item: item.id,
    "sku": lambda item: item.sku,
    "created_at": lambda item: item.created_at,
    "updated_at": lambda item: item.updated_at,
}
_ORDER_SEARCH: dict[str, Reader] = {
    "": lambda order: [order.name, order.email],
    "id": lambda order: order.id,
    "name": lambda order: [order.name, str(order.number)],
    "email": lambda order: order.email,
    "tag": lambda order: order.tags,
    "test": lambda order: order.test,
    "sku": lambda order: [line.sku for line in order.lines],
    "status": lambda order: _order_status(order),
    "financial_status": lambda order: order.financial_status,
    "fulfillment_status": lambda order: _shipping_states(order),
    "created_at": lambda order: order.created_at,
    "processed_at": lambda order: order.created_at,
    "updated_at": lambda order: order.updated_at,
}
_LOCATION_SEARCH: dict[str, Reader] = {
    "": lambda place: place.name,
    "name": lambda place: place.name,
    "active": lambda place: place.is_active,
    "location_id": lambda place: place.id,
}
_FULFILLMENT_ORDER_SEARCH: dict[str, Reader] = {
    "": lambda one: str(one.id),
    "id": lambda one: one.id,
    "status": lambda one: one.status,
    "request_status": lambda one: one.request_status,
    "assigned_location_id": lambda one: one.location_id,
    "order_id": lambda one: one.order_id,
    "updated_at": lambda one: one.updated_at,
}
_PRODUCT_SORT: dict[str, SortKey] = {
    "CREATED_AT": lambda one: (one.created_at, one.id),
    "UPDATED_AT": lambda one: (one.updated_at, one.id),
    "TITLE": lambda one: (one.title.lower(), one.id),
    "VENDOR": lambda one: (one.vendor.lower(), one.id),
    "PRODUCT_TYPE": lambda one: (one.product_type.lower(), one.id),
}
_ORDER_SORT: dict[str, SortKey] = {
    "CREATED_AT": lambda one: (one.created_at, one.id),
    "PROCESSED_AT": lambda one: (one.created_at, one.id),
    "UPDATED_AT": lambda one: (one.updated_at, one.id),
    "ORDER_NUMBER": lambda one: (one.number, one.id),
}
_ASSIGNMENTS = {
    "FULFILLMENT_REQUESTED": lambda one: one.request_status == "SUBMITTED",
    "FULFILLMENT_ACCEPTED": lambda one: one.request_status == "ACCEPTED",
    "CANCELLATION_REQUESTED": lambda one: one.request_status == "CANCELLATION_REQUESTED",
    "FULFILLMENT_UNSUBMITTED": lambda one: one.request_status == "UNSUBMITTED",
}
_CLOSED = frozenset({"CLOSED", "CANCELLED", "INCOMPLETE"})


def _order_status(order: Order) -> list[str]:
    if order.cancelled_at is not None:
        return ["cancelled", "any"]
    return ["closed" if order.closed_at else "open", "not_closed", "any"]


def _shipping_states(order: Order) -> list[str]:
    states = {"FULFILLED": ["fulfilled", "shipped"], "PARTIALLY_FULFILLED": ["partial"]}
    return states.get(order.fulfillment_status, ["unfulfilled", "unshipped"])


def _sorted_by(table: Mapping[str, SortKey], wanted: str | None) -> SortKey:
    if wanted in (None, "ID", "RELEVANCE"):
        return by_id
    key = table.get(wanted or "")
    if key is None:
        raise NotModelled(f"sorting by {wanted}")
    return key


def _listed(
    items: Callable[[Shop], Any],
    readers: Mapping[str, Reader],
    sorts: Mapping[str, SortKey] | None = None,
    default: str | None = None,
) -> Resolve:
    def read(
        _root: Any,
        info: Any,
        query: str | None = None,
        sortKey: str | None = None,  # noqa: N803
        **arguments: Any,
    ) -> Any:
        found = search(items(info.context.shop), query, readers)
        return page(found, arguments, _sorted_by(sorts or {}, sortKey or default))

    return read


def _one(*kinds: str) -> Resolve:
    find = _FIND[kinds[0]]

    def read(_root: Any, info: Any, id: str) -> Any:
        return find(info.context.shop, number(id, *kinds))

    return read


def _record(call: Call, text: str, field: str) -> Any:
    kind = text.removeprefix("gid://shopify/").partition("/")[0]
    key = number(text)
    needs = published().types.get(kind)
    if needs is not None and not (call.scopes & needs.any_of):
        raise AccessDenied(field, needs.text)
    if kind == "InventoryLevel":
        level = call.shop.level(*level_parts(text))
        return level if level is not None and level.active else None
    find = _FIND.get(kind)
    if find is None:
        raise NotModelled(f"nodes of type {kind}")
    found = find(call.shop, key)
    return None if isinstance(found, FulfillmentOrder) and not call.sees(found) else found


def _node(_root: Any, info: Any, id: str) -> Any:
    return _record(info.context, id, "node")


def _nodes(_root: Any, info: Any, ids: list[str]) -> list[Any]:
    if len(ids) > _LONGEST_LIST:
        raise BadInput(
            f"The input array size of {len(ids)} is greater than the maximum allowed of {_LONGEST_LIST}.",
            "MAX_INPUT_SIZE_EXCEEDED",
        )
    return [_record(info.context, text, "nodes") for text in ids]


def _product_by_identifier(_root: Any, info: Any, identifier: Mapping[str, Any]) -> Product | None:
    call: Call = info.context
    if identifier.get("id"):
        return call.shop.products.get(number(identifier["id"], "Product"))
    if identifier.get("handle"):
        return call.shop.product_by_handle(identifier["handle"])
    custom = identifier["customId"]
    space = metafields.full_namespace(call.world, custom.get("namespace"))
    definition = metafields.definition_for(call.shop, "PRODUCT", space, custom["key"])
    if definition is None or not definition.unique:
        raise BadInput("Metafield definition for the custom id was not found.", "NOT_FOUND")
    owner = call.shop.unique_values.get(("PRODUCT", space, custom["key"], custom["value"]))
    return None if owner is None else call.shop.products.get(owner)


def _variants(shop: Shop) -> list[Variant]:
    return list(shop.variants.values())


def _locations(
    _root: Any,
    info: Any,
    query: str | None = None,
    sortKey: str | None = None,  # noqa: N803
    includeInactive: bool = False,  # noqa: N803
    includeLegacy: bool = False,  # noqa: N803
    **arguments: Any,
) -> Any:
    places = [
        place
        for place in info.context.shop.locations.values()
        if (place.is_active or includeInactive) and (place.service_id is None or includeLegacy)
    ]
    key: SortKey = (lambda one: (one.name.lower(), one.id)) if sortKey in (None, "NAME") else by_id
    return page(search(places, query, _LOCATION_SEARCH), arguments, key)


def _location(_root: Any, info: Any, id: str | None = None) -> Any:
    shop: Shop = info.context.shop
    return shop.primary_location if id is None else shop.locations.get(number(id, "Location"))


def _fulfillment_order(_root: Any, info: Any, id: str) -> FulfillmentOrder | None:
    found = info.context.shop.fulfillment_orders.get(number(id, "FulfillmentOrder"))
    return found if found is not None and info.context.sees(found) else None


def _fulfillment_orders(
    _root: Any,
    info: Any,
    query: str | None = None,
    includeClosed: bool = False,  # noqa: N803
    sortKey: str | None = None,  # noqa: N803
    **arguments: Any,
) -> Any:
    held = [
        one
        for one in info.context.shop.fulfillment_orders.values()
        if info.context.sees(one) and (includeClosed or one.status not in _CLOSED)
    ]
    return page(search(held, query, _FULFILLMENT_ORDER_SEARCH), arguments)


def _assigned(
    _root: Any,
    info: Any,
    assignmentStatus: str | None = None,  # noqa: N803
    locationIds: list[str] | None = None,  # noqa: N803
    sortKey: str | None = None,  # noqa: N803
    **arguments: Any,
) -> Any:
    shop: Shop = info.context.shop
    wanted = None if locationIds is None else {number(text, "Location") for text in locationIds}
    status = _ASSIGNMENTS.get(assignmentStatus or "")
    held = [
        one
        for one in shop.fulfillment_orders.values()
        if shop.service_of(one.location_id) is not None
        and (wanted is None or one.location_id in wanted)
        and one.status not in _CLOSED
        and (status is None or status(one))
    ]
    return page(held, arguments)


def _service(_root: Any, info: Any, id: str) -> Any:
    return info.context.shop.services.get(number(id, "FulfillmentService"))


def _operation(_root: Any, info: Any, id: str) -> Any:
    return info.context.shop.operations.get(number(id, "ProductSetOperation", "ProductDeleteOperation"))


def _job(_root: Any, info: Any, id: str) -> dict[str, Any] | None:
    done = info.context.shop.jobs.get(number(id, "Job"))
    return None if done is None else {"id": id, "done": done}


def _subscriptions(
    _root: Any,
    info: Any,
    topics: list[str] | None = None,
    uri: str | None = None,
    sortKey: str | None = None,  # noqa: N803
    **arguments: Any,
) -> Any:
    # Subscriptions of the app's configuration are not listed by the API.
    held = [
        one
        for one in info.context.shop.subscriptions.values()
        if one.by_api and (topics is None or one.topic.replace("/", "_").upper() in topics) and uri in (None, one.uri)
    ]
    return page(held, arguments)


def _publications(_root: Any, info: Any, **arguments: Any) -> Any:
    return page(info.context.shop.publications.values(), arguments)


def _definitions(
    _root: Any,
    info: Any,
    ownerType: str | None = None,  # noqa: N803
    namespace: str | None = None,
    key: str | None = None,
    **arguments: Any,
) -> Any:
    space = None if namespace is None else metafields.full_namespace(info.context.world, namespace)
    held = [
        one
        for one in info.context.shop.definitions.values()
        if ownerType in (None, one.owner_type) and space in (None, one.namespace) and key in (None, one.key)
    ]
    return page(held, arguments)


QUERIES: dict[str, Resolve] = {
    "shop": lambda _root, info: info.context.shop,
    "currentAppInstallation": lambda _root, info: info.context.shop.installation,
    "appInstallation": lambda _root, info, **_arguments: info.context.shop.installation,
    "node": _node,
    "nodes": _nodes,
    "product": _one("Product"),
    "products": _listed(lambda shop: shop.products.values(), _PRODUCT_SEARCH, _PRODUCT_SORT),
    "productsCount": lambda _root, info, query=None, **_arguments: {
        "count": len(search(info.context.shop.products.values(), query, _PRODUCT_SEARCH)),
        "precision": "EXACT",
    },
    "productByIdentifier": _product_by_identifier,
    "productByHandle": lambda _root, info, handle: info.context.shop.product_by_handle(handle),
    "productVariant": _one("ProductVariant"),
    "productVariants": _listed(_variants, _VARIANT_SEARCH),
    "productOperation": _operation,
    "publication": _one("Publication"),
    "publications": _publications,
    "inventoryItem": _one("InventoryItem"),
    "inventoryItems": _listed(lambda shop: shop.items.values(), _ITEM_SEARCH),
    "inventoryLevel": _node,
    "location": _location,
    "locations": _locations,
    "fulfillmentService": _service,
    "order": _one("Order"),
    "orders": _listed(lambda shop: shop.orders.values(), _ORDER_SEARCH, _ORDER_SORT, "PROCESSED_AT"),
    "ordersCount": lambda _root, info, query=None, **_arguments: {
        "count": len(search(info.context.shop.orders.values(), query, _ORDER_SEARCH)),
        "precision": "EXACT",
    },
    "refund": _one("Refund"),
    "return": _one("Return"),
    "fulfillment": _one("Fulfillment"),
    "fulfillmentOrder": _fulfillment_order,
    "fulfillmentOrders": _fulfillment_orders,
    "assignedFulfillmentOrders": _assigned,
    "job": _job,
    "webhookSubscription": _one("WebhookSubscription"),
    "webhookSubscriptions": _subscriptions,
    "metafieldDefinition": _one("MetafieldDefinition"),
    "metafieldDefinitions": _definitions,
}
