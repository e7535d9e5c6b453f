"""Refunds that a store has not given after a day: they are shown, asked for again, and given once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kit import clock
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.books import Books, Json
from tests.flows.refunding import Till, cannot_deliver, decide, story, till
from tests.flows.test_exceptions import run

__all__ = ["configured", "simulator", "till"]


def stuck(till: Till) -> list[Json]:
    """What the retailer's inbox says of refunds."""
    return [
        one for one in till.market.retailer.api.get("/api/exceptions").json["items"] if one["kind"] == "store_refund"
    ]


@pytest.mark.parametrize(("fault", "before"), [("drop_before", []), ("drop_after_effect", ["50.00"])])
def test_a_store_that_has_not_answered_for_a_day_is_asked_again_by_a_click_and_refunds_once(
    till: Till, books: Books, fault: str, before: list[str]
) -> None:
    order = till.sells(lamps=2, chairs=1)
    till.control.add_fault(fault, {"operation": "refundCreate", "shop": till.shop}, times=1)
    choosing = cannot_deliver(till, books)
    decide(till, choosing, refund_customer=True)
    assert till.given_back(order) == before
    # It gave up, as it does after some thirty hours of trying.
    run("update tasks set state = 4, finished_at = now() where job = 'refund_in_store' and state = 0")
    (asked,) = till.refunds()
    assert (asked["state"], stuck(till)) == ("ASKED", [])
    assert "Ask the store again" not in story(till, books), "it has a day to answer"
    again = f"/app/orders/{choosing['order_id']}/refunds/{asked['id']}/again"
    run("update store_refunds set updated_at = now() - interval '25 hours'")
    (one,) = stuck(till)
    assert (one["heading"], one["subject_id"]) == ("Store has not refunded its customer yet", asked["id"])
    assert "Ask the store again" in story(till, books)
    browser = books.browser(till.market.retailer)
    assert browser.form("/app/exceptions", again).text.strip() == "Ask the store again"
    for _ in range(2):
        assert books.press(till.market.retailer, again).status_code == 303
    till.jobs.drain()
    assert till.given_back(order) == ["50.00"]
    assert till.states() == ["MADE"]
    assert stuck(till) == []


def test_a_cancellation_that_never_ends_in_the_store_is_told_after_a_day_and_asked_for_anew(
    till: Till, books: Books
) -> None:
    order = till.sells(lamps=2)
    till.control.add_fault("stuck_job", {"operation": "orderCancel", "shop": till.shop})
    decide(till, cannot_deliver(till, books), refund_customer=True)
    (asked,) = till.refunds()
    for hours in (1, 12, 23):
        with clock.shifted(timedelta(hours=hours)):
            till.due("refund_in_store")
            assert (till.states(), stuck(till)) == (["ASKED"], [])
            wait = books.row(
                "select available_at - now() as wait from tasks where job = 'refund_in_store' and state = 0"
            )
            assert wait["wait"] > timedelta(minutes=5), "it is looked at less and less often"
    with clock.shifted(timedelta(hours=25)):
        (one,) = stuck(till)
        assert one["heading"] == "Store has not refunded its customer yet"
        assert till.market.retailer.api.post(f"/api/store-refunds/{asked['id']}/again", {}).status_code == 200
        till.settle()
        assert till.given_back(order) == ["54.00"]
        assert till.states() == ["MADE"]


def test_while_a_store_is_still_cancelling_it_is_asked_for_no_refund_besides(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    till.control.add_fault("stuck_job", {"operation": "orderCancel", "shop": till.shop})
    decide(till, cannot_deliver(till, books), refund_customer=True)
    # By then there is more in the order, so that it would not be cancelled, but refunded by its lines.
    till.edits(order, order["lines"][0], 3)
    (asked,) = till.refunds()
    with clock.shifted(timedelta(hours=25)):
        assert till.market.retailer.api.post(f"/api/store-refunds/{asked['id']}/again", {}).status_code == 200
        till.due("refund_in_store")
    assert till.given_back(order) == []
    assert till.states() == ["ASKED"]
