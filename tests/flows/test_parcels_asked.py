"""Where parcels are is asked one after the other: what is wrong with one, or with who is asked, holds up no other."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.fulfillment.carrier import Tracked
from app.kit import clock
from app.kit.errors import Unavailable
from tests.flows.books import Books
from tests.flows.carriers import Asked, carried_by, change
from tests.market import Market
from tests.stack import Jobs


def silence() -> Tracked:
    raise Unavailable("no answer")


def oddness() -> Tracked:
    raise KeyError("status")


def cut_off() -> Tracked:
    signal.raise_signal(signal.SIGALRM)
    raise AssertionError("the run is not cut off")


@pytest.fixture
def parcels(market: Market, books: Books) -> list[str]:
    """The numbers of six parcels, in the order in which they are asked about."""
    lamps = books.purchase_order(books.paid_order((market.lamp.variants[0], 6)), market.supplier)
    sent = [books.ship(market.supplier, lamps, 1) for _ in range(6)]
    for place, parcel in enumerate(sent):
        change(
            "update shipments set next_poll_at = now() + make_interval(secs => %s) where id = %s", place, parcel["id"]
        )
    return [str(parcel["tracking_number"]) for parcel in sent]


def statuses(books: Books) -> dict[str, str]:
    return {
        row["tracking_number"]: row["delivery_status"]
        for row in books.rows("select tracking_number, delivery_status from shipments")
    }


def still_due(books: Books) -> int:
    """Parcels that would be asked about again ten minutes after the first look, an hour from now."""
    due = "select count(*) as due from shipments where next_poll_at <= now() + interval '70 minutes'"
    return int(books.row(due)["due"])


def test_no_carrier_and_no_parcel_keeps_the_others_waiting(
    market: Market, jobs: Jobs, books: Books, parcels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good, *others = parcels
    silent = carried_by(monkeypatch, Asked("silent", dict.fromkeys(others, silence)), others)
    carried_by(monkeypatch, Asked("talking", {odd: oddness}), [odd, good])
    books.later("poll_tracking", hours=1, minutes=1)
    assert statuses(books) == dict.fromkeys([odd, *others], "unknown") | {good: "in_transit"}
    assert silent.asked == others[:2], "it is not asked about each parcel while it does not answer"
    assert still_due(books) == 0
    silent.answers.clear()
    books.later("poll_tracking", hours=2, minutes=10)
    assert statuses(books) == dict.fromkeys([good, *others], "in_transit") | {odd: "unknown"}


def test_what_was_learned_before_a_run_is_cut_off_is_kept(
    market: Market, jobs: Jobs, books: Books, parcels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: dict[str, Callable[[], Tracked | None]] = {parcels[0]: lambda: None, parcels[1]: cut_off}
    carrier = carried_by(monkeypatch, Asked("talking", answers), parcels)
    books.later("poll_tracking", hours=1, minutes=1)
    assert carrier.asked == parcels[:2]
    with clock.shifted(timedelta(hours=1, minutes=2)):
        jobs.drain(retries=True)
    assert carrier.asked == parcels, "the parcel that took too long stands behind the others now"
