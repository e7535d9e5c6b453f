"""The published schema decides what can be asked; what the simulator doesn't model it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.simulators.shopify import RunningSimulator
from tests.simulators.shopify.graphql.execution import prepare
from tests.simulators.shopify.harness import ShopHandle

_DOCUMENTS = sorted((Path(__file__).parents[3] / "app/adapters/stores/shopify/graphql").glob("*.graphql"))


def test_an_unknown_field_is_refused(shop: ShopHandle) -> None:
    error = shop.error("{ shop { nonsense } }")
    assert error["message"] == "Field 'nonsense' doesn't exist on type 'Shop'"
    assert error["extensions"] == {"code": "undefinedField", "typeName": "Shop", "fieldName": "nonsense"}


def test_a_variable_of_the_wrong_type_is_refused(shop: ShopHandle) -> None:
    error = shop.error("query($n: Int!) { products(first: $n) { nodes { id } } }", {"n": "many"})
    assert error["extensions"]["code"] == "INVALID_VARIABLE"


def test_removed_input_fields_are_refused(shop: ShopHandle) -> None:
    # compareQuantity went with 2026-04.
    quantity = {"inventoryItemId": "gid://shopify/InventoryItem/1", "locationId": "gid://shopify/Location/1"}
    variables = {
        "input": {
            "name": "available",
            "reason": "correction",
            "quantities": [{**quantity, "quantity": 1, "compareQuantity": 1}],
        }
    }
    query = 'mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) @idempotent(key: "k") { userErrors { message } } }'  # noqa: E501
    assert shop.error(query, variables)["extensions"]["code"] == "INVALID_VARIABLE"


def test_a_document_that_is_no_graphql_is_refused(shop: ShopHandle) -> None:
    assert "Syntax Error" in shop.error("{ shop {")["message"]


def test_what_is_not_modelled_says_so(shop: ShopHandle) -> None:
    assert shop.error("{ shop { navigationSettings { id } } }")["extensions"]["code"] == "NOT_MODELLED"
    assert shop.error("{ bulkOperations(first: 1) { nodes { id } } }")["extensions"]["code"] == "NOT_MODELLED"


def test_a_malformed_global_id_is_refused(shop: ShopHandle) -> None:
    assert shop.error('{ order(id: "1001") { id } }')["message"] == "Invalid global id '1001'"


def test_an_unknown_record_is_null(shop: ShopHandle) -> None:
    assert shop.data('{ order(id: "gid://shopify/Order/1") { id } }') == {"order": None}


def test_other_versions_are_not_found(shop: ShopHandle, shopify: RunningSimulator) -> None:
    url = shopify.graphql_url(shop.domain).replace("2026-10", "2019-01")
    answer = requests.post(url, json={"query": "{ shop { id } }"}, timeout=10)
    assert answer.status_code == 404


@pytest.mark.parametrize("path", _DOCUMENTS, ids=lambda path: path.stem)
def test_the_apps_documents_fit_the_schema(path: Path) -> None:
    assert prepare(path.read_text()).errors == []


def test_pages_follow_one_another_by_cursor(open_shop: Callable[[], ShopHandle]) -> None:
    shop = open_shop()
    for number in range(5):
        shop.control.add_product(shop.domain, f"Product {number}", f"P-{number}")
    query = "query($after: String) { products(first: 2, after: $after) { nodes { title } pageInfo { hasNextPage endCursor } } }"  # noqa: E501
    titles, cursor = [], None
    while True:
        page = shop.data(query, {"after": cursor})["products"]
        titles += [node["title"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
    assert titles == [f"Product {number}" for number in range(5)]


def test_a_cursor_keeps_its_place_when_rows_before_it_go(shop: ShopHandle) -> None:
    made = [shop.control.add_product(shop.domain, f"P{number}", f"S{number}") for number in range(4)]
    query = "query($after: String) { products(first: 2, after: $after) { nodes { title } pageInfo { endCursor } } }"
    first = shop.data(query)["products"]
    shop.control.delete_product(shop.domain, made[0]["id"])
    second = shop.data(query, {"after": first["pageInfo"]["endCursor"]})["products"]
    assert [node["title"] for node in second["nodes"]] == ["P2", "P3"]


def test_searches_filter(shop: ShopHandle) -> None:
    shop.control.create_order(shop.domain, [{"title": "Gift", "price": "5.00", "quantity": 1}], financial_status="PAID")
    shop.control.create_order(
        shop.domain, [{"title": "Gift", "price": "5.00", "quantity": 1}], financial_status="PENDING"
    )
    query = "query($q: String) { orders(first: 5, query: $q) { nodes { displayFinancialStatus } } }"

    def found(text: str) -> list[str]:
        nodes = shop.data(query, {"q": text})["orders"]["nodes"]
        return [node["displayFinancialStatus"] for node in nodes]

    assert found("financial_status:paid") == ["PAID"]
    assert found("-financial_status:paid") == ["PENDING"]
    assert sorted(found("financial_status:paid OR financial_status:pending")) == ["PAID", "PENDING"]
    assert found("updated_at:>'2999-01-01T00:00:00Z' AND financial_status:paid") == []
    assert shop.error(query, {"q": "shoe_size:44"})["extensions"]["code"] == "NOT_MODELLED"
