"""Searching the whole catalogue by the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app import db
from app.web import catalogue_cache
from tests import factories
from tests.market import Market


def test_retailers_find_products_with_their_costs_and_suppliers_only_their_own(market: Market) -> None:
    found = market.retailer.api.get("/api/products", search="lamp", in_stock="true")
    assert found.status_code == 200
    (lamp,) = [one for one in found.json["items"] if one["id"] == str(market.lamp.product_id)]
    assert lamp["wholesale"]["lowest"]["currency"]
    assert lamp["category"] == "Home & Garden > Lighting"
    other = market.supplier.api.get("/api/products").json["items"]
    costs = {one["supplier_id"]: one["wholesale"] is not None for one in other}
    assert costs == {one: one == str(market.supplier.id) for one in costs}
    assert len(costs) > 1


def test_counts_agree_with_what_is_found(market: Market) -> None:
    found = market.retailer.api.get("/api/products").json["items"]
    counted = market.retailer.api.get("/api/products/facets").json
    assert counted["total"] == len(found)
    assert counted["exact"] is True
    assert sum(one["products"] for one in counted["suppliers"]) == len(found)
    for one in counted["suppliers"]:
        narrowed = market.retailer.api.get("/api/products", supplier_id=one["value"])
        assert len(narrowed.json["items"]) == one["products"]


@pytest.fixture
def catalogue_kept(set_up: Callable[..., None]) -> Iterator[None]:
    catalogue_cache.forget()
    set_up(catalog_cache_seconds="60")
    yield
    catalogue_cache.forget()


def test_results_are_kept_for_a_moment_apart_for_each_reader(market: Market, catalogue_kept: None) -> None:
    before = market.retailer.api.get("/api/products").json
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.product(session, factories.supplier(session, "Third"), title="New lamp")
    assert market.retailer.api.get("/api/products").json == before
    mine = market.supplier.api.get("/api/products").json
    assert len(mine["items"]) == len(before["items"]) + 1
    assert any(one["wholesale"] is None for one in mine["items"])
