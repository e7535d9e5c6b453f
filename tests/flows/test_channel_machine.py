"""A supplier that is told by messages to its system, whatever becomes of these while its orders change: each order
comes once, what is cancelled is stopped or said to be too late, and nothing stays unknown without somebody being
asked."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.campaign import walks
from tests.flows.books import Books
from tests.flows.steps import Step, bought, step, stories, taken, units, walking, which
from tests.flows.storefront import NOWHERE
from tests.flows.walking_channel import ChannelCount, ChannelWalk
from tests.market import Market
from tests.simulators.supplier_api.server import serving
from tests.simulators.supplier_api.world import World
from tests.stack import Jobs

_LOST = st.sampled_from(["drop_before", "drop_after", "error_before", "error_after"])
_FAULTS = _LOST | st.sampled_from(["busy", "refuse", "unauthorized"])
_SYSTEM = (
    step("system_fault", _FAULTS),
    step("amid", _LOST, st.just("buy"), bought),
    step("amid", _FAULTS, st.just("buy"), bought),
    step("amid", _FAULTS, st.just("cancel"), which, st.integers(0, 3)),
    step("amid", _FAULTS, st.just("cancel_in_store"), which),
    step("amid", _FAULTS, st.just("move"), which),
    step("system_packs", which),
    step("system_answers", st.sampled_from([None, True, False])),
    step("tells", st.booleans()),
    step("say_whether_there", which),
    step("send_again", which),
    step("pause", st.sampled_from([25, 70, 200, 700])),
    step("pause", st.sampled_from([70, 200])),
)
_MEANWHILE = (
    step("buy", bought),
    step("edit", which, st.sampled_from([-3, -1, 1])),
    step("readdress", which),
    step("cancel_in_store", which),
    step("cancel", which, st.integers(0, 3)),
    step("move", which),
    step("withdraw", which),
    step("answer", which, st.sampled_from(["accepted", "rejected", "backordered", "dearer"]), units),
    step("answer_change", which, st.sampled_from(["accept", "part", "refuse"])),
    step("give_up", which, units),
    step("ship", which, units),
    step("void", which),
    step("wait", st.sampled_from([1, 9, 24 * 4])),
    step("again"),
)


@walking(walks(2))
@given(first=_FAULTS, steps=stories(*_SYSTEM, *_MEANWHILE))
def test_whatever_becomes_of_messages_each_order_comes_once_and_is_stopped_when_it_is_cancelled(
    market_anew: Callable[[], Market],
    jobs: Jobs,
    set_up: Callable[..., None],
    first: str,
    steps: list[tuple[Step, bool]],
) -> None:
    set_up(shopify_admin_url=NOWHERE, outbound_allowed_hosts="127.0.0.1")
    books = Books(market_anew(), jobs)
    # Walks let months pass, which the system's own clock knows nothing of.
    world = World(tolerance=365 * 24 * 3600)
    with serving(world) as server:
        count = ChannelCount(ChannelWalk(books.market, jobs, books, world, server))
        taken(count, [(("amid", first, "buy", [(0, 3), (1, 1)]), False), *steps])
        count.ends()
    assert books.lever("assert")["broken"] == []
