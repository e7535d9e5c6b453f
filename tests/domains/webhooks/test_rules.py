"""Which events there are, what is said of them, and how an endpoint that fails is tried."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.webhooks.rules import EVENT_TYPES, GIVE_UP_AFTER, TEST, link_of, types_of, url_problem, wait_after
from workers.public_facts import TOLD, public_facts

ROOT = Path(__file__).parents[3]
_ROW = re.compile(r"^\| `([a-z_.]+)` \| ([a-z ]+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_every_event_is_documented_as_it_is() -> None:
    text = (ROOT / "docs" / "api.md").read_text().split("### The events")[1].split("\n## ")[0]
    documented = {name: (kinds, meaning, fields) for name, kinds, meaning, fields in _ROW.findall(text)}

    assert documented == {
        one.name: (" and ".join(one.kinds), one.meaning, ", ".join(f"`{field}`" for field in one.fields))
        for one in EVENT_TYPES.values()
    }


def test_every_fact_that_is_told_has_its_words() -> None:
    """And none has words that is not told; stock has a job of its own."""
    with_words = {one for one in public_facts.registry if one is not object and one.__name__ != "Event"}

    assert {one.__name__ for one in with_words} - {one.__name__ for one in TOLD} == {"InventoryChanged"}
    assert set(TOLD) <= with_words


def test_every_link_is_made_of_the_events_own_ids() -> None:
    for one in EVENT_TYPES.values():
        data = dict.fromkeys(one.fields, "x")
        for kind in one.kinds:
            if kind == "retailer" and one.name.startswith("shipment."):
                data["order_id"] = "x"
            link = link_of(one.name, kind, data)
            assert link is None or link.startswith("/api/")


def test_nobody_chooses_to_be_tested() -> None:
    for kind in ("supplier", "retailer"):
        assert types_of(kind)
        assert TEST not in {one.name for one in types_of(kind)}
    assert types_of("platform") == []


def test_waits_grow_from_five_seconds_to_a_day_and_fill_three_days() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 13)]

    assert waits[0] == timedelta(seconds=5)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(days=1)
    assert sum(waits[:10], timedelta()) < GIVE_UP_AFTER < sum(waits[:12], timedelta())


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hooks", "ftp://example.com", "https://", "https:///hooks", "example.com", "", "//x",
        "https://user:secret@example.com/", "https://user@example.com/", "https://example.com/a b", "https://[::1/",
        "https://example.com/#part", "https://example.com/\n", "javascript:alert(1)", "https://e.com/" + "a" * 2000,
    ],
)  # fmt: skip
def test_addresses_that_can_not_be_an_endpoint(url: str) -> None:
    assert url_problem(url, plain_allowed=False)


def test_addresses_that_can() -> None:
    assert url_problem("https://example.com:8443/hooks?from=crossdock", plain_allowed=False) is None
    assert url_problem("http://127.0.0.1:9/hooks", plain_allowed=True) is None
