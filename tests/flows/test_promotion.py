"""A placement from the console to retailers' pages and the supplier's figures."""

from __future__ import annotations

from app import db
from app.catalog.models import Placement
from app.web.catalogue_cache import forget
from tests.flows.books import Books
from tests.market import Market
from tests.web.browsing import text_of

CONSOLE, FIND = "/console/placements", "/app/products"


def granted(market: Market, books: Books) -> Placement:
    """The lamps' supplier is promoted where lamps are searched for."""
    browser = books.browser(market.admin)
    done = browser.submit(CONSOLE, "/placements", supplier_id=str(market.supplier.id), words="lamp")
    assert done.status_code == 303, text_of(done)
    forget()
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.query(Placement).one()


def test_a_placement_is_granted_shown_as_promoted_counted_and_ended(market: Market, books: Books) -> None:
    retailer = books.browser(market.retailer)
    assert "Promoted" not in text_of(retailer.get(FIND, query_string={"search": "lamp"}))
    placement = granted(market, books)
    shown = retailer.get(FIND, query_string={"search": "lamp"})
    assert "Promoted" in text_of(shown)
    assert "agreement with their supplier" in text_of(shown)
    link = f"{FIND}/{market.lamp.product_id}?placement={placement.id}"
    assert link in shown.text
    assert retailer.get(link).status_code == 200
    assert retailer.get(f"{FIND}/{market.chair.product_id}?placement={placement.id}").status_code == 200
    own = text_of(books.browser(market.supplier).get("/supplier/promotion"))
    assert "“lamp”" in own
    assert "Seen in 30 days 1" in own
    assert "Followed in 30 days 1" in own, "a product of somebody else's was not followed"
    other = text_of(books.browser(market.other_supplier).get("/supplier/promotion"))
    assert "No placements" in other
    admin = books.browser(market.admin)
    assert "Running" in text_of(admin.get(CONSOLE))
    assert admin.submit(CONSOLE, f"/{placement.id}/end").status_code == 303
    forget()
    assert "Promoted" not in text_of(retailer.get(FIND, query_string={"search": "lamp"}))
    assert books.press(market.admin, f"{CONSOLE}/{placement.id}/end").status_code == 409


def test_the_api_says_what_is_promoted_and_why(market: Market, books: Books) -> None:
    plain = market.retailer.api.get("/api/products", search="lamp").json
    assert plain["promotion"] is None
    granted(market, books)
    found = market.retailer.api.get("/api/products", search="lamp").json
    assert [one["promoted"] for one in found["items"] if one["id"] == str(market.lamp.product_id)] == [True]
    assert "agreement" in found["promotion"]
    assert [one["id"] for one in found["items"]] == [one["id"] for one in plain["items"]]
    assert not any(one["promoted"] for one in market.retailer.api.get("/api/products", search="chair").json["items"])


def test_what_is_wrong_with_a_placement_stands_beside_its_field(market: Market, books: Books) -> None:
    browser = books.browser(market.admin)
    none = browser.submit(CONSOLE, "/placements", supplier_id=str(market.supplier.id))
    assert none.status_code == 422
    assert "one of them" in text_of(none)
    unknown = browser.submit(CONSOLE, "/placements", supplier_id=str(market.supplier.id), category="Nowhere > At all")
    assert "No product is in such a category" in text_of(unknown)
    nobody = browser.submit(CONSOLE, "/placements", words="lamp")
    assert "Choose a supplier" in text_of(nobody)
    assert market.count("placements") == 0


def test_others_grant_nothing(market: Market, books: Books) -> None:
    assert books.press(market.retailer, CONSOLE, words="lamp").status_code == 404
    assert books.press(market.supplier, CONSOLE, words="lamp").status_code == 404
