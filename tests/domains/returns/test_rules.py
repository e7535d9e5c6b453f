"""States of returns row by row, what may come back, who pays, and credits to the last cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.returns.rules import (
    ENDS_AFTER,
    REASONS,
    STATES,
    VOID,
    LineFacts,
    line_credit,
    may_move,
    payer,
    restocking_bps,
    returnable,
)
from app.suppliers.service.onboarding import PAYERS, RETURN_REASONS
from app.web.return_words import CONDITION_WORDS, END_WORDS, PAYER_WORDS, REASON_WORDS
from tests.state_tables import agree

#: Every state, and all that it may become.
TABLE = {
    "REQUESTED": {"APPROVED", "DECLINED", "CREDITED", "CANCELLED"},
    "APPROVED": {"LABEL_SENT", "IN_TRANSIT", "RECEIVED", "CREDITED", "EXPIRED", "CANCELLED"},
    "LABEL_SENT": {"APPROVED", "IN_TRANSIT", "RECEIVED", "EXPIRED", "CANCELLED"},
    "IN_TRANSIT": {"RECEIVED"},
    "RECEIVED": {"INSPECTED"},
    "INSPECTED": {"CREDITED", "CLOSED"},
    "CREDITED": {"CLOSED"},
    "CLOSED": set(),
    "DECLINED": set(),
    "EXPIRED": set(),
    "CANCELLED": set(),
}
ARRIVED = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_return_moves_as_the_table_says_and_in_no_other_way() -> None:
    agree(TABLE, STATES, may_move, staying=False)


def test_nothing_waits_for_ever_and_what_is_over_waits_for_nobody() -> None:
    over = {state for state, following in TABLE.items() if not following}
    assert over == VOID | {"CLOSED"}
    # The way back is the carrier's, and the refund is the processor's: neither has an end of ours.
    assert set(ENDS_AFTER) == set(TABLE) - over - {"IN_TRANSIT", "CREDITED"}
    # What the carrier has brought waits for its supplier all the same.
    assert set(END_WORDS) == set(ENDS_AFTER) | {"IN_TRANSIT"}


def test_every_reason_has_words_and_is_one_that_policies_know() -> None:
    assert REASONS == RETURN_REASONS
    assert set(REASON_WORDS) == set(REASONS)
    assert set(PAYER_WORDS) == set(PAYERS)
    assert "as_new" in CONDITION_WORDS


@pytest.mark.parametrize(
    ("after", "units"),
    [
        (timedelta(0), 2),
        (timedelta(days=30), 2),
        (timedelta(days=30, seconds=1), 0),
    ],
)
def test_the_window_is_counted_from_the_arrival(after: timedelta, units: int) -> None:
    facts = LineFacts(delivered=3, in_returns=1, delivered_at=ARRIVED)
    assert returnable(facts, window_days=30, now=ARRIVED + after) == units


def test_what_has_not_arrived_can_not_come_back() -> None:
    facts = LineFacts(delivered=0, in_returns=0, delivered_at=None)
    assert returnable(facts, window_days=30, now=ARRIVED) == 0


@pytest.mark.parametrize("reason", REASONS)
def test_the_policy_says_who_pays_and_without_one_the_supplier_where_it_is_to_blame(reason: str) -> None:
    assert payer(reason, {reason: "retailer"}) == "retailer"
    assert payer(reason, {}) == ("shopper" if reason == "changed_mind" else "supplier")


@pytest.mark.parametrize("reason", REASONS)
def test_a_fee_is_kept_only_where_nobody_is_to_blame_and_the_goods_come_back(reason: str) -> None:
    kept = restocking_bps(reason, 1500, goods_kept=False)
    assert kept == (1500 if reason == "changed_mind" else 0)
    assert restocking_bps(reason, 1500, goods_kept=True) == 0


# A busy machine draws examples slowly: none is left out for it.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    price=st.integers(0, 10_000_000),
    parts=st.lists(st.integers(1, 50), min_size=1, max_size=8),
    bps=st.integers(0, 5000),
)
def test_credits_in_parts_add_up_and_never_pass_what_was_paid(price: int, parts: list[int], bps: int) -> None:
    whole = line_credit(price, sum(parts), bps)
    credits = [line_credit(price, units, bps) for units in parts]
    assert sum(one.amount for one in credits) == whole.amount
    assert 0 <= whole.amount <= price * sum(parts)
    assert all(0 <= one.restocking <= one.goods for one in credits)
    # What is kept is the percentage to within a cent a unit, never more.
    exact = price * sum(parts) * bps / 10_000
    assert exact - sum(parts) < whole.restocking <= exact or whole.restocking == exact
