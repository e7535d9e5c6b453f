"""Every kind of notice has a topic, what concerns an account always comes, and a day's letter comes in the morning."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from app.identity.rules import ROLES
from app.notifications.rules import (
    ACCOUNT,
    DIGEST,
    DIGEST_HOUR,
    EMAIL_WAYS,
    NOW,
    TOPIC_TEXTS,
    TOPICS,
    default_way,
    digest_day,
    is_essential,
    kinds_of,
    known_kinds,
    topic_of,
)

ROOT = Path(__file__).parents[3]


def _told() -> set[str]:
    """The kinds of all notices and letters that the code makes."""
    found = set()
    for folder in ("app", "workers", "embedded_ui", "launch"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                    continue
                if call.func.id in ("notify", "queue_email"):
                    found |= {
                        word.value.value
                        for word in call.keywords
                        if word.arg == "kind" and isinstance(word.value, ast.Constant)
                    }
    return found


def test_every_kind_has_a_topic() -> None:
    assert _told() <= known_kinds()
    assert {topic_of(kind) for kind in known_kinds()} == set(TOPICS) == set(TOPIC_TEXTS)
    assert sorted(kind for topic in TOPICS for kind in kinds_of(topic)) == sorted(known_kinds())


def test_what_nobody_has_placed_always_comes() -> None:
    assert topic_of("something new") == ACCOUNT
    assert is_essential("password_reset")
    assert is_essential("api_key_ends")
    assert not is_essential("order_held")


def test_every_role_has_defaults_that_exist_and_always_hears_of_its_account() -> None:
    for role in ROLES:
        assert {default_way(role, topic) for topic in TOPICS} <= set(EMAIL_WAYS)
        assert default_way(role, ACCOUNT) == NOW
    assert DIGEST not in TOPICS


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(sorted(available_timezones())),
)
def test_a_day_has_one_letter_from_the_morning_on_wherever_its_reader_lives(moment: datetime, name: str) -> None:
    zone, now = ZoneInfo(name), moment.replace(tzinfo=UTC)
    local = now.astimezone(zone)

    day = digest_day(now, zone)

    assert (day is None) == (local.hour < DIGEST_HOUR)
    assert day is None or day == local.date()
    assert {digest_day(now + timedelta(minutes=15 * step), zone) for step in range(96)} - {None}
