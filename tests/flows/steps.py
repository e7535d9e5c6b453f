"""What parties may do in a random walk, as strategies that draw it, and how it is walked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.campaign import same_each_time
from tests.flows.counting import Count

Step = tuple[Any, ...]
which = st.integers(0, 5)
units = st.integers(1, 3)
bought = st.lists(st.tuples(st.integers(0, 3), units), min_size=1, max_size=3, unique_by=lambda line: line[0])


def step(name: str, *details: SearchStrategy[Any]) -> SearchStrategy[Step]:
    """A step of a walk, by its name."""
    return st.tuples(st.just(name), *details)


#: What shoppers and their store do.
STORE = (
    step("buy", bought),
    step("edit", which, st.sampled_from([-3, -1, 1, 2])),
    step("readdress", which),
    step("old_word", which, st.integers(0, 2)),
    step("cancel_in_store", which),
    step("refund_in_store", which, units),
)
#: What the retailer does.
RETAILER = (
    step("place", bought),
    step("cancel", which, st.integers(0, 3)),
    step("move", which),
    step("withdraw", which),
    step("choose", which, st.sampled_from(["accept", "refund", "reroute", "wait", "substitute", "undo"])),
    step("hold", which),
    step("release", which),
    step("card", st.sampled_from(["pm_card_visa", "pm_card_chargeCustomerFail"])),
)
#: What suppliers answer, and send.
SUPPLIER = (
    step("answer", which, st.sampled_from(["accepted", "backordered", "some_later", "rejected", "dearer"]), units),
    step("answer", which, st.just("accepted"), units),
    step("pack", which),
    step("give_up", which, units),
    step("answer_change", which, st.sampled_from(["accept", "part", "refuse"])),
    step("ship", which, units),
    step("ship", which, units),
    step("announce", which, units),
    step("void", which),
    step("correct", which, units),
    step("stock", which, st.integers(0, 6)),
)
#: What becomes of parcels, and of what comes back.
PARCELS = (
    step(
        "scan",
        which,
        st.sampled_from(["pre_transit", "in_transit", "out_for_delivery", "failure", "return_to_sender", "delivered"]),
        st.integers(0, 48),
    ),
    step("scan", which, st.just("delivered"), st.integers(0, 48)),
    step("claim", which, st.sampled_from(["refund", "reship"])),
    step("trouble", which, st.sampled_from(["refund", "resend", "on-its-way", "seen"])),
    step("send_back", which, units),
    step(
        "return",
        which,
        st.sampled_from(["approve", "decline", "ship", "receive", "inspect", "credit", "cancel", "exchange"]),
    ),
)
CLOCK = (step("wait", st.sampled_from([2, 9, 26, 24 * 4])), step("again"))


def stories(*steps: SearchStrategy[Step]) -> SearchStrategy[list[tuple[Step, bool]]]:
    """So many steps; after each, whether the jobs do at once what follows from it."""
    return st.lists(st.tuples(st.one_of(*steps), st.booleans()), min_size=6, max_size=24)


def walking(stories: int) -> settings:
    """How a test of walks is run."""
    return settings(
        max_examples=stories,
        derandomize=same_each_time(),
        deadline=None,
        # A failing walk is short enough to be read as it is; making it shorter takes minutes.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def taken(count: Count, steps: Iterable[tuple[Step, bool]]) -> None:
    """Take the steps, and count after each."""
    walk = count.walk
    for (name, *details), followed in steps:
        walk.step(name, *details)
        count.holds()
        if followed and not walk.followed:
            walk.step("work")
            count.holds()
        if walk.followed:
            count.explained()
