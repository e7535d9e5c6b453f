"""Parcels with labels from elsewhere, followed by a gateway's trackers: asked for once, told by hooks, made up for by
asking, and by nobody where nobody can."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app import db
from app.fulfillment.service.accounts import save_account
from tests.flows.books import Books, Json
from tests.flows.carriers import change
from tests.flows.gateway import Gateway, gateway_process
from tests.flows.test_returns import act, delivered, policy
from tests.flows.test_returns import asked as asked_back
from tests.market import Market
from tests.simulators.labels.world import API_KEY, PLATFORM_KEY
from tests.simulators.process import SimulatorProcess
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["gateway_process"]

USPS, UPS = "9400100000000000000000", "1Z5R89390357567127"


@pytest.fixture
def gateway(gateway_process: SimulatorProcess, set_up: Callable[..., None], market: Market) -> Gateway:
    set_up(easypost_url=gateway_process.url)
    found = Gateway(gateway_process.url, market)
    found.pull("reset")
    return found


@pytest.fixture
def by_platform(gateway: Gateway, set_up: Callable[..., None]) -> Gateway:
    """The platform has an account."""
    set_up(easypost_api_key=PLATFORM_KEY, easypost_hook_secret="ours")
    return gateway


def connected(market: Market, api_key: str = API_KEY) -> None:
    """The supplier has an account."""
    with db.system_scope(actor="test"), db.transaction() as session:
        save_account(session, market.supplier.id, gateway="easypost", api_key=api_key, hook_secret="s3cret", form="PDF")


@pytest.fixture
def lamps(books: Books, market: Market) -> Json:
    return books.purchase_order(books.paid_order((market.lamp.variants[0], 3)), market.supplier)


def sent(books: Books, market: Market, jobs: Jobs, lamps: Json, number: str, carrier: str) -> None:
    """The supplier ships a unit with a label from elsewhere."""
    books.ship(market.supplier, lamps, 1, number=number)
    change("update shipments set carrier = %s where tracking_number = %s", carrier, number)
    jobs.drain()


def asked(books: Books, hours: int) -> None:
    """The hour in which parcels are asked about comes again."""
    books.later("poll_tracking", hours=hours, minutes=hours)


def parcel(books: Books, number: str = USPS) -> Json:
    return books.row("select * from shipments where tracking_number = %s", number)


def test_a_parcel_is_followed_by_its_suppliers_account_from_hook_to_hook(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    connected(market)
    sent(books, market, jobs, lamps, USPS, "usps")
    asked(books, 1)
    (tracker,) = gateway.trackers()
    assert (tracker["tracking_code"], tracker["carrier"], tracker["key"]) == (USPS, "USPS", API_KEY)
    own = f"/{market.supplier.id}"
    told = gateway.sees(USPS, "in_transit")
    assert gateway.tells(told | {"signature": "hmac-sha256-hex=00"}, own) == 401
    assert parcel(books)["first_scan_at"] is None
    assert [gateway.tells(told, own) for _ in range(2)] == [200, 200]
    jobs.drain()
    assert parcel(books)["delivery_status"] == "in_transit"
    assert parcel(books)["first_scan_at"] is not None
    assert gateway.tells(told, f"/{market.other_supplier.id}") == 404, "which has no account"
    books.later("watch_parcels", days=15)
    kinds = [row["kind"] for row in books.rows("select kind from shipment_exceptions where shipment_id is not null")]
    assert kinds == ["stuck"], "it is watched as any other parcel that is scanned"
    # A hook is lost: the gateway is asked.
    gateway.sees(USPS, "delivered")
    asked(books, 3)
    assert parcel(books)["delivery_status"] == "delivered"
    assert books.row("select payable_at from earnings")["payable_at"] is not None
    assert len(gateway.trackers()) == 1


def test_a_returns_parcel_with_a_label_from_elsewhere_is_followed_to_its_supplier(
    market: Market, jobs: Jobs, books: Books, by_platform: Gateway
) -> None:
    policy(market)
    row = asked_back(market, delivered(market, jobs, books))
    act(market.supplier, row, "approve")
    # Which carrier it is, the number says.
    act(market.retailer, row, "ship", {"carrier": "The post office", "tracking_number": UPS})
    books.later("poll_returns", minutes=2)
    (tracker,) = by_platform.trackers()
    assert (tracker["tracking_code"], tracker["key"]) == (UPS, PLATFORM_KEY)
    told = by_platform.sees(UPS, "in_transit", "ours")
    assert [by_platform.tells(told, "") for _ in range(2)] == [200, 200]
    stands = books.row("select state, delivery_status, delivered_at, tracker_ref from returns")
    assert (stands["state"], stands["delivery_status"]) == ("IN_TRANSIT", "in_transit")
    by_platform.sees(UPS, "delivered", "ours")
    books.later("poll_returns", hours=2)
    jobs.drain()
    stands = books.row("select delivered_at, next_poll_at from returns")
    assert (stands["delivered_at"] is not None, stands["next_poll_at"]) == (True, None)
    act(market.retailer, row, "ship", {"carrier": "USPS", "tracking_number": USPS}, status=409)
    assert len(by_platform.trackers()) == 1


def test_what_a_supplier_could_have_signed_itself_is_paid_sooner_once_the_gateway_says_so(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    connected(market)
    sent(books, market, jobs, lamps, USPS, "usps")
    asked(books, 1)
    forged = gateway.sees(USPS, "delivered")
    gateway.sees(USPS, "in_transit")
    assert gateway.tells(forged, f"/{market.supplier.id}") == 200
    jobs.drain()
    assert (parcel(books)["delivery_status"], parcel(books)["arrival_told_by"]) == ("delivered", "supplier")
    later = books.row("select payable_at from earnings")["payable_at"]
    gateway.sees(USPS, "delivered")
    asked(books, 3)
    jobs.drain()
    assert parcel(books)["arrival_told_by"] == "carrier"
    assert parcel(books)["next_poll_at"] is None, "nothing more is to be learned"
    assert books.row("select payable_at from earnings")["payable_at"] < later


def test_a_number_is_asked_for_once_whatever_answer_is_lost(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    connected(market)
    sent(books, market, jobs, lamps, USPS, "usps")
    sent(books, market, jobs, lamps, UPS, "ups")
    gateway.pull("faults", kind="lost_answer")
    asked(books, 1)
    gateway.pull("faults", kind="down")
    asked(books, 2)
    asked(books, 3)
    asked(books, 4)
    assert sorted(one["tracking_code"] for one in gateway.trackers()) == [UPS, USPS]
    assert parcel(books)["tracker_ref"] and parcel(books, UPS)["tracker_ref"]


def test_the_platform_follows_what_its_supplier_can_not(
    market: Market, jobs: Jobs, books: Books, by_platform: Gateway, lamps: Json
) -> None:
    connected(market, "EZTK_that_was_revoked")
    sent(books, market, jobs, lamps, USPS, "usps")
    asked(books, 1)
    assert [one["key"] for one in by_platform.trackers()] == [PLATFORM_KEY]
    forged = by_platform.sees(USPS, "in_transit", "s3cret")
    assert by_platform.tells(forged, "") == 401, "signed with another's secret"
    assert by_platform.tells(by_platform.sees(USPS, "in_transit", "ours"), "") == 200
    assert parcel(books)["delivery_status"] == "in_transit"
    # By now its own account works: it is followed there, and nothing is seen twice.
    connected(market)
    by_platform.sees(USPS, "out_for_delivery", "ours")
    asked(books, 3)
    asked(books, 5)
    assert {one["key"] for one in by_platform.trackers()} == {API_KEY, PLATFORM_KEY}


def test_where_nobody_can_ask_the_parcel_stays_by_its_link_and_its_pages_say_so(
    market: Market, jobs: Jobs, books: Books, by_platform: Gateway, lamps: Json
) -> None:
    sent(books, market, jobs, lamps, "not a number", "usps")
    sent(books, market, jobs, lamps, "CN-1", "somebody")
    asked(books, 1)
    assert by_platform.trackers() == []
    for number in ("not a number", "CN-1"):
        one = parcel(books, number)
        assert (one["next_poll_at"], one["reported_by"]) == (None, None)
        for party, path in ((market.supplier, "supplier"), (market.retailer, "app")):
            shown = text_of(books.browser(party).get(f"/{path}/parcels/{one['id']}"))
            assert "Nobody reports where this parcel is" in shown
    connected(market)
    assert parcel(books, "CN-1")["next_poll_at"] is not None, "a new account may know"


def test_an_account_without_money_is_asked_again_and_a_corrected_number_is_followed_anew(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    connected(market)
    sent(books, market, jobs, lamps, USPS, "usps")
    gateway.pull("fund", cents=0)
    asked(books, 1)
    assert gateway.trackers() == []
    gateway.pull("fund", cents=100)
    asked(books, 3)
    assert len(gateway.trackers()) == 1
    one = parcel(books)
    right = market.supplier.api.post(
        f"/api/supplier/shipments/{one['id']}/correct", {"tracking_number": UPS, "carrier": "ups"}
    )
    assert right.status_code == 200, right.text
    jobs.drain()
    assert parcel(books, UPS)["reported_by"] is None
    gateway.tells(gateway.sees(USPS, "in_transit"), f"/{market.supplier.id}")
    assert parcel(books, UPS)["first_scan_at"] is None, "that was the other number"
    asked(books, 5)
    assert [one["tracking_code"] for one in gateway.trackers()] == [USPS, UPS]


def test_what_is_followed_after_all_is_asked_about_and_paid_without_a_word_no_more(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, lamps: Json
) -> None:
    sent(books, market, jobs, lamps, USPS, "usps")
    asked(books, 1)
    books.later("watch_parcels", hours=4)
    books.later("watch_parcels", days=20)

    def troubles() -> list[tuple[str, str]]:
        rows = books.rows("select kind, state from shipment_exceptions where shipment_id is not null order by found_at")
        return [(row["kind"], row["state"]) for row in rows]

    assert troubles() == [("unreported", "open")]
    connected(market)
    asked(books, 1)
    assert parcel(books)["tracker_ref"]
    assert troubles() == [("unreported", "resolved")]
    books.later("assume_arrivals", days=60)
    assert books.row("select payable_at from earnings")["payable_at"] is None
