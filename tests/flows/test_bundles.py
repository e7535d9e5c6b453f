"""What is sold as one comes as one: when a part of it will not come, the other parts are stopped with it, wait for it,
or another part takes its place; and what could not be stopped is said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app import db
from app.listings.service import link_source
from app.purchasing.rules import beyond_whole
from tests.flows.books import Books, Json
from tests.flows.deciding import Desk
from tests.flows.test_customer_letters import letters
from tests.market import Market
from tests.stack import Jobs


class Sets(Desk):
    """A lamp is sold with two shades of the second supplier (12.00 each)."""

    def __init__(self, market: Market, jobs: Jobs, books: Books) -> None:
        super().__init__(market, jobs, books, stock=20)
        self.rules(reroute_rejected=False)
        with db.system_scope(actor="test"), db.transaction() as session:
            link_source(session, market.retailer.id, self.listed, self.same, component=1, per_unit=2)
        jobs.drain()

    def parts(self, order: Json) -> tuple[list[int], list[int]]:
        """Lamps and shades that are still wanted, by purchase order."""
        query = (
            "select l.quantity - l.cancelled as wanted from purchase_order_lines l join purchase_orders p "
            "on p.id = l.purchase_order_id where p.order_id = %s and p.supplier_id = %s order by p.id"
        )
        lamps, shades = [
            [int(row["wanted"]) for row in self.books.rows(query, order["id"], str(one.id))]
            for one in (self.market.supplier, self.market.other_supplier)
        ]
        return lamps, shades

    def lamp_gone(self, order: Json, **said: object) -> None:
        """The lamps' supplier rejects them."""
        self.answers(order, status="rejected", reason="out_of_stock", **said)

    def accept_shades(self, order: Json) -> None:
        self.answers(order, party=self.market.other_supplier, status="accepted")

    def requests(self) -> list[Json]:
        """What the shades' supplier is asked to stop."""
        return list(self.market.other_supplier.api.get("/api/supplier/change-requests").json["items"])

    def wanted(self, order: Json) -> int:
        """Sets that are still to come."""
        query = "select quantity - cancelled as wanted from order_lines where order_id = %s"
        return int(self.books.row(query, order["id"])["wanted"])


@pytest.fixture
def sets(market: Market, jobs: Jobs, books: Books) -> Sets:
    return Sets(market, jobs, books)


def test_with_a_part_that_is_refunded_goes_what_nobody_has_accepted(sets: Sets, books: Books) -> None:
    order = sets.buys(3)
    assert sets.parts(order) == ([3], [6])
    sets.lamp_gone(order, quantity=1)
    assert sets.parts(order) == ([2], [6]), "nothing is stopped before it is decided"
    assert "It is a part of this set, which" in sets.story(order), "both are called Desk lamp"
    sets.chooses(order, "refund")
    assert sets.parts(order) == ([2], [4])
    assert sets.wanted(order) == 2
    assert sets.market.stock(sets.same)["reserved"] == 4
    assert "does not come whole: its other parts are stopped" in sets.story(order)
    assert "Parts without the rest" not in sets.story(order)
    sets.balanced(order)
    # All of it goes: both suppliers' shipping comes back, too.
    sets.lamp_gone(order)
    sets.chooses(order, "refund")
    assert sets.parts(order) == ([0], [0])
    assert books.order(order)["status"] == "CANCELLED"
    assert sum(books.given_back(order)) == sum(books.taken(order))
    sets.balanced(order)


def test_suppliers_that_have_accepted_the_other_parts_are_asked_to_stop_them(sets: Sets, books: Books) -> None:
    order = sets.buys(2)
    sets.accept_shades(order)
    sets.lamp_gone(order)
    sets.chooses(order, "refund")
    (request,) = sets.requests()
    assert [(line["quantity"]) for line in request["lines"]] == [4]
    assert "4 × Same lamp – 0: its supplier is asked to stop it" in sets.story(order)
    path = f"/api/supplier/change-requests/{request['id']}"
    assert sets.market.other_supplier.api.post(f"{path}/accept", {}).status_code == 200
    sets.jobs.drain()
    assert sets.parts(order) == ([0], [0])
    assert sum(books.given_back(order)) == sum(books.taken(order))
    assert "Parts without the rest" not in sets.story(order)
    sets.balanced(order)


def test_a_part_that_can_not_be_stopped_is_said_and_not_asked_for_again(sets: Sets, books: Books) -> None:
    order = sets.buys(2)
    sets.accept_shades(order)
    sets.lamp_gone(order, quantity=1)
    sets.chooses(order, "refund")
    (request,) = sets.requests()
    path = f"/api/supplier/change-requests/{request['id']}"
    answer = sets.market.other_supplier.api.post(f"{path}/refuse", {"reason": "packed"})
    assert answer.status_code == 200, answer.text
    sets.jobs.drain()
    assert sets.parts(order) == ([1], [4])
    assert "2 × Same lamp – 0 is sent, though Desk lamp – 0 does not come whole" in sets.story(order)
    (shades,) = sets.purchase_orders(order, sets.market.other_supplier)
    books.ship(sets.market.other_supplier, shades, 4)
    books.ship(sets.market.supplier, sets.purchase_orders(order, sets.market.supplier)[0], 1)
    sets.jobs.drain()
    assert len(sets.requests()) == 1
    assert "2 × Same lamp – 0 left, though Desk lamp – 0 does not come whole" in sets.story(order)
    assert books.order(order)["status"] == "SHIPPED"
    sets.balanced(order)


def test_a_supplier_is_asked_for_each_unit_once_and_for_what_it_was_asked_otherwise_all_the_same(sets: Sets) -> None:
    order = sets.buys(3)
    sets.accept_shades(order)
    api = sets.market.retailer.api
    # Its retailer wanted a set less, and then did not.
    line = sets.books.order(order)["lines"][0]["id"]
    sets.answers(order, status="accepted")
    assert (
        api.post(f"/api/orders/{order['id']}/cancel", {"lines": [{"line_id": line, "quantity": 2}]}).status_code == 200
    )
    for one in api.get("/api/change-requests").json["items"]:
        assert api.post(f"/api/change-requests/{one['id']}/withdraw", {}).status_code == 200
    for lamps, asked_for in ((1, 2), (2, 4)):
        sets.lamp_gone(order, quantity=lamps)
        sets.chooses(order, "refund")
        waiting = [one for one in sets.requests() if one["state"] == "OPEN"]
        assert [row["quantity"] for one in waiting for row in one["lines"]] == [asked_for]
    path = f"/api/supplier/change-requests/{waiting[0]['id']}/accept"
    assert sets.market.other_supplier.api.post(path, {}).status_code == 200
    sets.jobs.drain()
    assert sets.parts(order) == ([1], [2])
    sets.balanced(order)


def test_what_was_refused_is_not_asked_for_again_though_its_retailer_had_asked_for_more(sets: Sets) -> None:
    order = sets.buys(3)
    sets.accept_shades(order)
    sets.lamp_gone(order, quantity=1)
    sets.chooses(order, "refund")
    line = sets.books.order(order)["lines"][0]["id"]
    body = {"lines": [{"line_id": line, "quantity": 1}], "reason": "Bought twice."}
    assert sets.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", body).status_code == 200
    (request,) = sets.requests()
    assert ([row["quantity"] for row in request["lines"]], request["note"]) == ([4], "Bought twice.")
    path = f"/api/supplier/change-requests/{request['id']}/refuse"
    assert sets.market.other_supplier.api.post(path, {"reason": "packed"}).status_code == 200
    # The lamps' supplier stops one, so that two more shades are without a lamp.
    (lamps,) = sets.market.supplier.api.get("/api/supplier/change-requests").json["items"]
    path = f"/api/supplier/change-requests/{lamps['id']}/accept"
    assert sets.market.supplier.api.post(path, {}).status_code == 200
    sets.jobs.drain()
    assert sets.parts(order) == ([1], [6])
    waiting = [one for one in sets.requests() if one["state"] == "OPEN"]
    assert [row["quantity"] for one in waiting for row in one["lines"]] == [2]


def test_while_a_part_is_waited_for_the_others_go_on(sets: Sets) -> None:
    order = sets.buys(2)
    sets.lamp_gone(order)
    sets.chooses(order, "wait")
    assert sets.parts(order) == ([0], [4])
    assert sets.wanted(order) == 2
    (letter,) = letters()
    assert "in stock: 2 × Desk lamp – 0 (part of 2 × Desk lamp – 0). We wait" in letter.text
    sets.stock_comes(sets.market.supplier, sets.lamp, 10)
    assert sets.parts(order) == ([0, 2], [4])
    sets.balanced(order)


def test_a_single_unit_of_what_is_sold_in_twos_is_not_sent_alone(sets: Sets) -> None:
    order = sets.buys(3)
    sets.answers(order, party=sets.market.other_supplier, status="rejected", reason="other", quantity=1)
    sets.chooses(order, "refund")
    # Who rejects some has accepted the rest, and is asked.
    assert sets.parts(order) == ([2], [5])
    (request,) = sets.requests()
    assert [line["quantity"] for line in request["lines"]] == [1]
    path = f"/api/supplier/change-requests/{request['id']}/accept"
    assert sets.market.other_supplier.api.post(path, {}).status_code == 200
    sets.jobs.drain()
    assert sets.parts(order) == ([2], [4])
    assert sets.wanted(order) == 2
    sets.balanced(order)


def test_another_part_takes_the_place_of_one(sets: Sets, books: Books) -> None:
    order = sets.buys(2)
    sets.answers(order, party=sets.market.other_supplier, status="rejected", reason="out_of_stock", quantity=2)
    assert "It is a part of Desk lamp – 0, which" in sets.story(order)
    sets.chooses(order, "substitute", variant_id=str(sets.spare))
    assert sets.parts(order) == ([2], [2, 2])
    assert sets.wanted(order) == 2
    (letter,) = letters()
    assert "as ordered: 2 × Same lamp – 0 (part of 1 × Desk lamp – 0). You get this instead: Spare lamp" in letter.text
    for party in (sets.market.supplier, sets.market.other_supplier):
        for one in sets.purchase_orders(order, party):
            books.ship(party, one, 2)
    sets.jobs.drain()
    assert books.order(order)["status"] == "SHIPPED"
    sets.balanced(order)


def test_of_a_set_fewer_of_which_are_wanted_the_rest_goes_with_a_part(sets: Sets) -> None:
    order = sets.buys(2)
    line = sets.books.order(order)["lines"][0]["id"]
    api = sets.market.retailer.api
    body = {"lines": [{"line_id": line, "quantity": 1}]}
    assert api.post(f"/api/orders/{order['id']}/cancel", body).status_code == 200
    sets.jobs.drain()
    assert sets.parts(order) == ([1], [2])
    sets.lamp_gone(order)
    sets.chooses(order, "refund")
    assert sets.parts(order) == ([0], [0])
    sets.balanced(order)


@pytest.mark.parametrize(
    ("parts", "beyond"),
    [
        ([(0, 3, 1), (1, 6, 2)], [0, 0]),
        ([(0, 2, 1), (1, 6, 2)], [0, 2]),
        ([(0, 2, 1), (1, 5, 2)], [0, 1]),
        ([(0, 0, 1), (1, 5, 2)], [0, 5]),
        ([(0, 5, 3)], [2]),
        ([(0, 1, 1), (0, 2, 1), (1, 1, 1), (1, 1, 1)], [0, 1, 0, 0]),
    ],
)
def test_what_makes_nothing_whole(parts: Sequence[tuple[int, int, int]], beyond: list[int]) -> None:
    assert beyond_whole(parts) == beyond
