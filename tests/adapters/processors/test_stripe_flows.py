"""Stripe from the first card to the last payout, against the simulated Stripe."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from app.adapters import registries
from app.kit import clock
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.money import Money
from app.settlement.processor import ChargeRequest, Processor, ProcessorHook
from tests.adapters.processors.wire import Asked, Reply, Wire, listening
from tests.adapters.settings import set_up
from tests.simulators.process import SimulatorProcess, free_port, spawn

__all__ = ["set_up"]

KEY = "sk_test_crossdock"
SECRETS = {"platform": "whsec_platform", "thin": "whsec_thin"}
RETURN = "https://crossdock.example/app/billing"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def inbox() -> Iterator[Wire]:
    """Where the simulated Stripe delivers its hooks."""
    with listening() as wire:
        wire.on("POST", "/hooks", Reply({}))
        yield wire


@pytest.fixture(scope="module")
def simulator(inbox: Wire) -> Iterator[SimulatorProcess]:
    endpoints = [f"--endpoint={scope}={inbox.url}/hooks={secret}" for scope, secret in SECRETS.items()]
    with spawn("tests.simulators.stripe", ["--secret-key", KEY, *endpoints], free_port()) as process:
        yield process


@pytest.fixture
def stripe_url(simulator: SimulatorProcess, set_up: Callable[..., None]) -> Iterator[str]:
    set_up(stripe_secret_key=KEY, stripe_api_url=simulator.url, stripe_webhook_secrets=",".join(SECRETS.values()))
    yield simulator.url
    requests.delete(f"{simulator.url}/_sim/faults", timeout=30)
    broken = requests.post(f"{simulator.url}/_sim/assert", timeout=30).json()["broken"]
    assert broken == []


@pytest.fixture
def processor(stripe_url: str) -> Processor:
    return registries.processors.get("stripe")


def unique(word: str) -> str:
    return f"{word}-{next(_numbers)}"


def lever(url: str, path: str, **given: Any) -> None:
    requests.post(f"{url}/_sim/{path}", json=given, timeout=30).raise_for_status()


def fault(url: str, kind: str, path: str, times: int = 1) -> None:
    lever(url, "faults", kind=kind, times=times, match={"path": path, "method": "POST"})


def save_card(processor: Processor, card: str = "pm_card_visa") -> tuple[str, str]:
    """A retailer that added a card on the hosted page: customer and method."""
    customer = processor.create_customer(
        reference=unique("retailer"), name="Lamp Lovers", email="a@lamps.example", key=unique("customer")
    )
    setup = processor.start_method_setup(customer_ref=customer, return_url=RETURN, key=unique("setup"))
    assert processor.finished_method_setup(setup.setup_ref) is None
    back = requests.post(setup.url, data={"card": card}, allow_redirects=False, timeout=30)
    assert back.headers["Location"] == f"{RETURN}?setup={setup.setup_ref}"
    method = processor.finished_method_setup(setup.setup_ref)
    assert method is not None
    assert method.label.startswith("Visa ending ")
    return customer, method.method_ref


def request(saved: tuple[str, str], amount: Money) -> ChargeRequest:
    return ChargeRequest(
        customer_ref=saved[0],
        method_ref=saved[1],
        amount=amount,
        group=unique("order"),
        reference=unique("charge"),
        statement="ORDER",
        return_url=RETURN,
    )


def ready_account(processor: Processor, currency: str) -> str:
    """A supplier that proved who it is on the hosted page."""
    made = processor.create_account(
        reference=unique("supplier"),
        name="Bright Ltd",
        email="s@bright.example",
        country="DE",
        currency=currency,
        key=unique("account"),
    )
    assert made.capability == "pending"
    assert made.requirements
    url = processor.onboarding_url(account_ref=made.account_ref, return_url=RETURN, refresh_url=f"{RETURN}/again")
    back = requests.post(url, allow_redirects=False, timeout=30)
    assert back.headers["Location"] == RETURN
    status = processor.account_status(made.account_ref)
    assert (status.capability, status.requirements) == ("active", ())
    return made.account_ref


def test_a_card_is_charged_once_for_each_key(processor: Processor) -> None:
    wanted = request(save_card(processor), Money(4250, "EUR"))
    outcome = processor.charge(wanted, key=unique("charge-key"))
    assert outcome.state == "paid"
    assert outcome.amount == Money(4250, "EUR")
    assert outcome.fee is not None and Money(0, "EUR") < outcome.fee
    assert outcome.available_on is not None
    key = unique("charge-key")
    first = processor.charge(wanted, key=key)
    assert processor.charge(wanted, key=key) == first
    assert first.processor_ref != outcome.processor_ref
    assert processor.charge_status(first.processor_ref) == first


def test_a_key_is_good_for_one_request(processor: Processor) -> None:
    wanted, key = request(save_card(processor), Money(4250, "EUR")), unique("charge-key")
    processor.charge(wanted, key=key)
    with pytest.raises(Rejected) as caught:
        processor.charge(replace(wanted, amount=Money(4251, "EUR")), key=key)
    assert caught.value.code == "idempotency_mismatch"


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after_commit", "http_500", "http_503", "http_409"])
def test_after_a_lost_answer_the_same_key_gives_the_outcome(processor: Processor, stripe_url: str, kind: str) -> None:
    wanted, key = request(save_card(processor), Money(1900, "EUR")), unique("charge-key")
    fault(stripe_url, kind, "/v1/payment_intents")
    with pytest.raises(Unavailable):
        processor.charge(wanted, key=key)
    outcome = processor.charge(wanted, key=key)
    assert outcome.state == "paid"
    made = requests.get(f"{stripe_url}/_sim/objects/payment_intent", timeout=30).json()
    assert [one["id"] for one in made if one["metadata"] == {"charge_id": wanted.reference}] == [outcome.processor_ref]


def test_pace_and_access(processor: Processor, stripe_url: str, set_up: Callable[..., None]) -> None:
    wanted = request(save_card(processor), Money(1900, "EUR"))
    fault(stripe_url, "http_429", "/v1/payment_intents")
    with pytest.raises(RateLimited) as caught:
        processor.charge(wanted, key=unique("charge-key"))
    assert caught.value.retry_after > 0
    set_up(stripe_secret_key="sk_test_revoked")
    with pytest.raises(CredentialsRefused):
        processor.charge(wanted, key=unique("charge-key"))


def test_a_declined_card(processor: Processor) -> None:
    wanted, key = request(save_card(processor, "pm_card_chargeCustomerFail"), Money(1900, "EUR")), unique("charge-key")
    outcome = processor.charge(wanted, key=key)
    assert (outcome.state, outcome.failure_code, outcome.retryable) == ("declined", "generic_decline", True)
    assert outcome.charge_ref is None
    assert processor.charge(wanted, key=key) == outcome
    assert processor.charge_status(outcome.processor_ref).state == "declined"
    given_up = processor.cancel_charge(outcome.processor_ref, key=f"{key}:abandon")
    assert (given_up.state, given_up.failure_code) == ("declined", "canceled")


def test_a_card_of_someone_else(processor: Processor) -> None:
    mine, other = save_card(processor), save_card(processor)
    outcome = processor.charge(request((mine[0], other[1]), Money(1900, "EUR")), key=unique("charge-key"))
    assert (outcome.state, outcome.processor_ref, outcome.retryable) == ("declined", "", False)


def test_an_amount_below_the_smallest(processor: Processor) -> None:
    for amount in (Money(10, "EUR"), Money(49, "USD"), Money(299, "SEK"), Money(49, "JPY")):
        outcome = processor.charge(request(save_card(processor), amount), key=unique("charge-key"))
        assert (outcome.state, outcome.processor_ref) == ("too_small", "")
    # Each currency has its own.
    assert processor.charge(request(save_card(processor), Money(300, "SEK")), key=unique("charge-key")).state == "paid"


def test_the_bank_wants_a_confirmation(processor: Processor) -> None:
    wanted = request(save_card(processor, "pm_card_authenticationRequired"), Money(1900, "EUR"))
    key = unique("charge-key")
    outcome = processor.charge(wanted, key=key)
    assert (outcome.state, outcome.charge_ref) == ("action_required", None)
    assert outcome.action_url is not None
    assert processor.charge(wanted, key=key).processor_ref == outcome.processor_ref
    assert processor.charge_status(outcome.processor_ref) == outcome
    back = requests.post(outcome.action_url, allow_redirects=False, timeout=30)
    assert back.headers["Location"] == RETURN
    confirmed = processor.charge_status(outcome.processor_ref)
    assert (confirmed.state, confirmed.amount) == ("paid", Money(1900, "EUR"))
    # Giving it up comes too late, and tells so.
    assert processor.cancel_charge(outcome.processor_ref, key=f"{key}:abandon") == confirmed


def test_a_confirmation_that_is_not_wanted_any_more(processor: Processor) -> None:
    wanted = request(save_card(processor, "pm_card_authenticationRequired"), Money(1900, "EUR"))
    outcome = processor.charge(wanted, key=unique("charge-key"))
    assert processor.cancel_charge(outcome.processor_ref, key=unique("abandon")).state == "declined"


def test_refunds_up_to_what_was_paid(processor: Processor) -> None:
    paid = processor.charge(request(save_card(processor), Money(4000, "EUR")), key=unique("charge-key"))
    assert paid.charge_ref is not None
    key = unique("refund-key")
    refund = processor.refund(charge_ref=paid.charge_ref, amount=Money(1500, "EUR"), reference="r1", key=key)
    assert refund.state == "succeeded"
    assert processor.refund(charge_ref=paid.charge_ref, amount=Money(1500, "EUR"), reference="r1", key=key) == refund
    assert processor.refund_status(refund.processor_ref) == refund
    with pytest.raises(Rejected):
        processor.refund(charge_ref=paid.charge_ref, amount=Money(2501, "EUR"), reference="r2", key=unique("k"))
    rest = processor.refund(charge_ref=paid.charge_ref, amount=Money(2500, "EUR"), reference="r3", key=unique("k"))
    assert rest.state == "succeeded"
    with pytest.raises(Rejected):
        processor.refund(charge_ref=paid.charge_ref, amount=Money(1, "EUR"), reference="r4", key=unique("k"))


def test_a_refund_that_fails_later(processor: Processor, stripe_url: str) -> None:
    paid = processor.charge(request(save_card(processor), Money(4000, "EUR")), key=unique("charge-key"))
    refund = processor.refund(
        charge_ref=str(paid.charge_ref), amount=Money(1500, "EUR"), reference="r1", key=unique("k")
    )
    lever(stripe_url, f"refunds/{refund.processor_ref}/fail")
    failed = processor.refund_status(refund.processor_ref)
    assert failed.state == "failed"
    assert failed.failure


def test_a_payout_waits_until_the_money_is_there(processor: Processor, stripe_url: str) -> None:
    account = ready_account(processor, "GBP")
    processor.charge(request(save_card(processor), Money(9000, "GBP")), key=unique("charge-key"))
    amount, group = Money(5000, "GBP"), unique("payout")

    def send(attempt: int) -> str:
        reference = f"{group}:{attempt}"
        sent = processor.transfer(
            account_ref=account, amount=amount, group=group, reference=reference, key=f"payout:{reference}"
        )
        return sent.processor_ref

    assert not processor.available_balance("GBP")
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            send(1)
        assert caught.value.code == "balance_insufficient"
    lever(stripe_url, "settle")
    before = processor.available_balance("GBP")
    assert amount < before
    # The refusal stays with its key; a new attempt has a new one.
    with pytest.raises(Rejected):
        send(1)
    sent = send(2)
    assert send(2) == sent
    assert processor.available_balance("GBP") == before - amount
    found = processor.find_transfer(group=group, reference=f"{group}:2")
    assert found is not None
    assert found.processor_ref == sent
    assert processor.find_transfer(group=group, reference=f"{group}:1") is None


def test_a_payout_whose_answer_was_lost_is_found(processor: Processor, stripe_url: str) -> None:
    account = ready_account(processor, "CAD")
    processor.charge(request(save_card(processor), Money(9000, "CAD")), key=unique("charge-key"))
    lever(stripe_url, "settle")
    group = unique("payout")
    fault(stripe_url, "timeout_after_commit", "/v1/transfers")
    with pytest.raises(Unavailable):
        processor.transfer(
            account_ref=account, amount=Money(100, "CAD"), group=group, reference=f"{group}:1", key=f"{group}:1"
        )
    found = processor.find_transfer(group=group, reference=f"{group}:1")
    assert found is not None
    again = processor.transfer(
        account_ref=account, amount=Money(100, "CAD"), group=group, reference=f"{group}:1", key=f"{group}:1"
    )
    assert again == found


@pytest.mark.parametrize("status", ["pending", "restricted", "unsupported"])
def test_an_account_that_is_not_ready(processor: Processor, stripe_url: str, status: str) -> None:
    account = ready_account(processor, "EUR")
    lever(stripe_url, f"accounts/{account}/onboard", status=status)
    assert processor.account_status(account).capability == status
    for destination in (account, "acct_unknown"):
        with pytest.raises(Rejected) as caught:
            processor.transfer(
                account_ref=destination, amount=Money(1, "EUR"), group="g", reference="r", key=unique("k")
            )
        assert caught.value.code == "account_not_ready"


def test_the_processor_s_books_name_what_ours_name(processor: Processor, stripe_url: str) -> None:
    since = clock.now() - timedelta(hours=1)
    account = ready_account(processor, "AUD")
    paid = processor.charge(request(save_card(processor), Money(9000, "AUD")), key=unique("charge-key"))
    refund = processor.refund(
        charge_ref=str(paid.charge_ref), amount=Money(1000, "AUD"), reference="r", key=unique("k")
    )
    lever(stripe_url, "settle")
    sent = processor.transfer(account_ref=account, amount=Money(3000, "AUD"), group="g", reference="r", key=unique("k"))
    assert paid.fee is not None
    lines = list(processor.balance_lines(since=since))
    assert [line.created_at for line in lines] == sorted(line.created_at for line in lines)
    ours = {line.source_ref: line for line in lines if line.currency == "AUD"}
    assert {reference: line.net for reference, line in ours.items()} == {
        paid.charge_ref: 9000 - paid.fee.minor,
        refund.processor_ref: -1000,
        sent.processor_ref: -3000,
    }
    assert ours[str(paid.charge_ref)].fee == paid.fee.minor


def hook_of(processor: Processor, inbox: Wire, topic: str, object_ref: str) -> ProcessorHook:
    """The first hook of a topic about an object, taken in as the web does. Waits for it for a bounded time."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for asked in list(inbox.asked):
            hook = verified(processor, asked)
            if (hook.topic, hook.object_ref) == (topic, object_ref):
                return hook
        time.sleep(0.02)
    raise AssertionError(f"no hook {topic} about {object_ref}")


def verified(processor: Processor, asked: Asked) -> ProcessorHook:
    return processor.verify_hook(asked.headers, asked.body)


def test_hooks_name_charges_and_accounts(processor: Processor, inbox: Wire) -> None:
    wanted = request(save_card(processor), Money(1900, "EUR"))
    paid = processor.charge(wanted, key=unique("charge-key"))
    hook = hook_of(processor, inbox, "payment_intent.succeeded", paid.processor_ref)
    assert hook.body["data"]["object"]["metadata"]["charge_id"] == wanted.reference
    account = ready_account(processor, "EUR")
    hook_of(processor, inbox, "v2.core.account[configuration.recipient].capability_status_updated", account)


def test_hooks_that_were_refused_are_read_later(processor: Processor, inbox: Wire, stripe_url: str) -> None:
    since = clock.now() - timedelta(minutes=5)
    lever(stripe_url, "hooks", drop=True)
    try:
        paid = processor.charge(request(save_card(processor), Money(1900, "EUR")), key=unique("charge-key"))
        account = ready_account(processor, "EUR")
    finally:
        lever(stripe_url, "hooks", drop=False)
    missed = processor.undelivered_hooks(since=since)
    named = {(hook.topic, hook.object_ref) for hook in missed}
    assert ("payment_intent.succeeded", paid.processor_ref) in named
    assert ("v2.core.account[requirements].updated", account) in named
    assert [hook.created_at for hook in missed] == sorted(hook.created_at for hook in missed)
