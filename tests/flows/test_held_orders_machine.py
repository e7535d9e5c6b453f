"""Orders that wait before their suppliers have them, under any interleaving of what their parties do meanwhile: none is
sent, or paid for, before all that holds it is over, and each goes on, or is over, in the end."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.campaign import walks
from tests.flows.books import Books
from tests.flows.steps import STORE, SUPPLIER, Step, bought, step, stories, taken, walking, which
from tests.flows.storefront import NOWHERE
from tests.flows.walking_held import HeldCount, HeldWalk
from tests.market import Market
from tests.stack import Jobs

_kinds = st.lists(st.sampled_from(["new", "elsewhere", "no_address", "unlinked", "alone"]), max_size=3)
_article = st.integers(0, 1)
_MEANWHILE = (
    step("buy_odd", bought, _kinds, _article),
    step("buy_odd", bought, st.just(["unlinked"]), _article),
    step("add_unlinked", which, _article),
    step("risk_told", which),
    step("window", st.sampled_from([0, 30, 60])),
    step("say", which, st.integers(0, 4)),
    step("say", which, st.integers(0, 4)),
    step("plan", st.sampled_from([None, 0, 1, 2, 4])),
    step("platform_hold", which),
    step("platform_release", which),
    step("release_one", which, st.sampled_from(["fraud_window", "risk_platform", "risk_countries", "manual"])),
    step("release", which),
    step("hold", which),
    step("resume", which),
    step("move", which),
    step("cancel", which, st.integers(0, 3)),
    step("place", bought),
    step("card", st.sampled_from(["pm_card_visa", "pm_card_chargeCustomerFail"])),
    step("wait", st.sampled_from([1, 2, 26, 24 * 4, 24 * 20])),
    step("again"),
)


@walking(walks(2))
@given(steps=stories(*STORE, *_MEANWHILE, *SUPPLIER[:2], *SUPPLIER[-1:]))
def test_whatever_happens_to_an_order_that_waits_it_goes_on_once_when_nothing_holds_it(
    market_anew: Callable[[], Market], jobs: Jobs, set_up: Callable[..., None], steps: list[tuple[Step, bool]]
) -> None:
    set_up(shopify_admin_url=NOWHERE)
    books = Books(market_anew(), jobs)
    count = HeldCount(HeldWalk(books.market, jobs, books))
    taken(count, [(("buy_odd", [(0, 3), (3, 1)], ["unlinked"], 0), True), *steps])
    count.ends()
    assert books.lever("assert")["broken"] == []
