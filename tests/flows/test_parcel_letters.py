"""An order that comes in several parcels is told to its customer in one letter, whatever leaves when, however often."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from app import db
from app.config import settings
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.notifications.service import OpenedEmail, latest_emails
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.books import Books, Json
from tests.flows.test_customer_letters import brand
from tests.flows.test_parcels_in_store import Delivery, one_place, open_shop, shop
from tests.market import Market
from tests.stack import Jobs

__all__ = ["configured", "one_place", "open_shop", "shop", "simulator"]


def letters() -> list[OpenedEmail]:
    """Of this kind, oldest first."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return [one for one in reversed(latest_emails(session)) if one.kind == "customer_parcels"]


def bought(market: Market, jobs: Jobs) -> Json:
    """Two lamps and a chair, of two suppliers that have both."""
    order = market.place()
    jobs.drain()
    return order


def sends(market: Market, books: Books, order: Json, *units: int) -> None:
    """Lamps leave (so many), and then chairs."""
    for party, count in zip((market.supplier, market.other_supplier), units, strict=False):
        if count:
            books.ship(party, books.purchase_order(order, party), count)


def test_the_first_parcel_is_told_with_all_that_follow(market: Market, jobs: Jobs, books: Books) -> None:
    brand(market)
    order = bought(market, jobs)
    assert letters() == [], "it may still leave as one"
    sends(market, books, order, 2)
    jobs.drain()
    (letter,) = letters()
    assert letter.subject == f"Your order {order['external_id']} comes in 2 parcels"
    assert "Parcel 1, on its way" in letter.text
    assert "2 × Desk lamp" in letter.text
    assert "Parcel 2, still to leave" in letter.text
    assert "1 × Oak chair" in letter.text
    assert letter.text.count("expected ") == 2, "with the days on which each arrives"
    assert f"/t/{books.row('select tracking_token from orders')['tracking_token']}" in letter.text
    assert "Supplier" not in letter.text, "the shop sends it, whoever has the goods"
    sends(market, books, order, 0, 1)
    jobs.drain()
    assert len(letters()) == 1


def test_what_is_told_beside_a_parcel_and_is_of_no_order_keeps_nothing_waiting(
    market: Market, jobs: Jobs, books: Books
) -> None:
    order = bought(market, jobs)
    sends(market, books, order, 2)
    with db.system_scope(actor="test"), db.transaction() as session:
        set_figures(session, market.supplier.id, [StockFigure(market.lamp.variants[1], 5, clock.now())])
    jobs.drain()
    assert len(letters()) == 1


def test_parcels_that_leave_together_are_one_letter(market: Market, jobs: Jobs, books: Books) -> None:
    order = bought(market, jobs)
    sends(market, books, order, 1, 1)
    sends(market, books, order, 1)
    jobs.drain()
    (letter,) = letters()
    assert "comes in 3 parcels" in letter.subject
    assert "still to leave" not in letter.text


def test_events_at_once_and_again_are_one_letter(market: Market, jobs: Jobs, books: Books) -> None:
    order = bought(market, jobs)
    start = threading.Barrier(2)

    def leaves(party: Any) -> None:
        start.wait(30)
        books.ship(party, books.purchase_order(order, party), 1)

    threads = [threading.Thread(target=leaves, args=(one,)) for one in (market.supplier, market.other_supplier)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    jobs.drain()
    with clock.shifted(timedelta(days=2)):
        sends(market, books, order, 1)
        jobs.drain()
    assert len(letters()) == 1


def test_an_order_in_one_parcel_is_no_such_letter(market: Market, jobs: Jobs, books: Books) -> None:
    order = market.place((market.lamp.variants[0], 2))
    jobs.drain()
    sends(market, books, order, 2)
    jobs.drain()
    assert letters() == []


def test_one_supplier_s_parcels_are_told_by_the_first_and_in_the_customer_s_language(
    market: Market, jobs: Jobs, books: Books
) -> None:
    brand(market, language="de")
    order = market.place((market.lamp.variants[0], 3))
    jobs.drain()
    for _ in range(3):
        sends(market, books, order, 1)
        jobs.drain()
    (letter,) = letters()
    assert letter.subject == f"Ihre Bestellung {order['external_id']} kommt in 2 Paketen"
    assert 'lang="de"' in letter.html


def test_a_shop_that_wants_it_quiet_is_not_written_for(market: Market, jobs: Jobs, books: Books) -> None:
    browser, page = books.browser(market.retailer), "/app/returns/settings"
    token = browser.form(page, page).select_one("[name=csrf_token]")
    assert token is not None
    browser.post(page, {"csrf_token": str(token["value"]), "by_shoppers": "1", "written": []})
    sends(market, books, bought(market, jobs), 2)
    jobs.drain()
    assert letters() == []


def test_of_what_was_taken_back_and_sent_anew_the_store_writes(one_place: Delivery) -> None:
    first = one_place.ship("1Z999AA10123456784", 1, 0)
    one_place.settle()
    one_place.void(first)
    one_place.settle()
    one_place.ship("1Z999AA10123456785", 1, 0)
    one_place.settle()
    assert (len(letters()), one_place.letters()) == (1, [0, 1])


def test_the_store_does_not_write_of_what_this_letter_tells(one_place: Delivery) -> None:
    one_place.ship("1Z999AA10123456784", 1, 0)
    one_place.settle()
    assert (len(letters()), one_place.letters()) == (1, [0])
    with clock.shifted(settings().parcel_letters_apart / 2):
        one_place.ship("1Z999AA10123456785", 2, 0)
        one_place.settle()
    assert one_place.letters() == [0, 0]
    with clock.shifted(settings().parcel_letters_apart * 2):
        one_place.ship("1Z999AA10123456786", 0, 2)
        one_place.settle()
    assert (len(letters()), sorted(one_place.letters())) == (1, [0, 0, 1]), "what comes much later is told by the store"
