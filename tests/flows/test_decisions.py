"""What becomes of units that do not come as ordered: another price, another supplier, or what the retailer decides; and
the money and the stock follow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event

from app import db
from app.kit import clock
from app.kit.errors import AppError
from app.listings.service import link_source
from app.purchasing.routing.problem import Kind, Rule
from app.purchasing.routing.saving import save_rules
from app.purchasing.service import LineAnswer, acknowledge
from app.settlement.service import follow_prices, follow_silence
from app.suppliers.models import Supplier
from tests import factories
from tests.flows.books import Books, Json
from tests.flows.deciding import Desk, desk
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["desk"]


def silent_for_good(desk: Desk, hours: float = 24 * 4) -> None:
    """The supplier is reminded, told of, and still says nothing."""
    for step in range(3):
        desk.later("watch_answers", hours=hours + 24 * 4 * step)


# Prices


def test_a_lower_price_holds_at_once_and_the_difference_goes_back(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "9.00")
    assert desk.decisions(order) == []
    assert books.given_back(order) == [200]
    one = desk.purchase_orders(order, desk.market.supplier)[0]
    assert one["lines"][0]["wholesale_price"] == {"amount": "9.00", "currency": "USD"}
    books.ship(desk.market.supplier, one, 2)
    desk.jobs.drain()
    desk.balanced(order)
    earned = books.row("select goods, shipping, platform_fee from earnings where purchase_order_id = %s", one["id"])
    assert earned == {"goods": 1800, "shipping": 600, "platform_fee": 90}


def test_a_price_within_the_tolerance_is_paid_without_asking(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "10.50")
    assert [one["state"] for one in desk.decisions(order)] == ["DONE"]
    assert desk.decisions(order)[0]["chosen_by"] == "rule"
    assert sorted(books.taken(order)) == [100, 2600]
    desk.balanced(order)
    books.ship(desk.market.supplier, desk.purchase_orders(order, desk.market.supplier)[0], 2)
    desk.jobs.drain()
    desk.balanced(order)
    earned = books.row("select goods, shipping, platform_fee from earnings order by id desc limit 1")
    assert earned == {"goods": 2100, "shipping": 600, "platform_fee": 105}, "our share is frozen in its percentage"


def test_a_price_beyond_it_is_asked_about_and_nothing_leaves_before(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    shown = desk.asks(order, "13.00")
    assert shown["lines"][0]["asked_price"] == {"amount": "13.00", "currency": "USD"}
    found = desk.decision(order)
    assert (found["kind"], found["state"], found["default"], found["units"]) == ("price", "OPEN", "refund", 2)
    assert books.notices(desk.market.retailer)["order_decision"].startswith(f"Order {order['external_id']}: decide by")
    parcel = {
        "carrier": "manual",
        "tracking_number": "P-1",
        "lines": [{"line_id": shown["lines"][0]["id"], "quantity": 2}],
    }
    early = desk.market.supplier.api.post(f"/api/supplier/orders/{shown['id']}/ship", {"parcels": [parcel]})
    assert (early.status_code, early.json["code"]) == (409, "price_open")
    # Chosen, taken back, chosen again.
    desk.chooses(order, "refund", later=False)
    undone = desk.market.retailer.api.post(f"/api/orders/{order['id']}/decisions/{found['id']}/undo", {})
    assert undone.json["state"] == "OPEN"
    desk.later(minutes=5)
    assert books.given_back(order) == []
    desk.chooses(order, "accept")
    assert sorted(books.taken(order)) == [600, 2600]
    assert "order_decision" not in books.notices(desk.market.retailer)
    again = desk.market.retailer.api.post(f"/api/orders/{order['id']}/decisions/{found['id']}/undo", {})
    assert (again.status_code, again.json["code"]) == (409, "carried_out")
    desk.balanced(order)
    # All that was paid goes back, by both payments.
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "refund")
    assert sum(books.given_back(order)) == 3200
    desk.balanced(order)
    page = desk.story(order)
    for told in ("asks $13.00 instead of $10.00", "The choice was taken back", "costs $13.00 now"):
        assert told in page


def test_a_price_that_nobody_decides_about_cancels_the_line(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "13.00")
    desk.later(hours=23)
    assert desk.decision(order)["state"] == "OPEN"
    desk.later(hours=25)
    assert books.given_back(order) == [2600]
    assert books.order(order)["status"] == "CANCELLED"
    assert desk.market.stock(desk.lamp) == {"on_hand": 10, "reserved": 0}
    desk.balanced(order)


def test_a_price_is_withdrawn_by_accepting_the_ordered_one(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "13.00")
    desk.asks(order, "14.00")
    assert [one["state"] for one in desk.decisions(order)] == ["OVERTAKEN", "OPEN"]
    desk.answers(order, status="accepted")
    assert [one["state"] for one in desk.decisions(order)] == ["OVERTAKEN", "OVERTAKEN"]
    assert books.taken(order) == [2600]
    assert desk.purchase_orders(order, desk.market.supplier)[0]["status"] == "CONFIRMED"


def test_a_card_that_is_declined_leaves_the_price_as_it_was(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "13.00")
    books.use_card("pm_card_chargeCustomerFail")
    desk.jobs.drain()
    desk.chooses(order, "accept")
    found = desk.decision(order)
    assert (found["state"], found["trouble"]) == ("OPEN", "card_declined")
    assert books.taken(order) == [2600]
    assert desk.purchase_orders(order, desk.market.supplier)[0]["lines"][0]["wholesale_price"]["amount"] == "10.00"
    books.use_card("pm_card_visa")
    desk.jobs.drain()
    desk.chooses(order, "accept")
    assert sorted(books.taken(order)) == [600, 2600]
    desk.balanced(order)


def test_of_a_price_the_retailer_is_asked_anew_when_fewer_units_are_left(desk: Desk) -> None:
    order = desk.buys(3)
    desk.asks(order, "13.00")
    desk.answers(order, status="rejected", quantity=1, reason="other")
    found = [(one["state"], one["units"]) for one in desk.decisions(order) if one["kind"] == "price"]
    assert sorted(found) == [("OPEN", 2), ("OVERTAKEN", 3)], "else nothing could leave, and nobody would be asked"


def test_two_dearer_lines_round_otherwise_together_than_each_alone(desk: Desk, books: Books) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        ours = session.get_one(Supplier, desk.market.supplier.id)
        (shade,) = factories.product(session, ours, title="Shade", wholesale="10.00", stock=5)
    desk.rules(price_tolerance_percent=10)
    order = desk.buys(1, (shade, 1))
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    with db.system_scope(actor="test"), db.transaction() as session:
        # 30.00 are 27.00 there: 0.56 more are 0.50, and the same again 0.51.
        session.connection().exec_driver_sql(
            "update purchase_orders set exchange_rate = 0.9, shipping_cost = 3000 - wholesale_total where id = %s",
            (one["id"],),
        )
    lines = [
        {"line_id": line["id"], "status": "accepted", "price": _dearer(line["wholesale_price"])}
        for line in one["lines"]
    ]
    path = f"/api/supplier/orders/{one['id']}/acknowledge"
    assert desk.market.supplier.api.post(path, {"lines": lines}).status_code == 200
    desk.jobs.drain()
    assert [each["state"] for each in desk.decisions(order)] == ["DONE", "DONE"]
    assert sorted(books.taken(order))[:2] == [50, 50]
    assert books.given_back(order) == []


def _dearer(price: Json) -> Json:
    return {**price, "amount": str(Decimal(price["amount"]) + Decimal("0.56"))}


# Rejected and short


def test_a_rejected_unit_is_worth_what_it_cost_then(desk: Desk, books: Books) -> None:
    order = desk.buys(3)
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    line_id = UUID(one["lines"][0]["id"])
    with db.system_scope(actor="test"), db.transaction() as session:
        said = LineAnswer(line_id=line_id, answer="rejected", quantity=1, reason="other")
        acknowledge(session, desk.market.supplier.id, UUID(one["id"]), [said])
    with db.system_scope(actor="test"), db.transaction() as session:
        said = LineAnswer(line_id=line_id, answer="accepted", price=400)
        acknowledge(session, desk.market.supplier.id, UUID(one["id"]), [said])
        # Its job comes first.
        follow_prices(session, UUID(order["id"]), UUID(one["id"]))
    desk.jobs.drain()
    desk.chooses(order, "refund")
    books.ship(desk.market.supplier, desk.purchase_orders(order, desk.market.supplier)[0], 2)
    desk.jobs.drain()
    assert "goods_to_ship:first" not in books.ledger()
    desk.balanced(order)


@pytest.mark.parametrize("switched", ["before it is wanted", "before its answer came"])
def test_a_supplement_is_asked_where_it_was_begun_whichever_processor_is_used_by_then(
    desk: Desk, books: Books, set_up: Callable[..., None], switched: str
) -> None:
    order = desk.buys(2)
    if switched == "before it is wanted":
        set_up(processor="manual")
    else:
        books.fault("timeout_after_commit", "/v1/payment_intents")
    desk.asks(order, "10.50")
    set_up(processor="manual")
    desk.jobs.drain(retries=True)
    found = books.row("select state, processor from charges where cause <> ''")
    if switched == "before it is wanted":
        assert found == {"state": "PROCESSING", "processor": "manual"}
        assert len(books.payments(order)) == 1
    else:
        assert found == {"state": "PAID", "processor": "stripe"}
        assert len(books.taken(order)) == 2


def test_what_is_paid_for_a_rerouting_that_went_on_without_it_goes_back(desk: Desk, books: Books) -> None:
    desk.link()
    order = desk.buys(2)
    books.fault("timeout_after_commit", "/v1/payment_intents")
    desk.answers(order, status="rejected", reason="other")
    assert desk.decision(order)["state"] == "PAYING"
    # One of two is not wanted any more: the other one costs less than was paid for both.
    lines = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    answer = desk.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": lines})
    assert answer.status_code == 200, answer.text
    desk.jobs.drain()
    (new,) = desk.purchase_orders(order, desk.market.other_supplier)
    assert new["status"] == "PENDING"
    # The lost payment may be found meanwhile, and goes back behind what the cheaper one gives back.
    assert books.given_back(order)[0] == 2600 - 1500
    desk.jobs.drain(retries=True)
    assert sorted(books.taken(order)) == [400, 2600]
    assert sum(books.given_back(order)) == 2600 - 1500 + 400
    desk.balanced(order)


def test_a_choice_that_is_taken_back_lets_units_wait_on(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "wait")
    with clock.shifted(timedelta(days=5)):
        desk.chooses(order, "reroute", later=False)
        path = f"/api/orders/{order['id']}/decisions/{desk.decision(order)['id']}/undo"
        assert desk.market.retailer.api.post(path, {}).json["state"] == "WAITING"
    desk.later(days=6)
    assert desk.decision(order)["state"] == "WAITING"
    assert books.given_back(order) == []


def test_the_next_supplier_delivers_what_one_rejects_and_only_the_difference_is_paid(desk: Desk, books: Books) -> None:
    desk.link()
    order = desk.buys(3)
    desk.answers(order, status="rejected", quantity=2, reason="out_of_stock")
    (new,) = desk.purchase_orders(order, desk.market.other_supplier)
    assert (new["number"], new["status"]) == (f"{order['number']}-2", "PENDING")
    assert [(line["variant_id"], line["quantity"]) for line in new["lines"]] == [(str(desk.same), 2)]
    assert desk.seen_by(desk.market.other_supplier)[0]["number"] == new["number"]
    assert desk.market.stock(desk.same) == {"on_hand": 10, "reserved": 2}
    assert desk.market.stock(desk.lamp) == {"on_hand": 8, "reserved": 1}
    # Two of three lamps and their share of the shipping (7.00) pay for two of 12.00 and 6.00 shipping.
    share = 2000 + 467
    assert sorted(books.taken(order)) == [2400 + 600 - share, 3700]
    assert books.given_back(order) == []
    desk.balanced(order)
    assert [one["choice"] for one in desk.decisions(order)] == ["reroute"]
    why = desk.market.retailer.api.get(f"/api/orders/{order['id']}/routing").json
    assert (why["attempt"], why["routed"], why["replays"]) == (2, True, True)
    told = {one["supplier_name"]: one["status"] for one in why["lines"][0]["candidates"]}
    assert told == {"Nordlicht": "excluded", "Kanto": "chosen"}
    # It goes on as any other: shipped from both, all adds up.
    books.ship(desk.market.supplier, desk.purchase_orders(order, desk.market.supplier)[0], 1)
    books.ship(desk.market.other_supplier, new, 2)
    desk.jobs.drain()
    assert books.order(order)["status"] == "SHIPPED"
    desk.balanced(order)


def test_a_cheaper_supplier_gives_the_difference_back(market: Market, jobs: Jobs, books: Books) -> None:
    desk = Desk(market, jobs, books, price="7.00")
    desk.link()
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="discontinued")
    (new,) = desk.purchase_orders(order, market.other_supplier)
    assert new["status"] == "PENDING"
    assert books.taken(order) == [2600]
    assert books.given_back(order) == [600]
    desk.balanced(order)
    # That one can't deliver either: nobody is left, and the rest goes back.
    desk.answers(order, party=market.other_supplier, status="rejected", reason="other")
    desk.chooses(order, "refund")
    assert sum(books.given_back(order)) == 2600
    assert books.order(order)["status"] == "CANCELLED"
    desk.balanced(order)


def test_a_largest_loss_counts_the_whole_order(desk: Desk, books: Books) -> None:
    desk.link()
    with db.system_scope(actor="test"), db.transaction() as session:
        rules = (Rule(Kind.OWN_SOURCE, False), Rule(Kind.MAX_LOSS, True, limit=0))
        save_rules(session, desk.market.retailer.id, rules, same_articles=False)
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            "update supplier_variants set wholesale_price = 2600 where id = %s", (str(desk.same),)
        )
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="other")
    found = desk.decision(order)
    assert (found["kind"], found["state"]) == ("rejected", "OPEN"), "two lamps sold at 25.00 would cost 58.00"
    assert desk.purchase_orders(order, desk.market.other_supplier) == []


def test_without_anybody_left_the_retailer_decides_and_the_units_stay_open(desk: Desk, books: Books) -> None:
    order = desk.buys(2, (desk.market.chair.variants[0], 1))
    desk.answers(order, status="rejected", reason="out_of_stock")
    seen = books.order(order)
    assert seen["status"] == "ON_HOLD"
    assert books.given_back(order) == []
    found = desk.decision(order)
    assert "will not come from there. It has none in stock." in desk.story(order)
    assert found["choices"] == ["reroute", "wait", "substitute", "refund"]
    assert clock.parse_iso(found["due_at"]) - clock.now() > timedelta(hours=23)
    desk.chooses(order, "substitute", expect=422, later=False)
    desk.chooses(order, "accept", expect=422, later=False)
    # Nobody else has it.
    desk.chooses(order, "reroute")
    assert desk.decision(order)["trouble"] == "nobody_can"
    desk.chooses(order, "substitute", variant_id=str(desk.spare))
    (_, new) = desk.purchase_orders(order, desk.market.other_supplier)
    assert [(line["variant_id"], line["quantity"]) for line in new["lines"]] == [(str(desk.spare), 2)]
    assert new["number"] == f"{order['number']}-3"
    desk.balanced(order)


def test_units_wait_for_stock_and_go_when_it_comes(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "wait")
    assert desk.decision(order)["state"] == "WAITING"
    assert books.order(order)["status"] == "BACKORDERED"
    desk.stock_comes(desk.market.supplier, desk.lamp, 10)
    ours = desk.purchase_orders(order, desk.market.supplier)
    assert [one["status"] for one in ours] == ["CANCELLED", "PENDING"]
    assert books.taken(order) == [2600]
    assert books.given_back(order) == []
    desk.balanced(order)


def test_waiting_ends_and_the_deadline_refunds(desk: Desk, books: Books) -> None:
    desk.rules(wait_days=3, decision_default="wait")
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.later(hours=25)
    assert desk.decision(order)["state"] == "WAITING"
    desk.later(days=5)
    assert books.given_back(order) == [2600]
    assert books.order(order)["status"] == "CANCELLED"
    desk.balanced(order)


def test_a_line_that_is_cancelled_meanwhile_is_refunded_once(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="other")
    books.cancel(order, order["lines"][0])
    assert books.given_back(order) == [2600]
    assert desk.decisions(order)[0]["state"] == "DONE"
    desk.later(hours=30)
    assert books.given_back(order) == [2600]
    desk.balanced(order)


def test_an_order_that_nobody_delivers_is_cancelled_by_the_many_and_as_a_whole(desk: Desk, books: Books) -> None:
    first, second = desk.buys(2), desk.buys(1)
    for order in (first, second):
        desk.answers(order, status="rejected", reason="other")
    browser = books.browser(desk.market.retailer)
    asked = browser.submit("/app/orders", "/orders/bulk", order=[first["id"]], do="cancel", sure="1")
    desk.jobs.drain()
    assert "was left as it is" not in browser.get(asked.headers["Location"]).text
    told = desk.market.retailer.api.post(f"/api/orders/{second['id']}/cancel", {})
    desk.jobs.drain()
    assert [one["cancelled"] for one in told.json["lines"]] == [1]
    assert [books.order(order)["status"] for order in (first, second)] == ["CANCELLED", "CANCELLED"]
    assert (books.given_back(first), books.given_back(second)) == ([2600], [1500])


def test_both_sides_do_it_on_their_pages(desk: Desk, books: Books) -> None:
    retailer, supplier = books.browser(desk.market.retailer), books.browser(desk.market.supplier)
    saved = retailer.submit(
        "/app/routing", "/app/routing/answers", price_tolerance_percent="2.5", decide_within_hours="6"
    )
    assert saved.status_code == 303, saved.text
    kept = desk.market.retailer.api.get("/api/answer-rules").json
    assert (kept["price_tolerance_percent"], kept["decide_within_hours"]) == (2.5, 6)
    refused = retailer.submit("/app/routing", "/app/routing/answers", price_tolerance_percent="80", wait_days="900")
    assert refused.status_code == 422
    assert "A percentage from 0 to" in refused.text
    assert 'value="80"' in refused.text, "what was typed stays"
    assert 'value="900"' in refused.text
    order = desk.buys(2)
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    line, page = one["lines"][0]["id"], f"/supplier/purchase-orders/{one['id']}"
    wrong = supplier.submit(page, f"{page}/answer", **{f"price-{line}": "twelve"})
    assert wrong.status_code == 422
    assert supplier.submit(page, f"{page}/answer", **{f"price-{line}": "12,00"}).status_code == 303
    desk.jobs.drain()
    shown = supplier.get(page).text
    assert "has not agreed to a new price yet" in shown
    assert "The retailer says whether it takes the new price; nothing of it is sent before." in shown
    assert "Start packing" not in shown
    found, ours = desk.decision(order), f"/app/orders/{order['id']}"
    assert "Your card is charged $4.00 more." in desk.story(order)
    decide = f"{ours}/decisions/{found['id']}"
    assert books.press(desk.market.retailer, decide, choice="accept").status_code == 303
    assert "Take it back" in desk.story(order)
    assert "What was chosen is carried out in a moment" in desk.story(order)
    assert books.press(desk.market.retailer, f"{decide}/undo").status_code == 303
    picking = books.press(desk.market.retailer, decide, choice="substitute")
    assert "pick=" in picking.headers["Location"]
    assert "Spare lamp" in retailer.get(f"{ours}?pick={found['id']}&search=spare").text
    assert books.press(desk.market.supplier, f"{page}/keep-prices").status_code == 303
    desk.jobs.drain()
    assert desk.decisions(order)[0]["state"] == "OVERTAKEN"
    assert "Start packing" in supplier.get(page).text


def test_what_a_part_is_worth_counts_no_units_that_its_supplier_rejected(desk: Desk, books: Books) -> None:
    order = desk.buys(3)
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    retailer, supplier = books.browser(desk.market.retailer), books.browser(desk.market.supplier)
    page, queue = f"/supplier/purchase-orders/{one['id']}", "/supplier/purchase-orders?view=all"
    assert "Costs you in all $37.00" in text_of(retailer.get(f"/app/orders/{order['id']}"))
    desk.answers(order, status="rejected", reason="other", quantity=1)
    shown = text_of(supplier.get(page))
    assert "answered: 2 accepted, 0 backordered, 1 rejected." in shown, "units are counted, not lines"
    assert "Goods $20.00 Shipping $4.67" in shown
    promised = shown.rpartition("You get ")[2].split()[0]
    listed = text_of(supplier.get(queue))
    assert f"2 {promised}" in listed, "units and money of the list are those of the page"
    desk.chooses(order, "refund")
    assert books.given_back(order) == [1233]
    for path in ("/app/orders", f"/app/orders/{order['id']}"):
        assert "$24.67" in text_of(retailer.get(path)), "what was paid less what came back"
    parcel = {
        "carrier": "manual",
        "tracking_number": "N-1",
        "lines": [{"line_id": one["lines"][0]["id"], "quantity": 2}],
    }
    told = desk.market.supplier.api.post(f"/api/supplier/orders/{one['id']}/ship", {"parcels": [parcel]})
    assert told.status_code == 201, told.text
    desk.jobs.drain()
    assert promised in text_of(supplier.get("/supplier/statements")), "and what is earned"


def test_a_part_of_which_nothing_is_left_is_worth_nothing(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="other")
    desk.chooses(order, "refund")
    assert "0 $0.00" in text_of(books.browser(desk.market.supplier).get("/supplier/purchase-orders?view=all"))
    listed = text_of(books.browser(desk.market.retailer).get("/app/orders"))
    assert "$0.00" in listed
    assert "$26.00" not in listed


def test_an_answer_with_a_mistake_keeps_what_was_typed_about_every_line(desk: Desk, books: Books) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        ours = session.get_one(Supplier, desk.market.supplier.id)
        (shade,) = factories.product(session, ours, title="Shade", wholesale="10.00", stock=5)
    order = desk.buys(1, (shade, 1))
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    first, second = (line["id"] for line in one["lines"])
    supplier, page = books.browser(desk.market.supplier), f"/supplier/purchase-orders/{one['id']}"
    typed = {f"answer-{first}": "backordered", f"day-{first}": "2031-05-04", f"price-{second}": "eleven"}
    for wrong, message in (
        (typed, "such as 12.50"),
        ({**typed, f"price-{second}": "11.25", f"day-{first}": "2031-05-99"}, "A day such as"),
        ({**typed, f"price-{second}": "11.25", f"day-{first}": ""}, "day"),
        ({**typed, f"price-{second}": "11.25", f"day-{first}": "2020-01-01"}, "2020-01-01 is over"),
        ({**typed, f"price-{second}": "11.25", f"day-{first}": "2206-01-01"}, "2206-01-01 is years away"),
        ({**typed, f"price-{second}": "11.25", f"answer-{second}": "rejected", f"reason-{second}": "moon"}, "One of"),
        ({**typed, f"price-{second}": "11.25", f"answer-{second}": "rejected"}, "Choose why you can't send it."),
        ({**typed, f"price-{second}": "0"}, "A price above zero."),
    ):
        answer = supplier.submit(page, f"{page}/answer", **wrong)
        assert answer.status_code == 422, wrong
        form = BeautifulSoup(answer.text, "html.parser").select_one(f"form[action$='{one['id']}/answer']")
        assert form is not None
        chosen = form.select_one(f"[name='answer-{first}'] option[selected]")
        assert chosen is not None
        assert chosen["value"] == "backordered"
        for name in (f"day-{first}", f"price-{second}"):
            field = form.select_one(f"[name='{name}']")
            assert field is not None
            assert field["value"] == wrong[name]
        assert message in form.get_text(" ")
    assert supplier.submit(page, f"{page}/answer", **{**typed, f"price-{second}": "10"}).status_code == 303


def test_a_stranger_sees_and_decides_nothing(desk: Desk) -> None:
    order = desk.buys(2)
    desk.answers(order, status="rejected", reason="other")
    found = desk.decision(order)
    stranger = desk.market.other_retailer.api
    assert stranger.get(f"/api/orders/{order['id']}/decisions").status_code == 404
    path = f"/api/orders/{order['id']}/decisions/{found['id']}"
    assert stranger.post(path, {"choice": "refund"}).status_code == 404
    assert stranger.get("/api/decisions").json["items"] == []
    mine = desk.market.retailer.api.get("/api/decisions", state="OPEN").json["items"]
    assert [one["id"] for one in mine] == [found["id"]]


# Silence


def test_a_list_of_decisions_asks_the_database_as_often_however_long_it_is(desk: Desk) -> None:
    asked: list[int] = []
    for _ in range(2):
        order = desk.buys(1)
        desk.answers(order, status="rejected", reason="other")
        desk.chooses(order, "substitute", later=False, variant_id=str(desk.same))
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any, into: list[str] = statements) -> None:
            into.append(statement)

        event.listen(db.engine(), "before_cursor_execute", note)
        shown = desk.market.retailer.api.get("/api/decisions").json["items"]
        event.remove(db.engine(), "before_cursor_execute", note)
        assert {one["substitute"]["title"] for one in shown} == {"Same lamp – 0"}
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_a_silent_supplier_is_reminded_then_told_of_then_another_one_delivers(desk: Desk, books: Books) -> None:
    desk.link()
    order = desk.buys(2)
    desk.later("watch_answers", hours=1)
    desk.later("watch_answers", hours=24 * 4)
    assert "waits for your answer" in books.notices(desk.market.supplier)["purchase_order"]
    assert "answer_overdue" not in books.notices(desk.market.retailer)
    desk.later("watch_answers", hours=24 * 4)
    desk.later("watch_answers", hours=24 * 8)
    assert "does not answer" in books.notices(desk.market.retailer)["answer_overdue"]
    assert "does not answer" in books.notices(desk.market.admin)["answer_overdue"]
    assert desk.purchase_orders(order, desk.market.other_supplier) == []
    desk.later("watch_answers", hours=24 * 12)
    (new,) = desk.purchase_orders(order, desk.market.other_supplier)
    assert (new["number"], new["status"]) == (f"{order['number']}-2", "PENDING")
    assert desk.purchase_orders(order, desk.market.supplier)[0]["status"] == "CANCELLED"
    assert desk.market.stock(desk.lamp) == {"on_hand": 10, "reserved": 0}
    assert sorted(books.taken(order)) == [400, 2600]
    assert "answer_overdue" not in books.notices(desk.market.retailer)
    assert "Do not send" in books.notices(desk.market.supplier)["purchase_order"]
    late = desk.answers(order, status="accepted", expect=409)
    assert late["code"] == "rerouted"
    assert "comes too late" in late["detail"]
    desk.balanced(order)
    # Both choices are kept with what brought them about, and can be made again from what they were made from.
    api = desk.market.retailer.api
    choices = api.get(f"/api/orders/{order['id']}/routing/choices")
    newest, first = choices.json["items"]
    lost = "Nordlicht did not answer about 2 × Desk lamp – 0. By your rules, others were asked."
    assert (newest["occasion"], newest["occasion_explanation"], newest["attempt"]) == ("replaced", lost, 2)
    assert (first["occasion"], first["occasion_explanation"]) == ("placed", "The order came in.")
    assert newest["replays"] and first["replays"]
    takes = [
        [
            (one["supplier_id"], one["quantity"])
            for line in choice["lines"]
            for one in line["candidates"]
            if one["quantity"]
        ]
        for choice in (newest, first)
    ]
    assert takes == [[(str(desk.market.other_supplier.id), 2)], [(str(desk.market.supplier.id), 2)]]
    page = text_of(books.browser(desk.market.retailer).get(f"/app/orders/{order['id']}"))
    assert page.index(lost) < page.index("Before that,") < page.index("The order came in.")
    cut = api.get(f"/api/orders/{order['id']}/routing/choices", limit="1").json
    assert [one["attempt"] for one in cut["items"]] == [2]
    rest = api.get(f"/api/orders/{order['id']}/routing/choices", cursor=cut["next_cursor"]).json
    assert [one["attempt"] for one in rest["items"]] == [1]
    other = desk.market.other_retailer.api.get(f"/api/orders/{order['id']}/routing/choices")
    assert other.status_code == 404


def test_an_answer_in_the_last_moment_keeps_the_order(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    silent_for_good(desk)
    found = desk.decision(order)
    assert (found["kind"], found["choices"][0]) == ("silent", "wait")
    desk.answers(order, status="accepted")
    assert desk.decisions(order)[0]["state"] == "OVERTAKEN"
    desk.later(hours=24 * 30)
    assert books.given_back(order) == []
    assert desk.purchase_orders(order, desk.market.supplier)[0]["status"] == "CONFIRMED"


def test_units_that_another_supplier_is_being_paid_for_are_counted_once(desk: Desk, books: Books) -> None:
    desk.link()
    order = desk.buys(3)
    books.fault("timeout_after_commit", "/v1/payment_intents")
    silent_for_good(desk)
    assert desk.decision(order)["state"] == "PAYING"
    lines = [{"line_id": order["lines"][0]["id"], "quantity": 4}]
    path = f"/api/orders/{order['id']}/cancel"
    too_many = desk.market.retailer.api.post(path, {"lines": lines})
    assert (too_many.status_code, too_many.json["code"]) == (409, "quantity_exceeds_open")
    assert "3 can still be cancelled" in too_many.text
    done = desk.market.retailer.api.post(path, {"lines": [{**lines[0], "quantity": 3}]})
    assert done.json["order"]["status"] == "CANCELLED"
    desk.jobs.drain(retries=True)
    assert books.order(order)["status"] == "CANCELLED"
    assert sum(books.given_back(order)) == sum(books.taken(order))
    desk.balanced(order)


def test_a_silent_supplier_is_watched_on_when_fewer_units_are_left(desk: Desk) -> None:
    order = desk.buys(3)
    silent_for_good(desk)
    lines = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    answer = desk.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": lines})
    assert answer.status_code == 200, answer.text
    desk.jobs.drain()
    assert desk.decisions(order)[0]["state"] == "OVERTAKEN"
    desk.later("watch_answers", hours=1)
    assert (desk.decision(order)["kind"], desk.decision(order)["units"]) == ("silent", 2)


def test_more_time_is_more_time(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    silent_for_good(desk)
    desk.chooses(order, "wait")
    assert desk.purchase_orders(order, desk.market.supplier)[0]["status"] == "PENDING"
    desk.later("watch_answers", hours=24 * 40)
    assert desk.decision(order)["kind"] == "silent"
    desk.chooses(order, "refund")
    assert books.given_back(order) == [2600]
    desk.balanced(order)


def test_answer_and_rerouting_at_once_give_the_units_to_one_supplier(desk: Desk, books: Books) -> None:
    desk.link()
    for _ in range(3):
        order = desk.buys(1)
        (one,) = desk.purchase_orders(order, desk.market.supplier)
        at_once(desk, order, one)
        desk.jobs.drain()
        ours = desk.purchase_orders(order, desk.market.supplier)[0]
        theirs = desk.purchase_orders(order, desk.market.other_supplier)
        live = [each["status"] for each in (ours, *theirs) if each["status"] != "CANCELLED"]
        assert live == (["CONFIRMED"] if ours["status"] == "CONFIRMED" else ["PENDING"])
        desk.balanced(order)


def at_once(desk: Desk, order: Json, one: Json) -> None:
    gate = threading.Barrier(2)
    said: list[str] = []

    def answer() -> None:
        gate.wait()
        line = LineAnswer(line_id=UUID(one["lines"][0]["id"]), answer="accepted")
        try:
            with db.system_scope(actor="test"), db.transaction() as session:
                acknowledge(session, desk.market.supplier.id, UUID(one["id"]), [line])
        except AppError as error:
            said.append(error.code)

    def reroute() -> None:
        gate.wait()
        with db.system_scope(actor="test"), db.transaction() as session:
            follow_silence(session, UUID(order["id"]), UUID(one["id"]))

    threads = [threading.Thread(target=each) for each in (answer, reroute)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert said in ([], ["rerouted"])


def test_of_units_that_nobody_delivers_those_are_taken_away_that_are_sent_one_by_one(desk: Desk) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        link_source(session, desk.market.retailer.id, desk.listed, desk.same, per_unit=2)
    desk.jobs.drain()
    order = desk.buys(3)
    desk.answers(order, status="rejected", reason="other", quantity=2)
    # The second supplier would send two for each, and has not enough for the second one.
    desk.answers(order, party=desk.market.other_supplier, status="rejected", reason="other", quantity=2)
    desk.answers(order, status="rejected", reason="other")
    assert [one["units"] for one in desk.decisions(order) if one["state"] == "OPEN"] == [2, 1]
    line = desk.books.order(order)["lines"][0]["id"]
    body = {"lines": [{"line_id": line, "quantity": 1}]}
    assert desk.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", body).status_code == 200
    desk.later(minutes=3)
    assert [one["units"] for one in desk.decisions(order) if one["state"] == "OPEN"] == [2]
    assert desk.books.row("select cancelled from order_lines where id = %s", line) == {"cancelled": 1}
    desk.balanced(order)
