"""From an order to a delivered parcel: routing, requests, holds, shipping, cancellation, refunds, returns."""

from __future__ import annotations

from typing import Any

from tests.simulators.shopify.harness import App, Service, ShopHandle

_SUBMIT = """
mutation($id: ID!, $items: [FulfillmentOrderLineItemInput!]) {
  fulfillmentOrderSubmitFulfillmentRequest(id: $id, fulfillmentOrderLineItems: $items, message: "please") {
    submittedFulfillmentOrder { id status requestStatus } unsubmittedFulfillmentOrder { id }
    userErrors { field message } } }
"""
_ANSWER = """
mutation($id: ID!) { %s(id: $id, message: "so be it") {
  fulfillmentOrder { status requestStatus } userErrors { message } } }
"""
_CREATE = """
mutation($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status name trackingInfo { number url company } } userErrors { field message } } }
"""
_READ = """
query($id: ID!) { fulfillmentOrder(id: $id) {
  status requestStatus orderName assignedLocation { name location { id } }
  destination { firstName address1 city countryCode }
  lineItems(first: 5) { nodes { id remainingQuantity totalQuantity lineItem { id sku } } }
  merchantRequests(first: 5) { nodes { kind message } }
  fulfillments(first: 5) { nodes { status } } supportedActions { action } } }
"""


def _order(shop: ShopHandle, service: Service, quantity: int = 2, **details: Any) -> tuple[dict[str, Any], str]:
    """A routed order, and the global id of its only fulfilment order."""
    placed = shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": quantity}], **details)
    order = shop.control.wait_until_routed(shop.domain, placed["id"])
    assert len(order["fulfillment_orders"]) == 1
    return order, f"gid://shopify/FulfillmentOrder/{order['fulfillment_orders'][0]['id']}"


def _answer(shop: ShopHandle, mutation: str, number: str) -> Any:
    return shop.data(_ANSWER % mutation, {"id": number})[mutation]


def _read(shop: ShopHandle, number: str) -> Any:
    return shop.data(_READ, {"id": number})["fulfillmentOrder"]


def _accepted(shop: ShopHandle, service: Service, quantity: int = 2) -> tuple[dict[str, Any], str]:
    order, number = _order(shop, service, quantity)
    shop.data(_SUBMIT, {"id": number})
    _answer(shop, "fulfillmentOrderAcceptFulfillmentRequest", number)
    return order, number


def _ship(shop: ShopHandle, fulfillment_order: str, quantity: int | None = None, /, **tracking: Any) -> Any:
    part: dict[str, Any] = {"fulfillmentOrderId": fulfillment_order}
    if quantity is not None:
        line = _read(shop, fulfillment_order)["lineItems"]["nodes"][0]["id"]
        part["fulfillmentOrderLineItems"] = [{"id": line, "quantity": quantity}]
    given = {"lineItemsByFulfillmentOrder": [part], "trackingInfo": tracking or None}
    return shop.data(_CREATE, {"fulfillment": given})["fulfillmentCreate"]


def test_an_order_becomes_one_fulfilment_order_per_location(shop: ShopHandle, service: Service) -> None:
    placed = shop.control.create_order(
        shop.domain, [{"sku": service.sku, "quantity": 2}, {"title": "Card", "price": "1.00", "quantity": 1}]
    )
    assert placed["fulfillment_orders"] == []
    order = shop.control.wait_until_routed(shop.domain, placed["id"])
    places = [one["location_id"] for one in order["fulfillment_orders"]]
    assert len(set(places)) == 2
    assert service.location_number in places


def test_the_app_sees_its_own_fulfilment_orders_and_not_the_merchants(shop: ShopHandle, service: Service) -> None:
    placed = shop.control.create_order(
        shop.domain, [{"sku": service.sku, "quantity": 1}, {"title": "Card", "price": "1.00", "quantity": 1}]
    )
    shop.control.wait_until_routed(shop.domain, placed["id"])
    query = "query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 5) { nodes { assignedLocation { name } } } } }"
    found = shop.data(query, {"id": f"gid://shopify/Order/{placed['id']}"})
    assert found["order"]["fulfillmentOrders"]["nodes"] == [{"assignedLocation": {"name": "Acme"}}]


def test_a_request_is_submitted_told_and_accepted(shop: ShopHandle, service: Service, app: App) -> None:
    order, number = _order(shop, service)
    submitted = shop.data(_SUBMIT, {"id": number})["fulfillmentOrderSubmitFulfillmentRequest"]
    assert submitted["submittedFulfillmentOrder"] == {"id": number, "status": "OPEN", "requestStatus": "SUBMITTED"}
    assert submitted["unsubmittedFulfillmentOrder"] is None
    query = "{ assignedFulfillmentOrders(first: 5, assignmentStatus: FULFILLMENT_REQUESTED) { nodes { id } } }"
    assert shop.data(query)["assignedFulfillmentOrders"]["nodes"] == [{"id": number}]
    hook = shop.control.wait_for(
        lambda: app.of(shop.domain, "fulfillment_orders/fulfillment_request_submitted"), "the hook arrives"
    )[0]
    assert hook.json["submitted_fulfillment_order"]["id"] == number
    assert hook.json["fulfillment_order_merchant_request"]["message"] == "please"
    callback = shop.control.wait_for(lambda: app.of(shop.domain, ""), "the callback arrives")[0]
    assert callback.path == "/fulfilment/fulfillment_order_notification"
    assert callback.json == {"kind": "FULFILLMENT_REQUEST"}
    assert callback.genuine
    accepted = _answer(shop, "fulfillmentOrderAcceptFulfillmentRequest", number)
    assert accepted["fulfillmentOrder"] == {"status": "IN_PROGRESS", "requestStatus": "ACCEPTED"}
    assert _read(shop, number)["orderName"] == order["name"]


def test_requests_follow_their_order(shop: ShopHandle, service: Service) -> None:
    _, number = _order(shop, service)
    assert _answer(shop, "fulfillmentOrderAcceptFulfillmentRequest", number)["userErrors"]
    shop.data(_SUBMIT, {"id": number})
    assert shop.data(_SUBMIT, {"id": number})["fulfillmentOrderSubmitFulfillmentRequest"]["userErrors"]
    rejected = _answer(shop, "fulfillmentOrderRejectFulfillmentRequest", number)
    assert rejected["fulfillmentOrder"] == {"status": "OPEN", "requestStatus": "REJECTED"}
    again = shop.data(_SUBMIT, {"id": number})["fulfillmentOrderSubmitFulfillmentRequest"]
    assert again["userErrors"] == []


def test_a_part_can_be_requested(shop: ShopHandle, service: Service) -> None:
    _, number = _order(shop, service, 3)
    line = _read(shop, number)["lineItems"]["nodes"][0]
    made = shop.data(_SUBMIT, {"id": number, "items": [{"id": line["id"], "quantity": 1}]})
    rest = made["fulfillmentOrderSubmitFulfillmentRequest"]["unsubmittedFulfillmentOrder"]["id"]
    assert [_read(shop, one)["lineItems"]["nodes"][0]["remainingQuantity"] for one in (number, rest)] == [1, 2]


def test_a_request_cannot_be_fulfilled_before_it_is_answered(shop: ShopHandle, service: Service) -> None:
    _, number = _order(shop, service)
    shop.data(_SUBMIT, {"id": number})
    assert "unfulfillable request status= submitted" in _ship(shop, number)["userErrors"][0]["message"]


def test_parcels_leave_in_parts_and_take_the_committed_stock(shop: ShopHandle, service: Service) -> None:
    order, number = _accepted(shop, service, 3)
    first = _ship(shop, number, 1, number="1Z999", company="UPS")
    assert first["userErrors"] == []
    assert first["fulfillment"]["name"] == f"{order['name']}-F1"
    assert first["fulfillment"]["trackingInfo"][0]["url"].endswith("1Z999")
    assert shop.stock(service.sku) == (7, 2, 9)
    assert shop.control.order(shop.domain, order["id"])["fulfillment_status"] == "PARTIALLY_FULFILLED"
    assert _ship(shop, number, 3)["userErrors"][0]["message"].startswith("Invalid fulfillment order line item quantity")
    assert _ship(shop, number)["userErrors"] == []
    assert shop.stock(service.sku) == (7, 0, 7)
    assert shop.control.order(shop.domain, order["id"])["fulfillment_status"] == "FULFILLED"
    closed = _read(shop, number)
    assert (closed["status"], closed["requestStatus"]) == ("CLOSED", "ACCEPTED")
    assert _ship(shop, number)["userErrors"][0]["message"].endswith("has an unfulfillable status= closed.")


def test_parcels_of_two_orders_do_not_go_together(shop: ShopHandle, service: Service) -> None:
    (_, first), (_, second) = _accepted(shop, service, 1), _accepted(shop, service, 1)
    given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": one} for one in (first, second)]}
    refused = shop.data(_CREATE, {"fulfillment": given})["fulfillmentCreate"]
    assert refused["userErrors"][0]["message"] == "All fulfillment orders must belong to the same order."


def test_tracking_is_replaced_and_progress_is_told(shop: ShopHandle, service: Service, app: App) -> None:
    order, number = _accepted(shop, service)
    made = _ship(shop, number, number="1", url="https://carrier.example/1")["fulfillment"]
    update = """
    mutation($id: ID!, $tracking: FulfillmentTrackingInput!) {
      fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking) {
        fulfillment { trackingInfo { number } } userErrors { message } } }
    """
    changed = shop.data(update, {"id": made["id"], "tracking": {"numbers": ["2", "3"]}})
    numbers = changed["fulfillmentTrackingInfoUpdate"]["fulfillment"]["trackingInfo"]
    assert numbers == [{"number": "2"}, {"number": "3"}]
    event = "mutation($event: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $event) { fulfillmentEvent { status } userErrors { message } } }"  # noqa: E501
    for status in ("IN_TRANSIT", "DELIVERED"):
        shop.data(event, {"event": {"fulfillmentId": made["id"], "status": status}})
    query = (
        "query($id: ID!) { fulfillment(id: $id) { displayStatus deliveredAt events(first: 5) { nodes { status } } } }"
    )
    found = shop.data(query, {"id": made["id"]})["fulfillment"]
    assert found["displayStatus"] == "DELIVERED"
    assert found["deliveredAt"] is not None
    assert [node["status"] for node in found["events"]["nodes"]] == ["IN_TRANSIT", "DELIVERED"]
    assert shop.control.order(shop.domain, order["id"])["fulfillments"][0]["tracking"][0]["number"] == "2"


def test_mixed_tracking_is_refused(shop: ShopHandle, service: Service) -> None:
    _, number = _accepted(shop, service)
    assert _ship(shop, number, number="1", urls=["https://carrier.example/1"])["userErrors"]


def test_a_cancelled_fulfilment_is_to_be_shipped_again(shop: ShopHandle, service: Service) -> None:
    order, number = _accepted(shop, service)
    made = _ship(shop, number)["fulfillment"]
    query = "mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"
    assert shop.data(query, {"id": made["id"]})["fulfillmentCancel"]["fulfillment"]["status"] == "CANCELLED"
    assert shop.stock(service.sku) == (8, 2, 10)
    assert _read(shop, number)["status"] == "CLOSED"
    replaced = shop.control.order(shop.domain, order["id"])["fulfillment_orders"][-1]
    assert (replaced["status"], replaced["lines"][0]["remaining"]) == ("OPEN", 2)
    assert _ship(shop, f"gid://shopify/FulfillmentOrder/{replaced['id']}")["userErrors"] == []


def test_a_cancellation_is_requested_and_answered(shop: ShopHandle, service: Service, app: App) -> None:
    order, number = _accepted(shop, service)
    plain = order["fulfillment_orders"][0]["id"]
    shop.control.request_cancellation(shop.domain, plain, "changed my mind")
    shop.control.wait_for(
        lambda: app.of(shop.domain, "fulfillment_orders/cancellation_request_submitted"), "the hook arrives"
    )
    refused = _answer(shop, "fulfillmentOrderRejectCancellationRequest", number)
    assert refused["fulfillmentOrder"] == {"status": "IN_PROGRESS", "requestStatus": "CANCELLATION_REJECTED"}
    shop.control.request_cancellation(shop.domain, plain)
    agreed = _answer(shop, "fulfillmentOrderAcceptCancellationRequest", number)
    assert agreed["fulfillmentOrder"] == {"status": "CANCELLED", "requestStatus": "CANCELLATION_ACCEPTED"}
    replaced = shop.control.order(shop.domain, order["id"])["fulfillment_orders"][-1]
    assert (replaced["status"], replaced["request_status"]) == ("OPEN", "UNSUBMITTED")
    assert shop.stock(service.sku) == (8, 2, 10)


def test_a_hold_stops_the_request_until_it_is_released(shop: ShopHandle, service: Service) -> None:
    _, number = _order(shop, service)
    hold = """
    mutation($id: ID!) { fulfillmentOrderHold(id: $id,
      fulfillmentHold: {reason: AWAITING_PAYMENT, handle: "wallet"}) {
        fulfillmentHold { id } fulfillmentOrder { status } userErrors { code } } }
    """
    assert shop.data(hold, {"id": number})["fulfillmentOrderHold"]["fulfillmentOrder"] == {"status": "ON_HOLD"}
    again = shop.data(hold, {"id": number})["fulfillmentOrderHold"]
    assert again["userErrors"] == [{"code": "DUPLICATE_FULFILLMENT_HOLD_HANDLE"}]
    assert shop.data(_SUBMIT, {"id": number})["fulfillmentOrderSubmitFulfillmentRequest"]["userErrors"]
    release = "mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { fulfillmentOrder { status } } }"
    assert shop.data(release, {"id": number})["fulfillmentOrderReleaseHold"]["fulfillmentOrder"] == {"status": "OPEN"}
    assert shop.data(_SUBMIT, {"id": number})["fulfillmentOrderSubmitFulfillmentRequest"]["userErrors"] == []


def test_an_accepted_fulfilment_order_does_not_move(shop: ShopHandle, service: Service) -> None:
    home = next(place["id"] for place in shop.control.shop(shop.domain)["locations"] if place["service_id"] is None)
    move = """
    mutation($id: ID!, $place: ID!) { fulfillmentOrderMove(id: $id, newLocationId: $place) {
      movedFulfillmentOrder { assignedLocation { location { id } } } userErrors { message } } }
    """
    _, number = _accepted(shop, service)
    place = f"gid://shopify/Location/{home}"
    assert shop.data(move, {"id": number, "place": place})["fulfillmentOrderMove"]["userErrors"]
    _, other = _order(shop, service)
    moved = shop.data(move, {"id": other, "place": place})["fulfillmentOrderMove"]["movedFulfillmentOrder"]
    assert moved == {"assignedLocation": {"location": {"id": place}}}


def test_a_refund_takes_units_off_the_fulfilment_order(shop: ShopHandle, service: Service) -> None:
    order, number = _order(shop, service, 3)
    shop.control.grant_scopes(shop.domain, ["write_orders", "read_assigned_fulfillment_orders", "read_locations"])
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    refund = """
    mutation($input: RefundInput!) { refundCreate(input: $input) @idempotent(key: "r") {
      refund { totalRefundedSet { shopMoney { amount } } } order { displayFinancialStatus } userErrors { message } } }
    """
    line = f"gid://shopify/LineItem/{order['lines'][0]['id']}"
    wanted = {
        "orderId": f"gid://shopify/Order/{order['id']}",
        "refundLineItems": [{"lineItemId": line, "quantity": 1, "restockType": "CANCEL"}],
        "transactions": [
            {"orderId": f"gid://shopify/Order/{order['id']}", "amount": "29.90", "gateway": "bogus", "kind": "REFUND"}
        ],
    }
    made = shop.data(refund, {"input": wanted})["refundCreate"]
    assert made["refund"] == {"totalRefundedSet": {"shopMoney": {"amount": "29.9"}}}
    assert made["order"] == {"displayFinancialStatus": "PARTIALLY_REFUNDED"}
    assert _read(shop, number)["lineItems"]["nodes"][0]["remainingQuantity"] == 2
    assert shop.data(refund, {"input": wanted})["refundCreate"] == made
    assert len(shop.control.order(shop.domain, order["id"])["refunds"]) == 1


def test_a_refund_without_transactions_moves_no_money(shop: ShopHandle, service: Service) -> None:
    order, _ = _order(shop, service, 3)
    shop.control.grant_scopes(shop.domain, ["write_orders"])
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    query = 'mutation($input: RefundInput!) { refundCreate(input: $input) @idempotent(key: "r") { refund { id } userErrors { message } } }'  # noqa: E501
    line = {"lineItemId": f"gid://shopify/LineItem/{order['lines'][0]['id']}", "quantity": 1}
    shop.data(query, {"input": {"orderId": f"gid://shopify/Order/{order['id']}", "refundLineItems": [line]}})
    after = shop.control.order(shop.domain, order["id"])
    assert (after["financial_status"], after["refunded"]) == ("PAID", "0")
    assert after["lines"][0]["current_quantity"] == 2


def test_a_return_is_of_shipped_units(shop: ShopHandle, service: Service) -> None:
    order, number = _accepted(shop, service)
    _ship(shop, number)
    shop.control.grant_scopes(shop.domain, ["write_returns", "read_orders"])
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    shipped = shop.control.order(shop.domain, order["id"])["fulfillments"][0]["lines"][0]["id"]
    query = "mutation($input: ReturnInput!) { returnCreate(returnInput: $input) { return { name status totalQuantity } userErrors { code } } }"  # noqa: E501

    def wanted(quantity: int) -> dict[str, Any]:
        line = {"fulfillmentLineItemId": f"gid://shopify/FulfillmentLineItem/{shipped}", "quantity": quantity}
        return {"input": {"orderId": f"gid://shopify/Order/{order['id']}", "returnLineItems": [line]}}

    assert shop.data(query, wanted(9))["returnCreate"]["userErrors"] == [{"code": "INVALID"}]
    made = shop.data(query, wanted(2))["returnCreate"]["return"]
    assert made == {"name": f"{order['name']}-R1", "status": "OPEN", "totalQuantity": 2}


def test_an_order_is_cancelled_by_a_job(shop: ShopHandle, service: Service) -> None:
    order, _ = _order(shop, service)
    shop.control.grant_scopes(shop.domain, ["write_orders"])
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    query = "mutation($id: ID!) { orderCancel(orderId: $id, reason: INVENTORY, restock: true, refundMethod: {originalPaymentMethodsRefund: true}) { job { id done } orderCancelUserErrors { code } } }"  # noqa: E501
    made = shop.data(query, {"id": f"gid://shopify/Order/{order['id']}"})["orderCancel"]
    assert made["job"]["done"] is False
    job = "query($id: ID!) { job(id: $id) { done } }"
    shop.control.wait_for(lambda: shop.data(job, {"id": made["job"]["id"]})["job"]["done"], "the job is done")
    after = shop.control.order(shop.domain, order["id"])
    assert (after["financial_status"], after["cancel_reason"]) == ("REFUNDED", "INVENTORY")
    again = shop.data(query, {"id": f"gid://shopify/Order/{order['id']}"})["orderCancel"]
    assert again["orderCancelUserErrors"] == [{"code": "INVALID"}]


def test_edits_change_what_is_to_be_shipped(shop: ShopHandle, service: Service, app: App) -> None:
    order, number = _order(shop, service, 3)
    line = order["lines"][0]["id"]
    shop.control.edit_order(shop.domain, order["id"], {line: 1})
    assert _read(shop, number)["lineItems"]["nodes"][0]["remainingQuantity"] == 1
    assert shop.stock(service.sku) == (9, 1, 10)
    hook = shop.control.wait_for(lambda: app.of(shop.domain, "orders/edited"), "the hook arrives")[0]
    assert hook.json["order_edit"]["line_items"]["removals"] == [{"id": line, "delta": 2}]


def test_a_service_with_open_work_is_not_deleted(shop: ShopHandle, service: Service) -> None:
    order, _ = _order(shop, service)
    query = "mutation($id: ID!) { fulfillmentServiceDelete(id: $id, inventoryAction: DELETE) { deletedId userErrors { message } } }"  # noqa: E501
    assert shop.data(query, {"id": service.id})["fulfillmentServiceDelete"]["userErrors"]
    shop.control.cancel_order(shop.domain, order["id"])
    assert shop.data(query, {"id": service.id})["fulfillmentServiceDelete"]["deletedId"] == service.id
    names = [place["name"] for place in shop.control.shop(shop.domain)["locations"] if place["is_active"]]
    assert "Acme" not in names


def test_an_unpaid_order_can_be_paid_later(shop: ShopHandle, service: Service, app: App) -> None:
    order, _ = _order(shop, service, financial_status="PENDING")
    query = "query($id: ID!) { order(id: $id) { displayFinancialStatus fullyPaid } }"
    number = {"id": f"gid://shopify/Order/{order['id']}"}
    assert shop.data(query, number)["order"] == {"displayFinancialStatus": "PENDING", "fullyPaid": False}
    assert app.of(shop.domain, "orders/paid") == []
    shop.control.pay_order(shop.domain, order["id"])
    assert shop.data(query, number)["order"] == {"displayFinancialStatus": "PAID", "fullyPaid": True}
    shop.control.wait_for(lambda: app.of(shop.domain, "orders/paid"), "the hook arrives")
