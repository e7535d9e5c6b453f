"""What becomes of units that do not come as ordered is known in the store and to its customer: they wait, or something
else is sent; and what is sent instead is told for the line that was bought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app import db
from app.adapters.stores.shopify.adapter import Shopify
from app.documents.service import save_brand
from app.kit import clock
from app.kit.texts import zone_of
from app.listings.models import ListingVariant
from app.stores.models import Store, StoreLocation
from app.stores.platform import Credentials, StoreAccess
from app.suppliers.models import Supplier
from tests import factories
from tests.adapters.stores.conftest import configured, simulator
from tests.adapters.stores.shop import Shop, listing, pushed, variant
from tests.flows.books import Books, Json
from tests.flows.deciding import Desk, desk
from tests.flows.refunding import Till
from tests.flows.test_customer_letters import letters
from tests.market import Market
from tests.simulators.shopify import Control
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["configured", "desk", "simulator"]

_SCOPES = (
    "write_assigned_fulfillment_orders", "write_third_party_fulfillment_orders", "write_fulfillments",
    "write_publications", "read_publications", "write_orders",
)  # fmt: skip


class Counter(Till):
    """A shop whose lamps and chairs are at the supplier's location there."""

    def __init__(self, market: Market, jobs: Jobs, books: Books, control: Control) -> None:
        super().__init__(market, jobs, books, control)
        self.grant(*_SCOPES)
        adapter = Shopify()
        credentials = Credentials(access_token=self.token)
        facts = adapter.describe_shop(StoreAccess(external_id=self.shop, credentials=credentials))
        way_in = StoreAccess(external_id=self.shop, credentials=credentials, remembered=facts.remember)
        self.there = Shop(self.shop, way_in, control, adapter)
        place = self.there.location("Nordlicht")
        with db.system_scope(actor="test"), db.transaction() as session:
            store = session.get_one(Store, self.store_id)
            session.add(
                StoreLocation(
                    store_id=store.id,
                    supplier_id=market.supplier.id,
                    retailer_id=store.retailer_id,
                    external_location_id=place.location_id,
                    external_service_id=place.service_id,
                    created_at=clock.now(),
                )
            )
            for name, ours in self.skus.items():
                wanted = listing(place, key=name, of=[variant(name, sku=f"THERE-{name}", quantity=50)])
                made = pushed(self.there, wanted)
                row = session.query(ListingVariant).filter_by(variant_id=ours, store_id=store.id).one()
                row.external_id = made.variants[0].external_id
            other = session.get_one(Supplier, market.other_supplier.id)
            (self.spare,) = factories.product(session, other, title="Spare lamp", wholesale="9.00", stock=5)
        self.desk = _Choices(self)

    def buys(self, lamps: int = 2, *, held: bool = False) -> Json:
        """A customer buys lamps; the order comes in and is accepted in the store, unless the merchant has it wait. It
        is the store's own view of it."""
        lines = [{"sku": "THERE-lamp", "quantity": lamps}]
        placed = self.control.create_order(self.shop, lines, note="Gift for Bo", tags=["vip"])
        whole = self.control.wait_until_routed(self.shop, placed["id"])
        if held:
            self._holds(whole)
        self.hears()
        self.jobs.drain(retries=True)
        return dict(whole)

    def _holds(self, order: Json) -> None:
        self.grant(*_SCOPES, "write_merchant_managed_fulfillment_orders")
        hold = """mutation($id: ID!) { fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER}) {
          userErrors { message } } }"""
        for one in order["fulfillment_orders"]:
            answer = self.asks(hold, id=f"gid://shopify/FulfillmentOrder/{one['id']}")
            assert answer["fulfillmentOrderHold"]["userErrors"] == []

    def told(self, order: Json) -> list[str]:
        """What the store's people read with what is to be sent."""
        return [said for one in self.seen(order)["fulfillment_orders"] for said in one["progress"]]

    def story(self) -> str:
        return str(self.books.browser(self.market.retailer).get(f"/app/orders/{self.only_order()['id']}").text)


class _Choices(Desk):
    """The retailer decides about orders of the counter."""

    def __init__(self, counter: Counter) -> None:
        self.market, self.jobs, self.books = counter.market, counter.jobs, counter.books
        self.lamp, self.spare = counter.skus["lamp"], counter.spare


@pytest.fixture
def counter(market: Market, jobs: Jobs, books: Books, configured: Control, set_up: Callable[..., None]) -> Counter:
    return Counter(market, jobs, books, configured)


def brand(market: Market, language: str) -> None:
    values = dict.fromkeys(("colour", "message", "email", "phone", "website"), "")
    with db.tenant_scope(market.retailer.id, actor="test"), db.transaction() as session:
        save_brand(
            session, market.retailer.id, values={"name": "Lumen & Oak", "language": language, **values}, logo=None
        )


def far_zone() -> str:
    """A zone in which it is another day than in UTC, now and minutes later."""
    return "Pacific/Kiritimati" if clock.now().hour >= 11 else "Pacific/Pago_Pago"


def out_of_stock(counter: Counter) -> Json:
    order = counter.only_order()
    counter.desk.answers(order, status="rejected", reason="out_of_stock")
    return order


def test_the_store_reads_that_units_wait_and_that_they_come_after_all(counter: Counter) -> None:
    brand(counter.market, "de")
    zone = far_zone()
    counter.change(lambda store: setattr(store, "timezone", zone))
    bought = counter.buys(2)
    order = out_of_stock(counter)
    counter.desk.chooses(order, "wait")
    decision = counter.desk.decision(order)
    until = clock.parse_iso(decision["wait_until"]).astimezone(zone_of(zone))
    waits = f"Waiting for stock, until {until:%d %b %Y} at the latest: 2 × Desk lamp – 0."
    assert counter.told(bought) == [waits]
    assert decision["store_told_at"] is not None
    assert decision["line_units"] == 2
    assert f"The store was told: {waits}" in counter.story()
    (letter,) = letters()
    assert "ein Teil kommt später" in letter.subject
    assert "2 × Desk lamp – 0" in letter.text
    assert f"längstens bis {until.day}. " in letter.text
    seen = counter.seen(bought)
    assert (seen["note"], seen["tags"]) == ("Gift for Bo", ["vip"]), "what people wrote stays"
    # Once more, and nothing is said again.
    counter.desk.later("watch_decisions", minutes=10)
    counter.jobs.drain(retries=True)
    assert counter.told(bought) == [waits]
    counter.desk.stock_comes(counter.market.supplier, counter.desk.lamp, 10)
    assert counter.told(bought) == [waits, "Waiting no longer, a supplier sends it: 2 × Desk lamp – 0."]
    assert len(letters()) == 1


def test_the_store_reads_that_what_waited_does_not_come(counter: Counter) -> None:
    bought = counter.buys(2)
    order = out_of_stock(counter)
    counter.desk.chooses(order, "wait")
    counter.desk.later(days=31)
    assert counter.told(bought)[1:] == ["Not delivered: 2 × Desk lamp – 0."]


def test_what_is_sent_instead_is_known_and_told_for_the_line_that_was_bought(counter: Counter, books: Books) -> None:
    bought = counter.buys(2)
    order = out_of_stock(counter)
    counter.desk.chooses(order, "substitute", variant_id=str(counter.spare))
    (decision,) = counter.desk.decisions(order)
    assert decision["substitute"]["title"] == "Spare lamp – 0"
    sku = decision["substitute"]["sku"]
    assert counter.told(bought) == [f"Spare lamp – 0 (SKU {sku}) is sent instead of 2 × Desk lamp – 0."]
    (letter,) = letters()
    assert "another article" in letter.subject
    assert "Spare lamp" in letter.text
    (new,) = counter.desk.purchase_orders(order, counter.market.other_supplier)
    books.ship(counter.market.other_supplier, new, 2)
    counter.jobs.drain(retries=True)
    (sent,) = counter.seen(bought)["fulfillments"]
    line = bought["lines"][0]["id"]
    assert [(one["line_item_id"], one["quantity"]) for one in sent["lines"]] == [(line, 2)]
    assert counter.seen(bought)["fulfillment_status"] == "FULFILLED"


@pytest.mark.parametrize("fault", ["drop_after_effect", "drop_before"])
def test_a_store_that_does_not_answer_is_told_all_the_same(counter: Counter, fault: str) -> None:
    bought = counter.buys(1)
    order = out_of_stock(counter)
    counter.control.add_fault(fault, {"operation": "FulfillmentOrderReportProgress", "shop": counter.shop}, times=1)
    counter.desk.chooses(order, "wait")
    counter.jobs.drain(retries=True)
    told = counter.told(bought)
    assert len(set(told)) == 1, "the same words, whether or not the first ones came through"
    assert counter.desk.decision(order)["store_told_at"] is not None
    assert counter.story().count("The store was told: Waiting") == 1
    assert len(letters()) == 1


def test_what_a_store_refuses_is_written_down_and_not_tried_for_ever(counter: Counter) -> None:
    bought = counter.buys(1)
    order = out_of_stock(counter)
    counter.control.cancel_order(counter.shop, bought["id"])
    counter.desk.chooses(order, "wait")
    counter.jobs.drain(retries=True)
    assert counter.told(bought) == []
    assert "The store could not be told" in counter.story()
    assert [one for one in counter.jobs.open_tasks() if one[0] == "tell_store_of_decision"] == []


def test_what_a_store_refused_is_among_what_is_stuck_until_it_is_told(counter: Counter) -> None:
    market, books = counter.market, counter.books
    bought = counter.buys(1, held=True)
    order = out_of_stock(counter)
    counter.desk.chooses(order, "wait")
    with clock.shifted(timedelta(hours=25)):
        assert counter.due("tell_store_of_decision")

    def stuck() -> list[str]:
        found = market.retailer.api.get("/api/exceptions").json["items"]
        return [one["detail"]["reason"] for one in found if one["kind"] == "store_note"]

    assert len(stuck()) == 1
    assert market.other_retailer.api.get("/api/exceptions").json["items"] == []
    decision = counter.desk.decision(order)
    path = f"/exceptions/orders/{order['id']}/decisions/{decision['id']}"
    assert books.press(market.other_retailer, f"/app{path}/told").status_code == 404
    with clock.shifted(timedelta(hours=26)):
        seen = text_of(books.browser(market.retailer).get("/app/exceptions"))
        assert "Store does not know what was decided" in seen
        assert books.browser(market.retailer).submit("/app/exceptions", f"{path}/tell-store").status_code == 303
        counter.jobs.drain()
        assert len(stuck()) == 1, "the store holds it still"
    _release_in_store(counter, bought)
    with clock.shifted(timedelta(hours=27)):
        assert books.browser(market.retailer).submit("/app/exceptions", f"{path}/tell-store").status_code == 303
        counter.jobs.drain()
    assert stuck() == []
    assert len(counter.told(bought)) == 1
    assert counter.desk.decision(order)["store_told_at"] is not None


def test_what_a_store_refused_is_over_when_its_people_know_it(counter: Counter) -> None:
    bought = counter.buys(1)
    order = out_of_stock(counter)
    counter.control.cancel_order(counter.shop, bought["id"])
    counter.desk.chooses(order, "wait")
    counter.jobs.drain(retries=True)
    decision = counter.desk.decision(order)
    browser = counter.books.browser(counter.market.retailer)
    path = f"/exceptions/orders/{order['id']}/decisions/{decision['id']}/told"
    assert browser.submit("/app/exceptions", path).status_code == 303
    assert counter.books.press(counter.market.retailer, f"/app{path}").status_code == 303, "twice is once"
    found = counter.market.retailer.api.get("/api/exceptions").json["items"]
    assert [one["kind"] for one in found if one["kind"] == "store_note"] == []
    assert "were told what was decided, by hand" in counter.story()


def _release_in_store(counter: Counter, order: Json) -> None:
    release = """mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { userErrors { message } } }"""
    for one in counter.seen(order)["fulfillment_orders"]:
        answer = counter.asks(release, id=f"gid://shopify/FulfillmentOrder/{one['id']}")
        assert answer["fulfillmentOrderReleaseHold"]["userErrors"] == []


def test_a_store_that_holds_it_is_asked_less_and_less_often_and_after_a_day_no_more(counter: Counter) -> None:
    bought = counter.buys(1, held=True)
    order = out_of_stock(counter)
    counter.desk.chooses(order, "wait")
    waits = "select available_at - now() as wait from tasks where job = 'tell_store_of_decision' and state = 0"
    for hours, least, most in ((1, 25, 40), (12, 55, 65)):
        with clock.shifted(timedelta(hours=hours)):
            counter.due("tell_store_of_decision")
            wait = counter.books.row(waits)["wait"]
            assert timedelta(minutes=least) < wait < timedelta(minutes=most)
    with clock.shifted(timedelta(hours=25)):
        assert counter.due("tell_store_of_decision"), "nobody asks any more"
    assert counter.told(bought) == []
    assert "The store could not be told" in counter.story()


def test_the_system_of_a_custom_store_is_told_by_events_and_reads_the_rest(desk: Desk) -> None:
    api = desk.market.retailer.api
    waiting = api.post(
        "/api/webhook-endpoints", {"url": "https://shop.example/hooks", "events": ["order.decision_waits"]}
    )
    assert waiting.status_code == 201, waiting.text
    zone = far_zone()
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Store, desk.market.store_id).timezone = zone
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "wait")
    (told,) = api.get("/api/events", type="order.decision_waits").json["items"]
    decision = desk.decision(order)
    assert told["data"]["decision_id"] == decision["id"]
    until = clock.parse_iso(decision["wait_until"])
    assert told["data"]["until"] == until.astimezone(zone_of(zone)).date().isoformat()
    assert decision["store_told_at"] is None
    (letter,) = letters()
    assert "comes later" in letter.subject
    assert f"until {until.astimezone(zone_of('Europe/London')):%-d %b %Y} at the latest" in letter.text
    desk.chooses(order, "substitute", variant_id=str(desk.spare))
    (decision,) = desk.decisions(order)
    assert decision["substitute"]["title"] == "Spare lamp – 0"
    assert [one.subject.rpartition(": ")[2] for one in letters()] == ["a part comes later", "we send another article"]


def test_a_shop_that_wants_it_quiet_writes_to_nobody(desk: Desk, books: Books) -> None:
    browser = books.browser(desk.market.retailer)
    page = "/app/returns/settings"
    token: Any = browser.form(page, page).select_one("[name=csrf_token]")
    sent = {"csrf_token": str(token["value"]), "by_shoppers": "1", "written": []}
    assert browser.post(page, sent).status_code == 303
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "wait")
    assert letters() == []
