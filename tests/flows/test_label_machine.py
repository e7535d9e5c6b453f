"""Labels bought, lost on the way, voided and given back while orders change under them: none is bought twice, each is
of a parcel, or can be given back."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.campaign import walks
from tests.flows.books import Books
from tests.flows.gateway import Gateway, gateway_process
from tests.flows.steps import Step, bought, step, stories, taken, units, walking, which
from tests.flows.storefront import NOWHERE
from tests.flows.walking_labels import LabelCount, LabelWalk
from tests.market import Market
from tests.simulators.process import SimulatorProcess
from tests.stack import Jobs

__all__ = ["gateway_process"]

_LABELS = (
    step("quote", which, units),
    step("quote", which, units),
    step("buy_label", which, st.integers(0, 3)),
    step("buy_label", which, st.integers(0, 3)),
    step("give_back", which),
    step("gateway_fault", st.sampled_from(["lost_answer", "lost_answer", "down", "no_file", "slow_down"])),
    step("gateway_sees", which, st.sampled_from(["in_transit", "delivered", "return_to_sender"]), st.booleans()),
)
_MEANWHILE = (
    step("buy", bought),
    step("edit", which, st.sampled_from([-3, -1, 1])),
    step("cancel_in_store", which),
    step("cancel", which, st.integers(0, 3)),
    step("answer", which, st.sampled_from(["accepted", "rejected", "dearer"]), units),
    step("answer_change", which, st.sampled_from(["accept", "refuse"])),
    step("give_up", which, units),
    step("ship", which, units),
    step("void", which),
    step("correct", which, units),
    step("wait", st.sampled_from([1, 9, 24 * 4])),
    step("again"),
)


@walking(walks(2))
@given(steps=stories(*_LABELS, *_MEANWHILE))
def test_whatever_becomes_of_an_order_each_label_is_bought_once_and_sends_a_parcel_or_is_given_back(
    market_anew: Callable[[], Market],
    jobs: Jobs,
    gateway_process: SimulatorProcess,
    set_up: Callable[..., None],
    steps: list[tuple[Step, bool]],
) -> None:
    set_up(shopify_admin_url=NOWHERE, easypost_url=gateway_process.url)
    books = Books(market_anew(), jobs)
    gateway = Gateway(gateway_process.url, books.market)
    count = LabelCount(LabelWalk(books.market, jobs, books, gateway))
    begun = [("buy", [(0, 3), (3, 1)]), ("quote", 0, 2), ("quote", 1, 1)]
    taken(count, [*((one, True) for one in begun), *steps])
    count.ends()
    assert books.lever("assert")["broken"] == []
