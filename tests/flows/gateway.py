"""A simulated gateway that sells postage and follows parcels: its levers, and the hooks that it would send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import requests

from app import db
from app.fulfillment.service.accounts import save_account, save_size
from app.suppliers.service.onboarding import RETURN_REASONS, PostalAddress, ReturnTerms, save_returns
from tests.flows.books import Json
from tests.market import Market
from tests.simulators.labels.world import API_KEY
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

    def open_account(self, supplier_id: UUID) -> None:
        """A supplier connects its account, says what its box is and where goods come back to; all goods are weighed."""
        with db.system_scope(actor="test"), db.transaction() as session:
            save_account(session, supplier_id, gateway="easypost", api_key=API_KEY, hook_secret="s3cret", form="PDF")
            save_size(session, supplier_id, name="Small", length_mm=300, width_mm=200, height_mm=100, grams=120)
            back = PostalAddress(address1="9 Return Lane", city="Hamburg", postal_code="20457", country_code="DE")
            payers = dict.fromkeys(RETURN_REASONS, "supplier")
            terms = ReturnTerms(window_days=30, restocking_bps=0, payers=payers, address=back)
            save_returns(session, supplier_id, terms)
            session.connection().exec_driver_sql("update supplier_variants set weight_grams = 500")

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
