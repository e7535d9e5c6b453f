"""Searching the whole catalogue by the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from app import db
from app.kit import clock
from app.suppliers.models import Supplier
from app.web.api import kept
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
    kept.forget()
    set_up(catalog_cache_seconds="60")
    yield
    kept.forget()


def test_results_are_kept_for_a_moment_apart_for_each_reader(market: Market, catalogue_kept: None) -> None:
    before = market.retailer.api.get("/api/products").json
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.product(session, factories.supplier(session, "Third"), title="New lamp")
    assert market.retailer.api.get("/api/products").json == before
    mine = market.supplier.api.get("/api/products").json
    assert len(mine["items"]) == len(before["items"]) + 1
    assert any(one["wholesale"] is None for one in mine["items"])
    with clock.shifted(timedelta(seconds=61)):
        assert len(market.retailer.api.get("/api/products").json["items"]) == len(mine["items"])


def test_nobody_gets_an_answer_that_was_kept_for_somebody_else(market: Market, set_up: Callable[..., None]) -> None:
    readers = [market.supplier, market.other_supplier, market.retailer, market.other_retailer, market.admin]
    lists = [
        "/api/products",
        "/api/products?search=lamp",
        "/api/products/facets",
        "/api/suppliers",
        f"/api/suppliers/{market.supplier.id}/products",
        f"/api/suppliers/{market.other_supplier.id}/products",
    ]
    own = {(place, path): reader.api.call("GET", path).json for place, reader in enumerate(readers) for path in lists}
    costs = {repr(own[place, "/api/products"]) for place in range(3)}
    assert len(costs) == 3, "the two suppliers and a retailer are shown different things"
    set_up(catalog_cache_seconds="60")
    for first in range(len(readers)):
        kept.forget()
        for place in (first, *range(len(readers))):
            for path in lists:
                assert readers[place].api.call("GET", path).json == own[place, path], (path, first)
    kept.forget()


def test_a_kept_answer_is_for_those_only_who_may_ask(market: Market, catalogue_kept: None) -> None:
    assert market.retailer.api.get("/api/products").status_code == 200
    blind = market.key(market.retailer, "read:orders")
    elsewhere = market.key(market.retailer, "read:catalog", allowed_ips=["203.0.113.0/24"])
    assert [one.get("/api/products").status_code for one in (blind, elsewhere, market.anonymous())] == [403, 403, 401]


def test_a_supplier_sees_at_once_what_it_did_to_its_own_list(market: Market, catalogue_kept: None) -> None:
    path = f"/api/suppliers/{market.supplier.id}/products"
    before = market.supplier.api.get(path).json["items"]
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.product(session, session.get_one(Supplier, market.supplier.id), title="New lamp")
    assert len(market.supplier.api.get(path).json["items"]) == len(before) + 1


def test_who_asks_for_changes_gets_no_kept_answer(market: Market, catalogue_kept: None) -> None:
    path, since = f"/api/suppliers/{market.supplier.id}/products", "2020-01-01T00:00:00Z"
    before = market.retailer.api.get(path, updated_since=since).json["items"]
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.product(session, session.get_one(Supplier, market.supplier.id), title="New lamp")
    assert len(market.retailer.api.get(path, updated_since=since).json["items"]) == len(before) + 1


@pytest.mark.parametrize("life", ["0", "60"])
def test_an_answer_that_one_has_is_not_sent_again(market: Market, set_up: Callable[..., None], life: str) -> None:
    kept.forget()
    set_up(catalog_cache_seconds=life)
    first = market.retailer.api.get("/api/products")
    tag = first.headers["ETag"]
    for sent in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = market.retailer.api.call("GET", "/api/products", headers={"If-None-Match": sent})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    other = market.retailer.api.call("GET", "/api/products", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.json) == (200, first.json)
    assert market.supplier.api.call("GET", "/api/products", headers={"If-None-Match": tag}).status_code == 200
    kept.forget()
