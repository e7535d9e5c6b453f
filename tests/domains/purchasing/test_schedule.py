"""When purchase orders go to a supplier that wants them gathered."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from app.purchasing.changes.rules import MAY_HAVE, MESSAGE_MOVES
from app.purchasing.schedule import AT_ONCE, Schedule, next_time, read_schedule
from app.purchasing.transmission_rules import (
    ABSENT_COUNTS_AFTER,
    MOVES,
    PROBE_AFTER,
    STATES,
    absence_counts,
    may_move,
    probe_due,
)

OFFICE = Schedule(days=(0, 1, 2, 3, 4), times=(time(10), time(15)), cutoff=timedelta(minutes=15))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("came", "sent"),
    [
        # A Monday in Berlin, an hour ahead of UTC.
        ("2026-11-30 08:00", "2026-11-30 09:00"),
        ("2026-11-30 08:45", "2026-11-30 09:00"),
        ("2026-11-30 08:46", "2026-11-30 14:00"),
        ("2026-11-30 13:50", "2026-12-01 09:00"),
        # Friday's last batch is over; Saturday.
        ("2026-11-27 14:00", "2026-11-30 09:00"),
        ("2026-11-28 08:00", "2026-11-30 09:00"),
        # In summer, two hours ahead.
        ("2026-07-01 07:00", "2026-07-01 08:00"),
    ],
)
def test_an_order_goes_with_the_next_batch_that_it_is_in_time_for(came: str, sent: str) -> None:
    assert next_time(OFFICE, at(came), "Europe/Berlin") == at(sent)


def test_without_times_an_order_goes_at_once() -> None:
    assert next_time(AT_ONCE, at("2026-11-30 08:00"), "Europe/Berlin") == at("2026-11-30 08:00")
    assert not Schedule(days=(0,)).gathers


def test_one_time_a_week_is_found() -> None:
    weekly = Schedule(days=(6,), times=(time(0),), cutoff=timedelta(hours=12))
    assert next_time(weekly, at("2026-11-28 13:00"), "UTC") == at("2026-12-06 00:00")


def test_a_schedule_is_read_as_it_was_written() -> None:
    assert read_schedule(OFFICE.as_json()) == OFFICE
    assert read_schedule(AT_ONCE.as_json()) == AT_ONCE


def test_nothing_that_arrived_is_sent_again_and_doubt_ends_only_by_knowing() -> None:
    assert set(MOVES) == set(STATES)
    assert all(target in STATES for targets in MOVES.values() for target in targets)
    assert not MOVES["DELIVERED"]
    assert MOVES["OUTCOME_UNKNOWN"] == {"DELIVERED", "NOT_RECEIVED"}
    assert not may_move("OUTCOME_UNKNOWN", "SENDING")
    assert not may_move("SENT", "SENDING")
    assert may_move("NOT_RECEIVED", "SENDING")


def test_a_message_about_a_change_is_asked_again_only_while_it_may_not_have_arrived() -> None:
    assert all(target in MESSAGE_MOVES for targets in MESSAGE_MOVES.values() for target in targets)
    assert {state for state, targets in MESSAGE_MOVES.items() if not targets} == {
        "DELIVERED", "REJECTED", "WITHDRAWN", "BY_PEOPLE",
    }  # fmt: skip
    assert {state for state, targets in MESSAGE_MOVES.items() if "SENDING" in targets} == {"QUEUED", "OUTCOME_UNKNOWN"}
    assert {state for state, targets in MESSAGE_MOVES.items() if "WITHDRAWN" in targets} == {"QUEUED"}
    assert not MAY_HAVE & {"QUEUED", "REJECTED", "WITHDRAWN", "BY_PEOPLE"}


def test_probes_grow_apart_and_end_with_a_person() -> None:
    asked = at("2026-11-30 08:00")
    times = [probe_due(asked, count) for count in range(len(PROBE_AFTER) + 1)]
    assert times[-1] is None
    known = [one for one in times if one is not None]
    assert known == sorted(known) and known[0] > asked


def test_not_there_is_believed_only_once_the_call_is_long_over() -> None:
    asked = at("2026-11-30 08:00")
    assert not absence_counts(asked, asked + ABSENT_COUNTS_AFTER - timedelta(seconds=1))
    assert absence_counts(asked, asked + ABSENT_COUNTS_AFTER)
