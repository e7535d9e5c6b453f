"""What every payment processor keeps to, and the one that moves nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.adapters import registries
from app.kit.errors import Rejected
from app.kit.money import Money
from app.settlement.processor import ChargeRequest, ForgedHook, Processor

PROCESSORS = registries.processors.all()
REQUEST = ChargeRequest(
    customer_ref="manual:retailer",
    method_ref="manual:bank_transfer",
    amount=Money(4250, "EUR"),
    group="order_1",
    reference="0198c0de-0000-7000-8000-000000000001",
    statement="ORDER",
    return_url="https://crossdock.example/app/billing",
)


@pytest.mark.parametrize("name", sorted(PROCESSORS))
def test_every_processor_keeps_to_the_port(name: str) -> None:
    assert isinstance(PROCESSORS[name], Processor)
    assert PROCESSORS[name].name == name


@pytest.mark.parametrize("name", sorted(PROCESSORS))
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b'{"id": "evt_1", "type": "payment_intent.succeeded"}'])
def test_no_processor_takes_an_unsigned_hook(name: str, body: bytes) -> None:
    with pytest.raises(ForgedHook):
        PROCESSORS[name].verify_hook({}, body)


def test_a_bank_transfer_is_waited_for() -> None:
    manual = PROCESSORS["manual"]
    customer = manual.create_customer(reference="r1", name="Lamp Lovers", email="a@b.example", key="k")
    setup = manual.start_method_setup(customer_ref=customer, return_url=REQUEST.return_url, key="k")
    method = manual.finished_method_setup(setup.setup_ref)
    assert setup.url == REQUEST.return_url
    assert method is not None
    assert method.label == "Bank transfer"
    outcome = manual.charge(REQUEST, key="k")
    assert (outcome.state, outcome.processor_ref) == ("processing", f"manual:{REQUEST.reference}")
    assert manual.charge_status(outcome.processor_ref) == outcome
    assert manual.cancel_charge(outcome.processor_ref, key="k").state == "declined"


def test_what_a_person_must_do_is_refused() -> None:
    manual = PROCESSORS["manual"]
    amount = Money(100, "EUR")
    account = manual.create_account(
        reference="s1", name="Bright", email="s@b.example", country="DE", currency="EUR", key="k"
    )
    assert account.capability == "by_hand"
    assert manual.account_status(account.account_ref) == account
    attempts = (
        lambda: manual.refund(charge_ref="manual:1", amount=amount, reference="1", key="k"),
        lambda: manual.refund_status("manual:1"),
        lambda: manual.onboarding_url(account_ref="manual:s1", return_url="https://a", refresh_url="https://b"),
        lambda: manual.transfer(account_ref="manual:s1", amount=amount, group="g", reference="r", key="k"),
    )
    for attempt in attempts:
        with pytest.raises(Rejected) as caught:
            attempt()
        assert caught.value.code == "not_supported"


def test_by_hand_there_is_nothing_to_compare() -> None:
    manual = PROCESSORS["manual"]
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert manual.find_transfer(group="g", reference="r") is None
    assert not manual.available_balance("EUR")
    assert list(manual.balance_lines(since=since)) == []
    assert list(manual.undelivered_hooks(since=since)) == []
