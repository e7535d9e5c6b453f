"""The simulated carrier, asked over HTTP like a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests

from app.adapters import registries
from app.fulfillment.carrier import Carrier
from app.fulfillment.rules import DELIVERY_RANK
from app.kit import clock
from app.kit.errors import Unavailable
from tests.adapters.settings import set_up
from tests.simulators.process import SimulatorProcess, free_port, spawn

__all__ = ["set_up"]


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with spawn("tests.simulators.carrier", [], free_port()) as process:
        yield process


@pytest.fixture
def url(simulator: SimulatorProcess, set_up: Callable[..., None]) -> str:
    set_up(simulated_carrier_url=simulator.url)
    return simulator.url


@pytest.fixture
def carrier(url: str) -> Carrier:
    return registries.carriers.get("simulated")


def label(url: str) -> str:
    return str(requests.post(f"{url}/labels", json={"service": "ground"}, timeout=5).json()["number"])


def test_its_numbers_are_claimed_by_it_alone(carrier: Carrier, url: str) -> None:
    number = label(url)
    assert [name for name, one in registries.carriers.all().items() if one.recognises(number)] == ["simulated"]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not carrier.recognises(wrong)
    assert carrier.track(wrong) is None


def test_a_parcel_on_its_way(carrier: Carrier, url: str) -> None:
    number = label(url)
    seen = []
    for _ in range(4):
        tracked = carrier.track(number)
        assert tracked is not None
        seen.append(tracked.delivery_status)
        assert tracked.delivery_status in DELIVERY_RANK
        assert tracked.events[-1].delivery_status == tracked.delivery_status
        assert [event.at for event in tracked.events] == sorted(event.at for event in tracked.events)
        assert len({event.id for event in tracked.events}) == len(tracked.events)
        requests.post(f"{url}/_sim/parcels/{number}/advance", json={}, timeout=5)
    assert seen == ["pre_transit", "in_transit", "out_for_delivery", "delivered"]
    last = carrier.track(number)
    assert last is not None
    assert last.estimated_from is not None and last.estimated_to is not None
    assert clock.now().date() - timedelta(days=1) <= last.estimated_from <= last.estimated_to


def test_the_page_of_a_parcel(carrier: Carrier, url: str) -> None:
    number = label(url)
    page = carrier.tracking_url(number)
    assert page is not None
    assert number in requests.get(page, timeout=5).text


def test_a_carrier_in_trouble_is_asked_later(carrier: Carrier, url: str) -> None:
    number = label(url)
    requests.post(f"{url}/_sim/faults", json={"errors": 1}, timeout=5)
    with pytest.raises(Unavailable):
        carrier.track(number)
    assert carrier.track(number) is not None
