"""A simulated gateway that sells postage and follows parcels: its levers, and the hooks that it would send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.flows.books import Json
from tests.market import Market
from tests.simulators.process import SimulatorProcess, free_port, spawn


@pytest.fixture(scope="module")
def gateway_process() -> Iterator[SimulatorProcess]:
    """It runs for all tests of a module."""
    with spawn("tests.simulators.labels", [], free_port()) as process:
        yield process


class Gateway:
    """See the module."""

    def __init__(self, url: str, market: Market) -> None:
        self.url, self.market = url, market

    def pull(self, lever: str, **given: Any) -> None:
        requests.post(f"{self.url}/_sim/{lever}", json=given, timeout=5).raise_for_status()

    def shipments(self) -> list[Json]:
        return list(self._known()["shipments"])

    def bought(self) -> list[Json]:
        return [one for one in self.shipments() if one["postage_label"]]

    def trackers(self) -> list[Json]:
        return list(self._known()["trackers"])

    def sees(self, number: str, status: str = "in_transit", secret: str = "s3cret") -> Json:  # noqa: S107
        """The carrier scans a parcel; the hook that says so."""
        params = {"secret": secret, "status": status}
        return dict(requests.get(f"{self.url}/_sim/hook/{number}", params=params, timeout=5).json())

    def tells(self, told: Json, whose: str) -> int:
        """Send a hook of an account's; ``whose``: ``/`` and its owner's id, empty for the platform's. Returns its
        answer's status."""
        answer = self.market.app.test_client(use_cookies=False).post(
            f"/hooks/labels/easypost{whose}", data=told["body"], headers={"X-Hmac-Signature": told["signature"]}
        )
        return answer.status_code

    def _known(self) -> Json:
        return dict(requests.get(f"{self.url}/_sim/shipments", timeout=5).json())
