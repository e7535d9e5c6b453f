"""One simulated Stripe for its own tests, asked over HTTP by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.adapters.processors.wire import Reply, Wire, listening
from tests.simulators.process import free_port, spawn

SECRETS = {"platform": "whsec_platform", "thin": "whsec_thin"}
_numbers = itertools.count(1)


class Caller:
    """Somebody with the secret key."""

    def __init__(self, url: str, inbox: Wire) -> None:
        self.url, self.inbox = url, inbox

    def ask(self, method: str, path: str, *, key: str = "", account: str = "", **values: Any) -> requests.Response:
        """Any call; v2 takes JSON, v1 forms with brackets and, for reading, queries."""
        headers = {"Authorization": "Bearer sk_test_own"}
        if key:
            headers["Idempotency-Key"] = key
        if account:
            headers["Stripe-Account"] = account
        sent: dict[str, Any] = {"json": values} if path.startswith("/v2") and method == "POST" else {"data": values}
        if method == "GET":
            sent = {"params": values}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=5, **sent)

    def post(self, path: str, **values: Any) -> dict[str, Any]:
        """A call that must be done."""
        answer = self.ask("POST", path, **values)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def get(self, path: str, **values: Any) -> dict[str, Any]:
        """Something that is there."""
        answer = self.ask("GET", path, **values)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def lever(self, path: str, **values: Any) -> Any:
        """The simulator's own levers."""
        answer = requests.post(f"{self.url}/_sim/{path}", json=values, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def customer(self, card: str = "pm_card_visa") -> tuple[str, str]:
        """A customer with a saved card."""
        customer = self.post("/v1/customers")["id"]
        setup = self.post("/v1/setup_intents", customer=customer, payment_method=card, confirm="true")
        return customer, setup["payment_method"]

    def payment(self, amount: int, *, card: str = "pm_card_bypassPending", currency: str = "usd") -> dict[str, Any]:
        """A payment that succeeds."""
        customer, method = self.customer(card)
        return self.post(
            "/v1/payment_intents",
            amount=amount, currency=currency, customer=customer, payment_method=method, confirm="true",
            off_session="true",
        )  # fmt: skip

    def recipient(self) -> str:
        """An account that can be paid."""
        made = self.post(
            "/v2/core/accounts",
            configuration={
                "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
            },
        )
        self.lever(f"accounts/{made['id']}/onboard")
        return str(made["id"])

    def balance(self, currency: str, account: str = "") -> tuple[int, int]:
        """Available and pending."""
        found = self.get("/v1/balance", account=account)
        return tuple(  # type: ignore[return-value]
            sum(bucket["amount"] for bucket in found[side] if bucket["currency"] == currency)
            for side in ("available", "pending")
        )


def fresh(word: str) -> str:
    """A word that was not used before."""
    return f"{word}-{next(_numbers)}"


@pytest.fixture(scope="module")
def process() -> Iterator[tuple[str, Wire]]:
    with listening() as wire:
        wire.on("POST", "/hooks", Reply({}))
        endpoints = [f"--endpoint={scope}={wire.url}/hooks={secret}" for scope, secret in SECRETS.items()]
        with spawn("tests.simulators.stripe", ["--secret-key", "sk_test_own", *endpoints], free_port()) as running:
            yield running.url, wire


@pytest.fixture
def stripe(process: tuple[str, Wire]) -> Iterator[Caller]:
    """The simulator; afterwards its own rules hold, and nothing is set wrong."""
    url, inbox = process
    inbox.on("POST", "/hooks", Reply({}))
    caller = Caller(url, inbox)
    yield caller
    requests.delete(f"{url}/_sim/faults", timeout=5)
    caller.lever("hooks", duplicate=False, drop=False, delay=0.0, stale=False, bad_signature=False)
    assert caller.lever("assert")["broken"] == []
