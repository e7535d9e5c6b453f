"""Stock: compare and set, idempotency, activation, and what orders do to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.simulators.shopify.harness import CREATE_SERVICE, Service, ShopHandle
from tests.simulators.shopify.running import ControlRefused

_SET = """
mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { name delta quantityAfterChange } } userErrors { code field message } } }
"""
_ACTIVATE = """
mutation($item: ID!, $place: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $place, available: $available) @idempotent(key: $key) {
    inventoryLevel { quantities(names: ["available"]) { quantity } } userErrors { field message } } }
"""


def _input(service: Service, quantity: int, believed: int | None) -> dict[str, Any]:
    entry = {
        "inventoryItemId": service.item,
        "locationId": service.location,
        "quantity": quantity,
        "changeFromQuantity": believed,
    }
    return {"name": "available", "reason": "correction", "quantities": [entry]}


def _set(shop: ShopHandle, given: dict[str, Any], key: str) -> Any:
    return shop.data(_SET, {"input": given, "key": key})["inventorySetQuantities"]


def test_quantities_are_set_when_the_belief_is_right(shop: ShopHandle, service: Service) -> None:
    made = _set(shop, _input(service, 7, 10), "a")
    assert made["userErrors"] == []
    assert made["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "available", "delta": -3, "quantityAfterChange": 7},
        {"name": "on_hand", "delta": -3, "quantityAfterChange": 7},
    ]
    assert shop.stock(service.sku) == (7, 0, 7)


def test_a_stale_belief_changes_nothing(shop: ShopHandle, service: Service) -> None:
    made = _set(shop, _input(service, 7, 99), "a")
    assert made["inventoryAdjustmentGroup"] is None
    assert made["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert made["userErrors"][0]["field"] == ["input", "quantities", "0", "changeFromQuantity"]
    assert shop.stock(service.sku) == (10, 0, 10)


def test_one_stale_entry_keeps_all_from_being_set(shop: ShopHandle, service: Service) -> None:
    other = shop.control.add_product(shop.domain, "Other", "OTHER", available=5)["variants"][0]
    home = next(place for place in shop.control.shop(shop.domain)["locations"] if place["service_id"] is None)
    given = _input(service, 3, 99)
    given["quantities"].append(
        {
            "inventoryItemId": f"gid://shopify/InventoryItem/{other['item']['id']}",
            "locationId": f"gid://shopify/Location/{home['id']}",
            "quantity": 1,
            "changeFromQuantity": 5,
        }
    )
    assert [error["field"][2] for error in _set(shop, given, "a")["userErrors"]] == ["0"]
    assert shop.stock("OTHER") == (5, 0, 5)


def test_null_overwrites(shop: ShopHandle, service: Service) -> None:
    assert _set(shop, _input(service, 4, None), "a")["userErrors"] == []
    assert shop.stock(service.sku) == (4, 0, 4)


def test_the_belief_must_be_stated(shop: ShopHandle, service: Service) -> None:
    given = _input(service, 4, None)
    del given["quantities"][0]["changeFromQuantity"]
    error = shop.error(_SET, {"input": given, "key": "a"})
    assert error["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert "changeFromQuantity" in error["message"]


def test_more_than_250_entries_are_refused(shop: ShopHandle, service: Service) -> None:
    given = _input(service, 4, None)
    given["quantities"] *= 251
    error = shop.error(_SET, {"input": given, "key": "a"})
    assert error["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    assert "251" in error["message"]


def test_the_same_item_twice_is_refused(shop: ShopHandle, service: Service) -> None:
    given = _input(service, 4, None)
    given["quantities"] *= 2
    codes = [error["code"] for error in _set(shop, given, "a")["userErrors"]]
    assert codes == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]


def test_an_unknown_reason_is_refused(shop: ShopHandle, service: Service) -> None:
    given = {**_input(service, 4, None), "reason": "because"}
    assert _set(shop, given, "a")["userErrors"][0]["code"] == "INVALID_REASON"


def test_mutations_of_stock_need_a_key(shop: ShopHandle, service: Service) -> None:
    query = _SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")
    error = shop.error(query, {"input": _input(service, 7, 10)})
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "@idempotent directive is required" in error["message"]
    assert shop.error(_SET, {"input": _input(service, 7, 10), "key": " "})["extensions"]["code"] == "BAD_REQUEST"


def test_a_repeat_has_no_second_effect(shop: ShopHandle, service: Service) -> None:
    adjust = """
    mutation($input: InventoryAdjustQuantitiesInput!, $key: String!) {
      inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
        inventoryAdjustmentGroup { id } userErrors { code } } }
    """
    change = {
        "delta": -2,
        "changeFromQuantity": None,
        "inventoryItemId": service.item,
        "locationId": service.location,
    }
    variables = {"key": "once", "input": {"name": "available", "reason": "correction", "changes": [change]}}
    first = shop.data(adjust, variables)
    assert shop.data(adjust, variables) == first
    assert shop.stock(service.sku) == (8, 0, 8)


def test_a_key_is_for_one_set_of_variables(shop: ShopHandle, service: Service) -> None:
    _set(shop, _input(service, 7, 10), "a")
    assert _set(shop, _input(service, 6, 7), "a")["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert shop.stock(service.sku) == (7, 0, 7)


def test_a_refused_attempt_needs_a_new_key(shop: ShopHandle, service: Service) -> None:
    _set(shop, _input(service, 7, 99), "a")
    again = _set(shop, _input(service, 7, 99), "a")
    assert again["userErrors"][0]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


def test_a_key_is_forgotten_after_a_day(shop: ShopHandle, service: Service) -> None:
    _set(shop, _input(service, 7, 10), "a")
    shop.control.advance_clock(25 * 3600)
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    assert _set(shop, _input(service, 6, 7), "a")["userErrors"] == []


def test_an_item_is_activated_at_a_location_once(shop: ShopHandle, service: Service) -> None:
    second = shop.data(CREATE_SERVICE, {"name": "Second"})["fulfillmentServiceCreate"]["fulfillmentService"]
    variables = {"item": service.item, "place": second["location"]["id"], "available": 3, "key": "a"}
    made = shop.data(_ACTIVATE, variables)["inventoryActivate"]
    assert made["inventoryLevel"]["quantities"] == [{"quantity": 3}]
    again = shop.data(_ACTIVATE, {**variables, "key": "b"})["inventoryActivate"]
    assert again["userErrors"][0]["field"] == ["available"]
    assert shop.data(_ACTIVATE, {**variables, "available": None, "key": "c"})["inventoryActivate"]["userErrors"] == []


def test_setting_a_quantity_does_not_stock_the_item_there(shop: ShopHandle, service: Service) -> None:
    second = shop.data(CREATE_SERVICE, {"name": "Second"})["fulfillmentServiceCreate"]["fulfillmentService"]
    given = _input(service, 50, None)
    given["quantities"][0]["locationId"] = second["location"]["id"]
    assert _set(shop, given, "a")["userErrors"] == []
    query = "query($item: ID!, $place: ID!) { inventoryItem(id: $item) { inventoryLevel(locationId: $place) { id } } }"
    found = shop.data(query, {"item": service.item, "place": second["location"]["id"]})
    assert found["inventoryItem"]["inventoryLevel"] is None
    with pytest.raises(ControlRefused):
        shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": 11}])


def test_an_order_commits_stock_and_a_cancellation_frees_it(shop: ShopHandle, service: Service) -> None:
    order = shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": 4}])
    assert shop.stock(service.sku) == (6, 4, 10)
    shop.control.wait_until_routed(shop.domain, order["id"])
    shop.control.cancel_order(shop.domain, order["id"])
    assert shop.stock(service.sku) == (10, 0, 10)


def test_more_than_there_is_cannot_be_bought(shop: ShopHandle, service: Service) -> None:
    with pytest.raises(ControlRefused) as refused:
        shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": 11}])
    assert refused.value.content["kind"] == "OutOfStock"
    assert shop.stock(service.sku) == (10, 0, 10)


def test_the_merchant_may_oversell(shop: ShopHandle, service: Service) -> None:
    shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": 12}], allow_oversell=True)
    assert shop.stock(service.sku) == (-2, 12, 10)


def test_two_requests_with_one_key_at_once(shop: ShopHandle, service: Service) -> None:
    shop.control.add_fault("slow", {"shop": shop.domain, "operation": "inventorySetQuantities"}, delay_ms=600)
    given = _input(service, 7, 10)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_set, shop, given, "a")
        shop.control.wait_for(lambda: not shop.control.faults(), "the first is being worked on")
        second = _set(shop, given, "a")
        assert second["userErrors"][0]["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST"
        assert first.result()["userErrors"] == []
    assert _set(shop, given, "a") == first.result()
