"""What calls cost, and what happens when the points run out."""

from __future__ import annotations

import pytest

from tests.simulators.shopify.harness import ShopHandle


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("{ shop { id name } }", 1),
        ("{ shop { primaryDomain { url } } }", 2),
        ("{ products(first: 10) { nodes { id } } }", 12),
        ("{ products(first: 10) { edges { node { id variants(first: 5) { nodes { id } } } } } }", 82),
        ("{ products(last: 10) { nodes { id } pageInfo { hasNextPage } } }", 12),
        ('{ node(id: "gid://shopify/Shop/1") { ... on Shop { primaryDomain { url } } ... on Product { id } } }', 2),
        ('mutation { tagsAdd(id: "gid://shopify/Product/1", tags: ["x"]) { node { id } userErrors { message } } }', 10),
    ],
)
def test_prices(shop: ShopHandle, query: str, price: int) -> None:
    assert shop.ask(query)["extensions"]["cost"]["requestedQueryCost"] == price


def test_product_set_costs_more_by_what_it_sets(shop: ShopHandle) -> None:
    query = "mutation($input: ProductSetInput!) { productSet(input: $input) { product { id } } }"
    variant = {"optionValues": [{"optionName": "Size", "name": "S"}]}
    wanted = {
        "title": "Shirt",
        "productOptions": [{"name": "Size", "values": [{"name": "S"}]}],
        "variants": [variant],
        "files": [{"originalSource": "https://images.example/1.jpg"}] * 2,
    }
    # 10 for the mutation, 0.2 for the variant, 1.9 for each file.
    assert shop.ask(query, {"input": wanted})["extensions"]["cost"]["requestedQueryCost"] == 14


def test_a_query_over_the_limit_is_refused_whatever_is_left(shop: ShopHandle) -> None:
    query = "{ orders(first: 50) { nodes { lineItems(first: 50) { nodes { id } } } } }"
    error = shop.error(query)
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["cost"] == 2 + 50 * (1 + 2 + 50)


def test_what_was_not_used_is_given_back(shop: ShopHandle) -> None:
    answer = shop.ask("{ products(first: 100) { nodes { id } } }")
    cost = answer["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 102
    assert cost["actualQueryCost"] == 2
    assert cost["throttleStatus"]["currentlyAvailable"] >= 997


def test_an_empty_bucket_throttles_and_refills(shop: ShopHandle) -> None:
    shop.control.fill_bucket(shop.domain, 0)
    refused = shop.ask("{ products(first: 20) { nodes { id } } }")
    assert refused["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in refused
    status = refused["extensions"]["cost"]["throttleStatus"]
    assert refused["extensions"]["cost"]["actualQueryCost"] is None
    assert status["maximumAvailable"] == 1000
    assert status["restoreRate"] == 100
    assert status["currentlyAvailable"] < 22

    def served() -> bool:
        return "data" in shop.ask("{ products(first: 20) { nodes { id } } }")

    assert shop.control.wait_for(served, "the bucket refills")
    assert shop.control.counters()["throttled"]["products"] >= 1


def test_buckets_are_per_shop(shop: ShopHandle) -> None:
    shop.control.fill_bucket("first.myshopify.com", 0)
    assert "data" in shop.ask("{ products(first: 20) { nodes { id } } }")
