"""Orders, their lines, refunds and returns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.call import number
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
from tests.simulators.shopify.records import Address, LineItem, Order, Refund, RefundLine, Return, ReturnLine


def _address(order: Order, info: Any) -> dict[str, Any] | None:
    one: Address | None = order.shipping_address
    if one is None or not info.context.world.config.customer_data:
        return None
    return {
        "id": gid("MailingAddress", order.id),
        "name": one.name,
        "firstName": one.first_name,
        "lastName": one.last_name,
        "company": one.company,
        "address1": one.address1,
        "address2": one.address2,
        "city": one.city,
        "province": one.province,
        "provinceCode": one.province_code,
        "zip": one.zip,
        "country": one.country,
        "countryCodeV2": one.country_code,
        "phone": one.phone,
        "latitude": None,
        "longitude": None,
    }


def _private(name: str) -> Resolve:
    """A field that is null without access to protected customer data."""
    return lambda order, info: getattr(order, name) if info.context.world.config.customer_data else None


def _bag(total: Any) -> Resolve:
    return lambda record, info, **_arguments: info.context.bag(total(record))


def _in_order(line: LineItem) -> tuple[Any, int]:
    return line.id, line.id


def _customer(order: Order, info: Any) -> dict[str, Any] | None:
    if order.customer_id is None or not info.context.world.config.customer_data:
        return None
    place = order.shipping_address or Address()
    return {
        "id": gid("Customer", order.customer_id),
        "email": order.email,
        "phone": order.phone,
        "firstName": place.first_name,
        "lastName": place.last_name,
        "displayName": place.name or order.email,
    }


def _shipping_line(order: Order, info: Any) -> dict[str, Any]:
    price = info.context.bag(order.shipping_price)
    return {
        "id": gid("ShippingLine", order.id),
        "title": order.shipping_title,
        "code": order.shipping_title,
        "source": "shopify",
        "custom": False,
        "isRemoved": False,
        "originalPriceSet": price,
        "discountedPriceSet": price,
        "currentDiscountedPriceSet": price,
        "carrierIdentifier": None,
        "phone": None,
    }


def _visible_fulfillment_orders(order: Order, info: Any, **arguments: Any) -> Any:
    return page([one for one in order.fulfillment_orders if info.context.sees(one)], arguments)


def _order_of(record: Any, info: Any) -> Order:
    return info.context.shop.orders[record.order_id]  # type: ignore[no-any-return]


def _some(name: str) -> Resolve:
    def read(order: Order, _info: Any, first: int | None = None, **_arguments: Any) -> list[Any]:
        held: list[Any] = getattr(order, name)
        return held[:first] if first is not None else held

    return read


def _transactions(order: Order, info: Any, **_arguments: Any) -> list[dict[str, Any]]:
    if not order.paid:
        return []
    return [
        {
            "id": gid("OrderTransaction", order.id),
            "kind": "SALE",
            "status": "SUCCESS",
            "gateway": "bogus",
            "test": order.test,
            "amountSet": info.context.bag(order.paid),
            "createdAt": order.created_at,
            "processedAt": order.created_at,
            "parentTransaction": None,
        }
    ]


def _suggested(
    order: Order,
    info: Any,
    *,
    refundLineItems: list[dict[str, Any]] | None = None,  # noqa: N803 (the schema's name)
    refundShipping: bool | None = None,  # noqa: N803
    suggestFullRefund: bool | None = None,  # noqa: N803
    **_arguments: Any,
) -> dict[str, Any]:
    """What the lines cost, as far as it is paid; all payments were made in one."""
    wanted = Decimal(0)
    for one in refundLineItems or []:
        line = order.line(number(one["lineItemId"], "LineItem"))
        if line is not None:
            wanted += line.discounted_price * min(one["quantity"], order.refundable_units(line))
    left = order.shipping_price - sum((refund.shipping for refund in order.refunds), Decimal(0))
    if refundShipping:
        wanted += left
    amount = order.refundable if suggestFullRefund else min(wanted, order.refundable)
    bag = info.context.bag
    paid = _transactions(order, info)
    return {
        "amountSet": bag(amount, order),
        "maximumRefundableSet": bag(order.refundable, order),
        "suggestedTransactions": [
            {
                "kind": "SUGGESTED_REFUND",
                "gateway": payment["gateway"],
                "amountSet": bag(amount, order),
                "maximumRefundableSet": bag(order.refundable, order),
                "parentTransaction": payment,
            }
            for payment in paid
        ],
    }


def _order_with(line: LineItem, info: Any) -> Order:
    return next(order for order in info.context.shop.orders.values() if order.line(line.id) is line)


def _refund_line(refund: Refund) -> list[tuple[Refund, RefundLine]]:
    return [(refund, line) for line in refund.lines]


def _line_of_refund(pair: tuple[Refund, RefundLine], info: Any) -> LineItem | None:
    refund, line = pair
    return info.context.shop.orders[refund.order_id].line(line.line_item_id)  # type: ignore[no-any-return]


def _return_lines(held: Return, _info: Any, **arguments: Any) -> Any:
    return page(held.lines, arguments)


def _fulfillment_line(line: ReturnLine, info: Any) -> Any:
    return next(
        (
            one
            for fulfillment in info.context.shop.fulfillments.values()
            for one in fulfillment.lines
            if one.id == line.fulfillment_line_id
        ),
        None,
    )


ORDERS: dict[str, dict[str, Resolve]] = {
    "Order": {
        "id": global_id("Order"),
        "legacyResourceId": legacy_id,
        **times(),
        "name": attribute("name"),
        "number": attribute("number"),
        "processedAt": attribute("created_at"),
        "cancelledAt": attribute("cancelled_at"),
        "cancelReason": attribute("cancel_reason"),
        "cancellation": lambda order, _info: {"staffNote": order.staff_note} if order.cancelled_at else None,
        "suggestedRefund": _suggested,
        "closedAt": attribute("closed_at"),
        "closed": lambda order, _info: order.closed_at is not None,
        "confirmed": constant(True),
        "test": attribute("test"),
        "edited": lambda order, _info: any(entry.text == "Order edited" for entry in order.timeline),
        "email": _private("email"),
        "phone": _private("phone"),
        "note": attribute("note"),
        "tags": attribute("tags"),
        "poNumber": constant(None),
        "customAttributes": lambda order, _info: [{"key": key, "value": value} for key, value in order.attributes],
        "currencyCode": attribute("currency"),
        "presentmentCurrencyCode": attribute("presentment_currency"),
        "displayFinancialStatus": attribute("financial_status"),
        "displayFulfillmentStatus": attribute("fulfillment_status"),
        "fullyPaid": lambda order, _info: order.paid >= order.total,
        "unpaid": lambda order, _info: order.paid == 0,
        "requiresShipping": lambda order, _info: any(line.requires_shipping for line in order.lines),
        "risk": lambda _order, _info: {"recommendation": "ACCEPT", "assessments": []},
        "shippingAddress": _address,
        "billingAddress": _address,
        "displayAddress": _address,
        "customer": _customer,
        "shippingLine": _shipping_line,
        "lineItems": lambda order, _info, **arguments: page(order.lines, arguments, _in_order),
        "fulfillmentOrders": _visible_fulfillment_orders,
        "fulfillments": _some("fulfillments"),
        "fulfillmentsCount": lambda order, _info: {"count": len(order.fulfillments), "precision": "EXACT"},
        "refunds": _some("refunds"),
        "returns": lambda order, _info, **arguments: page(order.returns, arguments),
        "returnStatus": lambda order, _info: "IN_PROGRESS" if order.returns else "NO_RETURN",
        "transactions": _transactions,
        "subtotalPriceSet": _bag(lambda order: order.original_subtotal),
        "totalPriceSet": _bag(lambda order: order.original_total),
        "originalTotalPriceSet": _bag(lambda order: order.original_total),
        "currentSubtotalPriceSet": _bag(lambda order: order.subtotal),
        "currentTotalPriceSet": _bag(lambda order: order.total),
        "currentTotalTaxSet": _bag(lambda order: order.tax),
        "totalTaxSet": _bag(lambda order: order.tax),
        "totalShippingPriceSet": _bag(lambda order: order.shipping_price),
        "currentShippingPriceSet": _bag(lambda order: order.shipping_price),
        "totalDiscountsSet": _bag(lambda _order: Decimal(0)),
        "currentTotalDiscountsSet": _bag(lambda _order: Decimal(0)),
        "totalReceivedSet": _bag(lambda order: order.paid),
        "totalRefundedSet": _bag(lambda order: order.refunded),
        "totalOutstandingSet": _bag(lambda order: max(order.total - order.paid, Decimal(0))),
        "netPaymentSet": _bag(lambda order: order.paid - order.refunded),
        "paymentGatewayNames": constant(["bogus"]),
        "taxesIncluded": constant(False),
        "taxLines": constant([]),
        "sourceName": constant("web"),
        "statusPageUrl": lambda order, info, **_arguments: (
            f"{info.context.world.config.public_url or ''}/shop/{info.context.shop.domain}/orders/{order.token}"
        ),
        **metafields.of("Order"),
    },
    "LineItem": {
        "id": global_id("LineItem"),
        "title": attribute("title"),
        "variantTitle": attribute("variant_title"),
        "name": attribute("name"),
        "sku": attribute("sku"),
        "vendor": attribute("vendor"),
        "quantity": attribute("quantity"),
        "currentQuantity": attribute("current_quantity"),
        "unfulfilledQuantity": lambda line, _info: max(line.current_quantity - line.fulfilled, 0),
        "refundableQuantity": lambda line, info: _order_with(line, info).refundable_units(line),
        "requiresShipping": attribute("requires_shipping"),
        "isGiftCard": constant(False),
        "taxable": constant(True),
        "variant": lambda line, info: info.context.shop.variants.get(line.variant_id),
        "product": lambda line, info: info.context.shop.products.get(line.product_id),
        "originalUnitPriceSet": _bag(lambda line: line.price),
        "discountedUnitPriceSet": _bag(lambda line: line.price),
        "discountedUnitPriceAfterAllDiscountsSet": _bag(lambda line: line.discounted_price),
        "originalTotalSet": _bag(lambda line: line.price * line.quantity),
        "discountedTotalSet": _bag(lambda line: line.price * line.quantity),
        "totalDiscountSet": _bag(lambda _line: Decimal(0)),
        "customAttributes": lambda line, _info: [{"key": key, "value": value} for key, value in line.properties],
        "taxLines": constant([]),
    },
    "Refund": {
        "id": global_id("Refund"),
        "legacyResourceId": legacy_id,
        "createdAt": attribute("created_at"),
        "processedAt": attribute("created_at"),
        "updatedAt": attribute("created_at"),
        "note": attribute("note"),
        "order": _order_of,
        "totalRefundedSet": lambda refund, info: info.context.bag(refund.amount, _order_of(refund, info)),
        "refundLineItems": lambda refund, _info, **arguments: page(
            _refund_line(refund), arguments, lambda pair: (pair[1].id, pair[1].id)
        ),
    },
    "RefundLineItem": {
        "id": lambda pair, _info: gid("RefundLineItem", pair[1].id),
        "quantity": lambda pair, _info: pair[1].quantity,
        "restockType": lambda pair, _info: pair[1].restock_type,
        "restocked": lambda pair, _info: pair[1].restock_type in ("RETURN", "CANCEL"),
        "subtotalSet": lambda pair, info: info.context.bag(pair[1].subtotal),
        "priceSet": lambda pair, info: info.context.bag(pair[1].subtotal / pair[1].quantity),
        "totalTaxSet": lambda _pair, info: info.context.bag(Decimal(0)),
        "lineItem": _line_of_refund,
        "location": lambda pair, info: info.context.shop.locations.get(pair[1].location_id),
    },
    "Return": {
        "id": global_id("Return"),
        "name": attribute("name"),
        "status": attribute("status"),
        "createdAt": attribute("created_at"),
        "closedAt": attribute("closed_at"),
        "requestApprovedAt": attribute("approved_at"),
        "decline": lambda held, _info: (
            None if held.decline is None else {"reason": held.decline[0], "note": held.decline[1]}
        ),
        "order": _order_of,
        "totalQuantity": lambda held, _info: sum(line.quantity for line in held.lines),
        "returnLineItems": _return_lines,
    },
    "ReturnLineItem": {
        "id": global_id("ReturnLineItem"),
        "quantity": attribute("quantity"),
        "fulfillmentLineItem": _fulfillment_line,
        "customerNote": attribute("customer_note"),
        "returnReasonNote": constant(""),
        "returnReasonDefinition": lambda line, _info: {
            "id": gid("ReturnReasonDefinition", 1),
            "handle": line.reason,
            "name": line.reason.replace("-", " ").capitalize(),
            "deleted": False,
        },
    },
}
