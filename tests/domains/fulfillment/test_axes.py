"""A parcel's two axes never move backwards: every pair of statuses, and any run of events."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fulfillment.rules import (
    DELIVERY_RANK,
    FINAL,
    SHIPMENT_MOVES,
    SHIPMENT_STATUSES,
    may_become,
    progressed,
    scanned,
)

STATUSES = sorted(DELIVERY_RANK)


@pytest.mark.parametrize(("current", "seen"), list(itertools.product(STATUSES, STATUSES)))
def test_what_was_seen_stays_seen(current: str, seen: str) -> None:
    after = progressed(current, seen)
    assert after in (current, seen)
    assert DELIVERY_RANK[after] >= DELIVERY_RANK[current]
    if current in FINAL:
        assert after == current
    elif DELIVERY_RANK[seen] >= DELIVERY_RANK[current]:
        assert after == seen


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STATUSES), max_size=8))
def test_no_run_of_events_leads_back(events: list[str]) -> None:
    status, ranks = "unknown", [0]
    for seen in events:
        status = progressed(status, seen)
        ranks.append(DELIVERY_RANK[status])
    assert ranks == sorted(ranks)


def test_the_senders_axis_has_no_way_back() -> None:
    reachable: dict[str, set[str]] = {
        "announced": {"shipped", "voided"},
        "shipped": {"returned", "lost", "voided"},
        "returned": set(),
        "lost": set(),
        "voided": set(),
    }
    for current, wanted, delivery in itertools.product(SHIPMENT_STATUSES, SHIPMENT_STATUSES, STATUSES):
        allowed = may_become(current, wanted, delivery)
        if wanted == current:
            assert allowed
        elif wanted not in reachable[current]:
            assert not allowed
        elif wanted == "voided":
            assert allowed is not scanned(delivery), "what a carrier has had was handed over"
        elif wanted in ("lost", "returned"):
            assert allowed is (delivery != "delivered")
        else:
            assert allowed


def test_no_status_of_the_sender_is_reached_again() -> None:
    def after(status: str) -> set[str]:
        found: set[str] = set()
        for following in SHIPMENT_MOVES[status]:
            found |= {following, *after(following)}
        return found

    assert all(status not in after(status) for status in SHIPMENT_STATUSES)
