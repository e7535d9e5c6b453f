"""Fulfilment orders and fulfilments."""

from __future__ import annotations

from typing import Any

from tests.simulators.shopify import shipping
from tests.simulators.shopify.fulfilling import supported_actions
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.fields.reading import (
    Resolve,
    attribute,
    constant,
    global_id,
    legacy_id,
    times,
)
from tests.simulators.shopify.graphql.paging import page
from tests.simulators.shopify.records import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    LineItem,
    MerchantRequest,
    Order,
)


def _order(record: Any, info: Any) -> Order:
    return info.context.shop.orders[record.order_id]  # type: ignore[no-any-return]


def _location(one: FulfillmentOrder, info: Any) -> dict[str, Any]:
    place = info.context.shop.locations[one.location_id]
    address = place.address
    return {
        "location": place,
        "name": place.name,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "province": address.province,
        "zip": address.zip,
        "countryCode": address.country_code,
        "phone": address.phone,
    }


def _destination(one: FulfillmentOrder, info: Any) -> dict[str, Any] | None:
    place = one.destination
    if place is None:
        return None
    shown = info.context.world.config.customer_data
    private = {
        "firstName": place.first_name,
        "lastName": place.last_name,
        "company": place.company,
        "address1": place.address1,
        "address2": place.address2,
        "phone": place.phone,
        "email": one.destination_email,
    }
    return {
        "id": gid("FulfillmentOrderDestination", one.id),
        "city": place.city,
        "province": place.province,
        "zip": place.zip,
        "countryCode": place.country_code,
        **(private if shown else dict.fromkeys(private)),
    }


def _delivery(one: FulfillmentOrder, info: Any) -> dict[str, Any]:
    order: Order = info.context.shop.orders[one.order_id]
    return {
        "id": gid("DeliveryMethod", one.id),
        "methodType": "SHIPPING",
        "presentedName": order.shipping_title,
        "serviceCode": order.shipping_title,
        "minDeliveryDateTime": None,
        "maxDeliveryDateTime": None,
    }


def _requests(one: FulfillmentOrder, _info: Any, kind: str | None = None, **arguments: Any) -> Any:
    return page([request for request in one.requests if kind in (None, request.kind)], arguments)


def _line_of(line: FulfillmentLine, info: Any) -> LineItem:
    return info.context.shop.line_items[line.line_item_id]  # type: ignore[no-any-return]


def _pairs(one: FulfillmentOrder, info: Any, **arguments: Any) -> Any:
    order = info.context.shop.orders[one.order_id]
    pairs = [(line, order.line(line.line_item_id)) for line in one.lines]
    return page(pairs, arguments, lambda pair: (pair[0].id, pair[0].id))


def _variant(pair: tuple[FulfillmentOrderLine, LineItem], info: Any) -> Any:
    return info.context.shop.variants.get(pair[1].variant_id)


def _weight(pair: tuple[FulfillmentOrderLine, LineItem], info: Any) -> dict[str, Any] | None:
    variant = _variant(pair, info)
    return None if variant is None else {"unit": variant.item.weight_unit, "value": variant.item.weight}


def _item_id(pair: tuple[FulfillmentOrderLine, LineItem], info: Any) -> str | None:
    variant = _variant(pair, info)
    return None if variant is None else gid("InventoryItem", variant.item.id)


def _fulfillments(one: FulfillmentOrder, info: Any, **arguments: Any) -> Any:
    numbers = {line.id for line in one.lines}
    order: Order = info.context.shop.orders[one.order_id]
    made = [
        each for each in order.fulfillments if any(line.fulfillment_order_line_id in numbers for line in each.lines)
    ]
    return page(made, arguments)


def _orders_of_fulfillment(one: Fulfillment, info: Any, **arguments: Any) -> Any:
    numbers = {line.fulfillment_order_line_id for line in one.lines}
    order: Order = info.context.shop.orders[one.order_id]
    return page([each for each in order.fulfillment_orders if numbers & {line.id for line in each.lines}], arguments)


def _fulfillment_lines(one: Fulfillment, _info: Any, **arguments: Any) -> Any:
    return page(one.lines, arguments)


def _event_at(one: Fulfillment, status: str) -> Any:
    return next((event.happened_at for event in one.events if event.status == status), None)


def _happened(event: FulfillmentEvent) -> tuple[Any, int]:
    return event.happened_at, event.id


def _tracking(one: Fulfillment, _info: Any, first: int | None = None) -> list[dict[str, Any]]:
    shown = one.tracking if first is None else one.tracking[:first]
    return [{"company": each.company, "number": each.number, "url": each.url} for each in shown]


def _response(request: MerchantRequest, _info: Any) -> dict[str, Any] | None:
    return None if request.response is None else {"message": request.response}


FULFILLMENT: dict[str, dict[str, Resolve]] = {
    "FulfillmentOrder": {
        "id": global_id("FulfillmentOrder"),
        **times(),
        "status": attribute("status"),
        "requestStatus": attribute("request_status"),
        "order": _order,
        "orderId": lambda one, _info: gid("Order", one.order_id),
        "orderName": lambda one, info: _order(one, info).name,
        "orderProcessedAt": lambda one, info: _order(one, info).created_at,
        "fulfillAt": attribute("fulfill_at"),
        "fulfillBy": constant(None),
        "assignedLocation": _location,
        "destination": _destination,
        "deliveryMethod": _delivery,
        "internationalDuties": constant(None),
        "fulfillmentHolds": attribute("holds"),
        "lineItems": _pairs,
        "merchantRequests": _requests,
        "fulfillments": _fulfillments,
        "supportedActions": lambda one, info: [
            {"action": action, "externalUrl": None} for action in supported_actions(info.context.shop, one)
        ],
    },
    "FulfillmentOrderLineItem": {
        "id": lambda pair, _info: gid("FulfillmentOrderLineItem", pair[0].id),
        "totalQuantity": lambda pair, _info: pair[0].total,
        "remainingQuantity": lambda pair, _info: pair[0].remaining,
        "lineItem": lambda pair, _info: pair[1],
        "sku": lambda pair, _info: pair[1].sku,
        "productTitle": lambda pair, _info: pair[1].title,
        "variantTitle": lambda pair, _info: pair[1].variant_title,
        "vendor": lambda pair, _info: pair[1].vendor,
        "requiresShipping": lambda pair, _info: pair[1].requires_shipping,
        "variant": _variant,
        "inventoryItemId": _item_id,
        "weight": _weight,
        "warnings": constant([]),
    },
    "FulfillmentHold": {
        "id": global_id("FulfillmentHold"),
        "reason": attribute("reason"),
        "reasonNotes": attribute("notes"),
        "handle": attribute("handle"),
        "heldByRequestingApp": attribute("by_app"),
        "displayReason": lambda hold, _info: hold.reason.replace("_", " ").capitalize(),
        "heldByApp": lambda hold, info: (
            {"id": gid("App", info.context.world.app_id), "title": info.context.world.app.name} if hold.by_app else None
        ),
    },
    "FulfillmentOrderMerchantRequest": {
        "id": global_id("FulfillmentOrderMerchantRequest"),
        "kind": attribute("kind"),
        "message": attribute("message"),
        "sentAt": attribute("sent_at"),
        "requestOptions": lambda request, _info: {"notify_customer": request.notify_customer},
        "responseData": _response,
    },
    "Fulfillment": {
        "id": global_id("Fulfillment"),
        "legacyResourceId": legacy_id,
        **times(),
        "name": attribute("name"),
        "status": attribute("status"),
        "displayStatus": lambda one, _info: shipping.display_status(one),
        "order": _order,
        "trackingInfo": _tracking,
        "events": lambda one, _info, **arguments: page(one.events, arguments, _happened),
        "fulfillmentLineItems": _fulfillment_lines,
        "fulfillmentOrders": _orders_of_fulfillment,
        "totalQuantity": lambda one, _info: sum(line.quantity for line in one.lines),
        "requiresShipping": constant(True),
        "service": lambda one, info: info.context.shop.service_of(one.location_id),
        "location": lambda one, info: info.context.shop.locations.get(one.location_id),
        "inTransitAt": lambda one, _info: _event_at(one, "IN_TRANSIT"),
        "deliveredAt": lambda one, _info: _event_at(one, "DELIVERED"),
        "estimatedDeliveryAt": constant(None),
        "originAddress": constant(None),
    },
    "FulfillmentLineItem": {
        "id": global_id("FulfillmentLineItem"),
        "quantity": attribute("quantity"),
        "lineItem": _line_of,
        "originalTotalSet": lambda line, info: info.context.bag(_line_of(line, info).price * line.quantity),
    },
    "FulfillmentEvent": {
        "id": global_id("FulfillmentEvent"),
        "status": attribute("status"),
        "happenedAt": attribute("happened_at"),
        "createdAt": attribute("created_at"),
        "message": attribute("message"),
        "city": attribute("city"),
        "country": attribute("country"),
        "zip": attribute("zip"),
        "estimatedDeliveryAt": constant(None),
    },
}
