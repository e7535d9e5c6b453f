"""Labels bought through a gateway, simulated: never two for one parcel, shipped in one step, given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from app import db
from app.config import key_ring
from app.fulfillment.service.accounts import save_account
from app.insights.reliability import counted_on
from app.kit import clock
from app.kit.crypto import Place
from tests.flows.books import Books, Json
from tests.flows.carriers import Asked, carried_by, change
from tests.flows.gateway import Gateway, gateway_process
from tests.market import Market
from tests.simulators.labels.world import API_KEY
from tests.simulators.process import SimulatorProcess, free_port
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["gateway_process"]


@pytest.fixture
def gateway(gateway_process: SimulatorProcess, set_up: Callable[..., None], market: Market) -> Gateway:
    set_up(easypost_url=gateway_process.url)
    found = Gateway(gateway_process.url, market)
    found.pull("reset")
    found.open_account(market.supplier.id)
    return found


@pytest.fixture
def lamps(books: Books, market: Market, gateway: Gateway) -> Json:
    return books.purchase_order(books.paid_order((market.lamp.variants[0], 3)), market.supplier)


def row(books: Books) -> Json:
    return books.row("select * from shipping_labels order by id desc limit 1")


def quoted(books: Books, market: Market, lamps: Json, units: int = 3) -> str:
    """Ask for prices on the page; the label's page."""
    page = f"/supplier/purchase-orders/{lamps['id']}/label"
    size = books.row("select id from package_sizes")["id"]
    answer = books.browser(market.supplier).submit(
        page, page, **{f"units-{lamps['lines'][0]['id']}": str(units), "size": str(size)}
    )
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["Location"])


def offers_on(books: Books, market: Market, page: str) -> list[str]:
    """What a label's page offers, the cheapest first."""
    browser = books.browser(market.supplier)
    offers = BeautifulSoup(browser.get(page).text, "html.parser").select("form input[name=offer]")
    return [str(one["value"]) for one in offers]


def buy(books: Books, market: Market, page: str, which: int = 0) -> Any:
    return books.press(market.supplier, f"{page}/buy", offer=offers_on(books, market, page)[which])


def test_a_label_ships_its_parcel_in_one_step_and_is_printed_again(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    browser = books.browser(market.supplier)
    by_price, by_days = text_of(browser.get(page)), text_of(browser.get(f"{page}?sort=days"))
    assert by_price.index("Ground Advantage") < by_price.index("UPS Next Day Air")
    assert by_days.index("UPS Next Day Air") < by_days.index("Ground Advantage")
    assert "UPSDAP" not in by_price
    (asked,) = gateway.shipments()
    assert asked["parcel"]["weight"] == round((3 * 500 + 120) / 28.349523125, 1)
    assert asked["to_address"]["name"] == "Ada Lovelace"
    assert asked["return_address"]["street1"] == "9 Return Lane"
    assert gateway.bought() == [], "prices cost nothing"
    assert buy(books, market, page).status_code == 303
    jobs.drain()
    (bought,) = gateway.bought()
    parcel = books.row("select * from shipments")
    assert (parcel["tracking_number"], parcel["carrier"]) == (bought["tracking_code"], "usps")
    assert books.row("select state from earnings")["state"] == "HELD"
    for _ in range(2):
        file = browser.get(f"{page}/file")
        assert (file.status_code, file.content_type) == (200, "application/pdf")
        assert file.data.startswith(b"%PDF")
    assert b"Ada" not in bytes(row(books)["content"])


def test_pressing_twice_buys_once(market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json) -> None:
    page = quoted(books, market, lamps)
    offer = offers_on(books, market, page)[0]
    for _ in range(2):
        assert books.press(market.supplier, f"{page}/buy", offer=offer).status_code == 303
    assert len(gateway.bought()) == 1
    assert market.count("shipments") == 1


def test_a_lost_answer_is_found_out_and_not_bought_again(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    gateway.pull("faults", kind="lost_answer")
    lost = buy(books, market, page)
    assert lost.status_code == 502
    assert (row(books)["state"], market.count("shipments")) == ("BUYING", 0)
    books.later("settle_labels", minutes=3)
    assert (row(books)["state"], market.count("shipments")) == ("BOUGHT", 1)
    assert len(gateway.bought()) == 1


def test_a_gateway_that_is_down_bought_nothing_and_can_be_asked_again(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    gateway.pull("faults", kind="down")
    assert buy(books, market, page).status_code == 502
    books.later("settle_labels", minutes=3)
    assert row(books)["state"] == "QUOTED"
    assert "nothing was bought" in text_of(books.browser(market.supplier).get(page))
    assert buy(books, market, page, 1).status_code == 303
    assert len(gateway.bought()) == 1


def test_a_second_press_waits_for_the_answer_to_the_first(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    offer = BeautifulSoup(books.browser(market.supplier).get(page).text, "html.parser").select("input[name=offer]")[0]
    gateway.pull("faults", kind="down")
    assert books.press(market.supplier, f"{page}/buy", offer=str(offer["value"])).status_code == 502
    again = books.press(market.supplier, f"{page}/buy", offer=str(offer["value"]))
    assert (again.status_code, row(books)["state"]) == (409, "BUYING"), "the gateway may be about to sell it"
    assert "is being bought" in text_of(again)


def test_a_label_whose_file_can_not_be_fetched_was_bought_all_the_same(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    gateway.pull("faults", kind="no_file")
    assert buy(books, market, page).status_code == 502
    assert row(books)["state"] == "BUYING"
    books.later("settle_labels", minutes=3)
    assert (row(books)["state"], len(gateway.bought())) == ("BOUGHT", 1)


def test_refusals_say_what_to_do(market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json) -> None:
    page = quoted(books, market, lamps)
    gateway.pull("fund", cents=1)
    poor = buy(books, market, page)
    assert (poor.status_code, "no money left" in text_of(poor)) == (502, True)
    assert row(books)["state"] == "QUOTED"
    gateway.pull("fund", cents=10_000)
    gateway.pull("faults", kind="slow_down")
    assert "slow down" in text_of(buy(books, market, page))
    with db.system_scope(actor="test"), db.transaction() as session:
        save_account(session, market.supplier.id, gateway="easypost", api_key="old", hook_secret="", form="PDF")
    assert "Paste a new one" in text_of(buy(books, market, page))
    assert gateway.bought() == []
    assert market.count("shipments") == 0


def test_a_label_given_back_takes_its_parcel_with_it(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    buy(books, market, page)
    jobs.drain()
    for _ in range(2):
        assert books.press(market.supplier, f"{page}/give-back").status_code == 303
    jobs.drain()
    assert (row(books)["state"], row(books)["refund_state"]) == ("VOIDED", "submitted")
    assert books.row("select shipment_status from shipments")["shipment_status"] == "voided"
    assert [one["refund_status"] for one in gateway.bought()] == ["submitted"]
    again = quoted(books, market, lamps)
    assert buy(books, market, again).status_code == 303
    assert len(gateway.bought()) == 2


def test_a_label_for_a_parcel_that_can_not_leave_any_more_is_told_of_until_it_is_given_back(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    gateway.pull("faults", kind="lost_answer")
    assert buy(books, market, page).status_code == 502
    order = books.row("select order_id from purchase_orders where id = %s", lamps["id"])
    assert market.retailer.api.post(f"/api/orders/{order['order_id']}/cancel", {}).status_code == 200
    jobs.drain()
    books.later("settle_labels", minutes=3)
    assert (row(books)["state"], market.count("shipments")) == ("BOUGHT", 0)
    title = "A label was bought for a parcel that can't leave any more"
    assert title in books.notices(market.supplier).values()
    assert books.press(market.supplier, f"{page}/give-back").status_code == 303
    assert (row(books)["state"], [one["refund_status"] for one in gateway.bought()]) == ("VOIDED", ["submitted"])
    assert title not in books.notices(market.supplier).values()


def test_what_was_scanned_is_not_given_back(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    buy(books, market, page)
    number = row(books)["tracking_number"]
    told, own = gateway.sees(number), f"/{market.supplier.id}"
    assert gateway.tells(told | {"signature": "hmac-sha256-hex=00"}, own) == 401
    for _ in range(2):
        assert gateway.tells(told, own) == 200
    parcel = books.row("select * from shipments")
    assert (parcel["delivery_status"], parcel["first_scan_at"] is not None) == ("in_transit", True)
    refused = books.press(market.supplier, f"{page}/give-back")
    assert refused.status_code == 409
    assert row(books)["state"] == "BOUGHT"


def test_several_orders_get_their_labels_at_once(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    other = books.purchase_order(books.paid_order((market.lamp.variants[0], 1)), market.supplier)
    browser = books.browser(market.supplier)
    home = BeautifulSoup(browser.get("/supplier/purchase-orders?view=all").text, "html.parser")
    token = home.select_one("input[name=csrf_token]")
    assert token is not None
    values = {"csrf_token": str(token["value"]), "order": [lamps["id"], other["id"]]}
    matching = browser.post("/supplier/labels/many", {"csrf_token": values["csrf_token"], "everything": "1"})
    assert lamps["number"] in text_of(matching) and other["number"] in text_of(matching), "all that match were ticked"
    shown = browser.post("/supplier/labels/many", values)
    assert shown.status_code == 200
    labels = [one["value"] for one in BeautifulSoup(shown.text, "html.parser").select("input[name=label]")]
    assert len(labels) == 2
    for _ in range(2):
        bought = browser.post("/supplier/labels/many/buy", {"csrf_token": values["csrf_token"], "label": labels})
        assert bought.status_code == 200
    assert len(gateway.bought()) == 2
    assert market.count("shipments") == 2


def saved(books: Books, market: Market, key: str) -> Any:
    values = {"gateway": "easypost", "form": "ZPL", "api_key": key, "hook_secret": "n3w"}
    return books.browser(market.supplier).submit("/supplier/labels", "/supplier/labels/account", **values)


def test_a_key_that_the_gateway_does_not_take_is_refused_at_its_field_and_the_old_one_stays(
    market: Market, books: Books, gateway: Gateway, lamps: Json
) -> None:
    before = books.row("select * from label_accounts")
    refused = saved(books, market, "EZTK_with_a_slip")
    assert refused.status_code == 422
    page = BeautifulSoup(refused.text, "html.parser")
    field = page.select_one("input[name=api_key]")
    assert field is not None
    assert field["aria-invalid"] == "true" and "does not take this key" in str(field.parent)
    assert "EZTK_with_a_slip" not in refused.text
    chosen = page.select_one("select[name=form] option[selected]")
    assert chosen is not None and chosen["value"] == "ZPL", "what was chosen beside it stays"
    assert books.row("select * from label_accounts") == before
    quoted(books, market, lamps)


def test_a_key_is_tried_before_it_is_kept_without_buying_or_following_anything(
    market: Market, books: Books, gateway: Gateway
) -> None:
    kept = saved(books, market, API_KEY)
    assert kept.status_code == 303
    assert "could not be tried" not in text_of(books.browser(market.supplier).get(kept.headers["Location"]))
    assert books.row("select form from label_accounts")["form"] == "ZPL"
    assert (gateway.shipments(), gateway.trackers()) == ([], [])
    # Without another key there is nothing to try.
    gateway.pull("faults", kind="down")
    assert saved(books, market, "").headers["Location"].endswith("done=saved")


@pytest.mark.parametrize("trouble", ["down", "slow_down", "away"])
def test_a_key_that_could_not_be_tried_is_kept_and_its_owner_told_so(
    market: Market, books: Books, gateway: Gateway, set_up: Callable[..., None], trouble: str
) -> None:
    before = books.row("select api_key from label_accounts")
    if trouble == "away":
        set_up(easypost_url=f"http://127.0.0.1:{free_port()}")
    else:
        gateway.pull("faults", kind=trouble)
    kept = saved(books, market, API_KEY)
    assert kept.status_code == 303
    assert "could not be tried" in text_of(books.browser(market.supplier).get(kept.headers["Location"]))
    assert books.row("select api_key from label_accounts") != before


def test_without_an_account_many_labels_lead_to_the_account(
    market: Market, books: Books, gateway: Gateway, lamps: Json
) -> None:
    books.press(market.supplier, "/supplier/labels/account/remove")
    shown = books.press(market.supplier, "/supplier/labels/many", order=lamps["id"])
    assert BeautifulSoup(shown.text, "html.parser").select("main a[href='/supplier/labels']"), text_of(shown)


def test_the_account_and_its_labels_are_their_suppliers_alone(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    page = quoted(books, market, lamps)
    assert API_KEY not in books.browser(market.supplier).get("/supplier/labels").text
    assert books.browser(market.other_supplier).get(page).status_code == 404
    assert books.press(market.other_supplier, f"{page}/buy", offer="x").status_code == 404
    empty = text_of(books.browser(market.other_supplier).get("/supplier/labels"))
    assert "No box yet" in empty


def test_hooks_that_never_came_are_made_up_for_by_asking(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    assert buy(books, market, quoted(books, market, lamps)).status_code == 303
    jobs.drain()
    number = books.row("select tracking_number from shipments")["tracking_number"]

    def status() -> str:
        return str(books.row("select delivery_status from shipments")["delivery_status"])

    gateway.sees(number)
    books.later("poll_tracking", minutes=30)
    assert status() == "unknown", "its hook may still come"
    books.later("poll_tracking", hours=1, minutes=1)
    assert status() == "in_transit"
    told = gateway.sees(number, "out_for_delivery")
    with clock.shifted(timedelta(minutes=110)):
        assert gateway.tells(told, f"/{market.supplier.id}") == 200
    assert status() == "out_for_delivery"
    gateway.sees(number, "delivered")
    books.later("poll_tracking", hours=2, minutes=2)
    assert status() == "out_for_delivery", "its hooks come: the gateway is not asked so soon"
    gateway.pull("faults", kind="down")
    books.later("poll_tracking", hours=3, minutes=3)
    assert status() == "out_for_delivery", "it gave no answer"
    books.later("poll_tracking", hours=4, minutes=4)
    assert status() == "delivered"
    assert books.row("select next_poll_at from shipments")["next_poll_at"] is None
    assert len(books.rows("select 1 from tracking_events")) == 3


@pytest.mark.parametrize(
    "api_key", [None, b"EZAK-of-another-account"], ids=["that can't be opened", "of another account"]
)
def test_where_the_gateway_can_not_be_asked_the_carrier_is_and_no_other_parcel_waits(
    market: Market,
    jobs: Jobs,
    books: Books,
    gateway: Gateway,
    lamps: Json,
    monkeypatch: pytest.MonkeyPatch,
    api_key: bytes | None,
) -> None:
    assert buy(books, market, quoted(books, market, lamps, 2)).status_code == 303
    jobs.drain()
    sold = str(books.row("select tracking_number from shipments")["tracking_number"])
    other = str(books.ship(market.supplier, lamps, 1)["tracking_number"])
    carrier = carried_by(monkeypatch, Asked("talking"), [sold, other])
    place = Place("label_accounts", "api_key", market.supplier.id)
    change(
        "update label_accounts set api_key = decode(%s, 'hex')",
        key_ring().seal(api_key, place).hex() if api_key else "00",
    )
    books.later("poll_tracking", hours=1, minutes=1)
    assert set(carrier.asked) == {sold, other}
    assert books.rows("select distinct delivery_status from shipments") == [{"delivery_status": "in_transit"}]


def test_a_parcel_with_a_bought_label_counts_as_scanned_stuck_and_lost_by_what_the_gateway_tells(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    assert buy(books, market, quoted(books, market, lamps)).status_code == 303
    jobs.drain()
    parcel = books.row("select tracking_number, carrier from shipments")
    assert parcel["carrier"] == "usps", "which nobody but the gateway can be asked about"

    def found() -> list[tuple[str, str]]:
        rows = books.rows("select kind, state from shipment_exceptions order by found_at, id")
        return [(row["kind"], row["state"]) for row in rows]

    def sent() -> tuple[int, int]:
        """Orders that left in time, and those that were counted, as the scorecard has it in a month."""
        with clock.shifted(timedelta(days=30)), db.system_scope(actor="test"), db.transaction() as session:
            days = [clock.now().date() - timedelta(days=back) for back in range(1, 31)]
            told = [one for day in days for one in counted_on(session, day, scanning=["simulated"])]
        return (
            sum(one.met for one in told if one.measure == "sent"),
            sum(one.counted for one in told if one.measure == "sent"),
        )

    assert sent() == (0, 1), "a label is no scan"
    books.later("watch_parcels", days=8)
    assert found() == [("no_scan", "open")]
    assert gateway.tells(gateway.sees(parcel["tracking_number"]), f"/{market.supplier.id}") == 200
    jobs.drain()
    assert found() == [("no_scan", "resolved")]
    assert sent() == (1, 1)
    books.later("watch_parcels", days=15)
    assert found()[1:] == [("stuck", "open")]
    books.later("watch_parcels", days=31)
    assert found()[1:] == [("stuck", "resolved"), ("lost", "open")]
