"""Orders that look risky wait for somebody to look at them, with the figures that they were found by."""

from __future__ import annotations

from app import db
from app.notifications.service import latest_emails
from app.orders.risk import address_doubts
from app.orders.rules import ADVICE, HoldReason, province_problem
from app.suppliers.models import Supplier
from tests.flows.storefront import ADDRESS, Json, Storefront
from tests.web.browsing import text_of


def choose(storefront: Storefront, **rules: str) -> None:
    """The retailer chooses on its settings page which orders wait."""
    path = f"/app/settings/stores/{storefront.store_id}/risks"
    values = {"value_factor": "0", "velocity": "0", **rules}
    assert storefront.books.press(storefront.market.retailer, path, **values).status_code == 303


def lamps(storefront: Storefront, units: int = 1, **changes: object) -> Json:
    return storefront.order(storefront.line(storefront.market.lamp.variants[0], units), **changes)


def waits_for(storefront: Storefront) -> list[str]:
    """Why the newest order waits."""
    return sorted(hold["reason"] for hold in storefront.orders()[-1]["holds"])


def letters_about_holds() -> list[str]:
    with db.system_scope(actor="test"), db.transaction() as session:
        return [one.text for one in latest_emails(session) if one.kind == "order_held"]


def release(storefront: Storefront, reason: str) -> None:
    order = storefront.orders()[-1]
    answer = storefront.market.retailer.api.post(f"/api/orders/{order['id']}/release", {"reason": reason})
    assert answer.status_code == 200, answer.text
    storefront.jobs.drain()


def test_unless_chosen_otherwise_only_what_the_platform_says_holds_an_order(storefront: Storefront) -> None:
    billed = {"billing_address": {"country_code": "US"}}
    for _ in range(4):
        storefront.tell("orders/paid", lamps(storefront, **billed))
    assert [order["holds"] for order in storefront.orders()] == [[]] * 4


def test_an_order_worth_far_more_than_usual_waits_and_shows_its_figures(storefront: Storefront) -> None:
    choose(storefront, value_factor="3")
    for _ in range(9):
        storefront.tell("orders/paid", lamps(storefront, units=1) | {"email": None})
        storefront.tell("orders/cancelled", {"admin_graphql_api_id": storefront.orders()[-1]["external_id"]})
    storefront.tell("orders/paid", lamps(storefront, units=6))
    assert waits_for(storefront) == [], "nine orders do not say yet what is usual"
    for_less = lamps(storefront, units=3)
    taken_off = {"amount": "30.00", "amount_set": {"shop_money": {"amount": "30.00", "currency_code": "USD"}}}
    for_less["line_items"][0]["discount_allocations"] = [taken_off]
    storefront.tell("orders/paid", for_less)
    assert waits_for(storefront) == [], "what counts is what is paid"
    storefront.tell("orders/cancelled", for_less)
    storefront.tell("orders/paid", lamps(storefront, units=3))
    assert waits_for(storefront) == ["risk_value"]
    order = storefront.orders()[-1]
    assert order["purchase_orders"] == []
    page = text_of(storefront.books.browser(storefront.market.retailer).get(f"/app/orders/{order['id']}"))
    assert "It is worth 75.00 USD; your usual order is worth 25.00 USD" in page
    assert "You can release it." in page
    release(storefront, "risk_value")
    assert storefront.orders()[-1]["status"] == "PENDING"


def test_billed_elsewhere_waits_where_chosen_and_is_found_by_its_reason(storefront: Storefront) -> None:
    choose(storefront, countries="1")
    storefront.tell("orders/paid", lamps(storefront, billing_address={"country_code": "GB"}))
    assert waits_for(storefront) == []
    storefront.tell("orders/paid", lamps(storefront, billing_address={"country_code": "US"}))
    assert waits_for(storefront) == ["risk_countries"]
    api = storefront.market.retailer.api
    held = api.get("/api/orders", hold="risk_countries").json["items"]
    assert [one["id"] for one in held] == [storefront.orders()[-1]["id"]]
    assert api.get("/api/orders", hold="manual").json["items"] == []
    assert api.get("/api/orders", hold="nonsense").status_code == 422
    shop = storefront.books.browser(storefront.market.retailer)
    listed = text_of(shop.get("/app/orders?reason=risk_countries"))
    assert (
        storefront.books.row("select external_name from orders order by number desc limit 1")["external_name"] in listed
    )
    assert "Billed in another country" in listed


def test_many_orders_within_an_hour_wait_and_nothing_of_the_shopper_is_kept_in_clear(storefront: Storefront) -> None:
    choose(storefront, velocity="3")
    for wording in ("12 St James's Square", "12 ST JAMES'S  SQUARE"):
        body = lamps(storefront, shipping_address=ADDRESS | {"address1": wording}, email=f"{len(wording)}@a.example")
        storefront.tell("orders/paid", body)
        assert waits_for(storefront) == []
    elsewhere = ADDRESS | {"address1": "9 Grange Road", "zip": "LS1 4AP", "city": "Leeds"}
    storefront.tell("orders/paid", lamps(storefront, shipping_address=elsewhere, email="other@a.example"))
    assert waits_for(storefront) == []
    storefront.tell("orders/paid", lamps(storefront))
    assert waits_for(storefront) == ["risk_velocity"]
    for _ in range(2):
        storefront.tell("orders/paid", lamps(storefront, shipping_address=elsewhere, email="OTHER@a.example "))
    assert waits_for(storefront) == ["risk_velocity"]
    kept = storefront.books.rows("select address_key, customer_key from orders")
    assert all(len(bytes(row["address_key"])) == 32 for row in kept)


def test_what_the_platform_says_holds_an_order_whenever_it_comes(storefront: Storefront) -> None:
    told = {"risk_level": "high", "provider_id": None}
    early = lamps(storefront)
    topic = "orders/risk_assessment_changed"
    about = {"admin_graphql_api_order_id": early["admin_graphql_api_id"]}
    assert storefront.tell(topic, about | told) == "risk high noted"
    storefront.tell("orders/paid", early)
    assert waits_for(storefront) == ["risk_platform"]
    assert storefront.tell(topic, about | told | {"provider_id": 7}).startswith("ignored")
    late = lamps(storefront)
    storefront.tell("orders/paid", late)
    about = {"admin_graphql_api_order_id": late["admin_graphql_api_id"]}
    assert storefront.tell(topic, about | told).startswith("its suppliers have it")
    assert "risk_told" in storefront.books.notices(storefront.market.retailer)
    storefront.change(lambda store: setattr(store, "fraud_window_minutes", 30))
    waiting = lamps(storefront)
    storefront.tell("orders/paid", waiting)
    about = {"admin_graphql_api_order_id": waiting["admin_graphql_api_id"]}
    assert storefront.tell(topic, about | told) == "on hold for its risk"
    assert waits_for(storefront) == ["fraud_window", "risk_platform"]
    choose(storefront)
    assert storefront.tell(topic, about | told) == "risk high noted"


def test_an_order_with_several_holds_is_one_letter_and_one_that_waits_no_longer_is_none(
    storefront: Storefront,
) -> None:
    choose(storefront, address="1", countries="1")
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Supplier, storefront.market.supplier.id).no_post_boxes = True
    boxed = ADDRESS | {"address1": "P.O. Box 12"}
    storefront.tell("orders/paid", lamps(storefront, shipping_address=boxed, billing_address={"country_code": "US"}))
    assert waits_for(storefront) == ["address_doubtful", "risk_countries"]
    (letter,) = letters_about_holds()
    for reason in (HoldReason.ADDRESS_DOUBTFUL, HoldReason.RISK_COUNTRIES):
        assert ADVICE[reason] in " ".join(letter.split())
    body = lamps(storefront, billing_address={"country_code": "US"})
    for topic, told in (("orders/paid", body), ("orders/cancelled", body | {"cancelled_at": body["created_at"]})):
        assert storefront.send(topic, told).status_code == 200
    storefront.jobs.drain()
    assert storefront.orders()[-1]["status"] == "CANCELLED"
    assert letters_about_holds() == [letter]


def test_a_doubtful_address_waits_until_it_is_corrected_or_released(storefront: Storefront) -> None:
    choose(storefront, address="1")
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Supplier, storefront.market.supplier.id).no_post_boxes = True
    boxed = lamps(storefront, shipping_address=ADDRESS | {"address1": "P.O. Box 12"})
    storefront.tell("orders/paid", boxed)
    assert waits_for(storefront) == ["address_doubtful"]
    order = storefront.orders()[-1]
    page = f"/app/orders/{order['id']}"
    shop = storefront.books.browser(storefront.market.retailer)
    assert "This is a post box, where Nordlicht can't deliver." in text_of(shop.get(page))
    mended = {**{name: str(value) for name, value in ADDRESS.items() if value}, "postal_code": "SW1Y 4JH"}
    values = {name: mended[name] for name in ("name", "address1", "city", "postal_code", "country_code")}
    assert shop.submit(page, f"{page}/address", **values).status_code == 303
    storefront.jobs.drain()
    assert storefront.orders()[-1]["status"] == "PENDING"
    storefront.tell("orders/paid", boxed | {"id": 9, "admin_graphql_api_id": "gid://shopify/Order/9"})
    release(storefront, "address_doubtful")
    assert storefront.orders()[-1]["status"] == "PENDING"


def test_what_looks_wrong_with_an_address() -> None:
    def doubts(country: str, address1: str, province: str = "", boxes: tuple[str, ...] = ()) -> list[str]:
        found = address_doubts(address1=address1, address2="", province=province, country_code=country, no_boxes=boxes)
        return [one.code for one in found]

    assert doubts("DE", "Hauptstraße") == ["no_number"]
    assert doubts("DE", "Hauptstraße 5") == []
    assert doubts("GB", "Rose Cottage") == [], "houses there have names"
    assert doubts("DE", "Packstation 101") == [], "no supplier minds"
    assert doubts("DE", "Packstation 101", boxes=("Kanto",)) == ["post_box"]
    assert doubts("US", "1 Main St", "OR") == []
    assert doubts("US", "1 Main St", "oregon") == []
    assert doubts("US", "1 Main St", "Bavaria") == ["malformed"]
    assert doubts("US", "PO Box 7", "") == ["incomplete"]
    assert province_problem("DE", "") is None
