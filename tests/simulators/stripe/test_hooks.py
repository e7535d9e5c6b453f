"""Hooks out: signed as Stripe signs, snapshot and thin, sent again until taken, and wrong on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import stripe as library

from tests.adapters.processors.wire import Asked, Reply
from tests.processes import wait_for
from tests.simulators.stripe.conftest import SECRETS, Caller


def hooks(stripe: Caller, wanted: Callable[[dict[str, Any]], bool], *, at_least: int = 1) -> list[Asked]:
    """Deliveries of events that are wanted, once there are enough."""

    def found() -> list[Asked]:
        return [one for one in list(stripe.inbox.asked) if wanted(orjson.loads(one.body))]

    wait_for(lambda: len(found()) >= at_least, "the hook", patience=10)
    return found()


def about(object_id: str, kind: str) -> Callable[[dict[str, Any]], bool]:
    """Snapshot events of a kind about an object."""
    return lambda event: event["type"] == kind and event.get("data", {}).get("object", {}).get("id") == object_id


def test_a_snapshot_carries_its_object_and_fits_the_library(stripe: Caller) -> None:
    intent = stripe.payment(700)
    (asked,) = hooks(stripe, about(intent["id"], "payment_intent.succeeded"))
    event = library.Webhook.construct_event(asked.body, asked.headers["stripe-signature"], SECRETS["platform"])
    assert event["data"]["object"]["amount_received"] == 700
    kept = stripe.get(f"/v1/events/{event['id']}")
    assert (kept["type"], kept["data"]["object"]["id"]) == ("payment_intent.succeeded", intent["id"])
    with pytest.raises(library.SignatureVerificationError):
        library.Webhook.construct_event(asked.body, asked.headers["stripe-signature"], SECRETS["thin"])


def test_a_thin_event_names_its_object_and_fits_the_library(stripe: Caller) -> None:
    account = stripe.recipient()
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    (asked,) = hooks(stripe, lambda event: event["type"] == kind and event["related_object"]["id"] == account)
    client = library.StripeClient("sk_test_own", base_addresses={"api": stripe.url})
    event = client.parse_event_notification(asked.body, asked.headers["stripe-signature"], SECRETS["thin"])
    assert event.type == kind
    assert b"configuration" not in asked.body.replace(kind.encode(), b""), "the state is to be read"


@pytest.mark.parametrize(("knob", "reason"), [("bad_signature", "signatures"), ("stale", "Timestamp")])
def test_hooks_that_prove_nothing_on_request(stripe: Caller, knob: str, reason: str) -> None:
    stripe.lever("hooks", **{knob: True})
    customer = stripe.post("/v1/customers")["id"]
    (asked,) = hooks(stripe, about(customer, "customer.created"))
    with pytest.raises(library.SignatureVerificationError, match=reason):
        library.Webhook.construct_event(asked.body, asked.headers["stripe-signature"], SECRETS["platform"])


def test_hooks_that_come_twice_or_not_at_all_on_request(stripe: Caller) -> None:
    stripe.lever("hooks", duplicate=True)
    customer = stripe.post("/v1/customers")["id"]
    assert len(hooks(stripe, about(customer, "customer.created"), at_least=2)) == 2
    stripe.lever("hooks", duplicate=False, drop=True)
    dropped = stripe.post("/v1/customers")["id"]
    stripe.lever("hooks", drop=False)
    last = stripe.post("/v1/customers")["id"]
    hooks(stripe, about(last, "customer.created"))
    assert not [one for one in stripe.inbox.asked if about(dropped, "customer.created")(orjson.loads(one.body))]
    missed = stripe.get("/v1/events", delivery_success="false", limit=100)["data"]
    assert dropped in {event["data"]["object"]["id"] for event in missed}


def test_a_refused_hook_is_sent_again_until_it_is_taken(stripe: Caller) -> None:
    stripe.inbox.on("POST", "/hooks", Reply({}, 500))
    customer = stripe.post("/v1/customers")["id"]
    hooks(stripe, about(customer, "customer.created"))
    stripe.inbox.on("POST", "/hooks", Reply({}))
    tries = hooks(stripe, about(customer, "customer.created"), at_least=2)
    assert len({one.body for one in tries}) == 1, "the same event"
    event = orjson.loads(tries[0].body)["id"]
    wait_for(lambda: stripe.get(f"/v1/events/{event}")["pending_webhooks"] == 0, "the end of the tries", patience=10)
