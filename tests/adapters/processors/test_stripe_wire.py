"""Stripe's answers, byte by byte: amounts, outcomes, errors, and hooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import stripe

from app.adapters import registries
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.money import Money
from app.settlement.processor import ChargeRequest, ForgedHook, Processor
from tests.adapters.processors.wire import Reply, Wire, listening
from tests.adapters.settings import set_up

__all__ = ["set_up"]

INTENTS = "/v1/payment_intents"
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
BANK_PAGE = "https://bank.example/confirm"
REQUEST = ChargeRequest(
    customer_ref="cus_1",
    method_ref="pm_1",
    amount=Money(4250, "EUR"),
    group="order_7",
    reference="0198c0de-0000-7000-8000-000000000001",
    statement="ORDER",
    return_url="https://crossdock.example/app/billing",
)


@pytest.fixture
def wire(set_up: Callable[..., None]) -> Iterator[Wire]:
    with listening() as far_end:
        set_up(stripe_secret_key="sk_test_1", stripe_api_url=far_end.url, stripe_webhook_secrets="whsec_a, whsec_b,")
        yield far_end


@pytest.fixture
def processor() -> Processor:
    return registries.processors.get("stripe")


def line(**given: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": 4250,
        "fee": 153,
        "net": 4097,
        "currency": "eur",
        "exchange_rate": None,
        "type": "charge",
        "reporting_category": "charge",
        "source": "ch_1",
        "available_on": 1795996800,
        "created": 1795824000,
    } | given


def intent(status: str = "succeeded", **given: Any) -> dict[str, Any]:
    charge = {"id": "ch_1", "object": "charge", "balance_transaction": line()} if status == "succeeded" else None
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": status,
        "amount": 4250,
        "amount_received": 4250 if status == "succeeded" else 0,
        "currency": "eur",
        "latest_charge": charge,
        "last_payment_error": None,
        "next_action": None,
    } | given


def refusal(status: int, code: str | None = None, kind: str = "invalid_request_error", **given: Any) -> Reply:
    error = {"type": kind, "message": "Words that mean nothing to us."} | given
    return Reply({"error": error | ({"code": code} if code else {})}, status)


def card_refusal(code: str, **given: Any) -> Reply:
    return refusal(402, code, "card_error", payment_intent=intent("requires_payment_method"), **given)


def test_a_charge_asks_for_everything_at_once(wire: Wire, processor: Processor) -> None:
    wire.on("POST", INTENTS, Reply(intent()))
    outcome = processor.charge(REQUEST, key="charge:1:1")
    (asked,) = wire.asked
    assert asked.headers["idempotency-key"] == "charge:1:1"
    assert asked.headers["stripe-version"] == "2026-10-28.endive"
    assert "x-stripe-client-telemetry" not in asked.headers
    assert asked.params == {
        "amount": "4250",
        "currency": "eur",
        "customer": "cus_1",
        "payment_method": "pm_1",
        "off_session": "true",
        "confirm": "true",
        "capture_method": "automatic",
        "return_url": REQUEST.return_url,
        "transfer_group": "order_7",
        "metadata[charge_id]": REQUEST.reference,
        "statement_descriptor_suffix": "ORDER",
        "expand[0]": "latest_charge.balance_transaction",
    }
    assert outcome.state == "paid"
    assert (outcome.processor_ref, outcome.charge_ref) == ("pi_1", "ch_1")
    assert outcome.amount == Money(4250, "EUR")
    assert outcome.fee == Money(153, "EUR")
    assert outcome.available_on == datetime.fromtimestamp(1795996800, UTC)


@pytest.mark.parametrize(
    ("amount", "counted"),
    [
        (Money(4250, "USD"), "4250"),
        (Money(500, "JPY"), "500"),
        (Money(500, "ISK"), "50000"),
        (Money(500, "UGX"), "50000"),
        (Money(12340, "KWD"), "12340"),
    ],
)
def test_amounts_are_counted_as_stripe_counts(wire: Wire, processor: Processor, amount: Money, counted: str) -> None:
    currency = amount.currency.lower()
    answer = intent(currency=currency, amount_received=int(counted))
    answer["latest_charge"]["balance_transaction"] = line(currency=currency, fee=int(counted))
    wire.on("POST", INTENTS, Reply(answer))
    outcome = processor.charge(
        ChargeRequest(
            customer_ref="cus_1",
            method_ref="pm_1",
            amount=amount,
            group="g",
            reference="r",
            statement="ORDER",
            return_url="https://a.example",
        ),
        key="k",
    )
    assert wire.asked[0].params["amount"] == counted
    assert outcome.amount == amount
    assert outcome.fee == amount


def test_an_amount_that_stripe_cannot_move_is_not_rounded(wire: Wire, processor: Processor) -> None:
    with pytest.raises(Rejected) as caught:
        processor.refund(charge_ref="ch_1", amount=Money(12345, "KWD"), reference="r", key="k")
    assert caught.value.code == "amount_not_representable"
    assert wire.asked == []


def test_a_fee_in_the_currency_of_the_balance_is_converted_back(wire: Wire, processor: Processor) -> None:
    answer = intent()
    answer["latest_charge"]["balance_transaction"] = line(currency="usd", fee=165, exchange_rate=1.1)
    wire.on("GET", f"{INTENTS}/pi_1", Reply(answer))
    assert processor.charge_status("pi_1").fee == Money(150, "EUR")


def test_a_paid_charge_without_its_line_is_not_booked_yet(wire: Wire, processor: Processor) -> None:
    answer = intent()
    answer["latest_charge"]["balance_transaction"] = None
    wire.on("GET", f"{INTENTS}/pi_1", Reply(answer))
    assert processor.charge_status("pi_1").state == "processing"


@pytest.mark.parametrize(
    ("code", "details", "failure", "retryable"),
    [
        ("card_declined", {"decline_code": "insufficient_funds"}, "insufficient_funds", True),
        ("card_declined", {"decline_code": "generic_decline"}, "generic_decline", True),
        (
            "card_declined",
            {"decline_code": "generic_decline", "advice_code": "try_again_later"},
            "generic_decline",
            True,
        ),
        (
            "card_declined",
            {"decline_code": "generic_decline", "advice_code": "do_not_try_again"},
            "generic_decline",
            False,
        ),
        (
            "card_declined",
            {"decline_code": "generic_decline", "advice_code": "confirm_card_data"},
            "generic_decline",
            False,
        ),
        ("card_declined", {"decline_code": "lost_card"}, "lost_card", False),
        ("card_declined", {"decline_code": "stolen_card"}, "stolen_card", False),
        ("card_declined", {"decline_code": "pickup_card"}, "pickup_card", False),
        ("card_declined", {"decline_code": "revocation_of_authorization"}, "revocation_of_authorization", False),
        (
            "card_declined",
            {"decline_code": "revocation_of_all_authorizations"},
            "revocation_of_all_authorizations",
            False,
        ),
        ("card_declined", {"decline_code": "highest_risk_level"}, "highest_risk_level", False),
        ("card_declined", {"decline_code": "transaction_not_allowed"}, "transaction_not_allowed", False),
        ("incorrect_number", {}, "incorrect_number", False),
        ("expired_card", {}, "expired_card", False),
        ("processing_error", {}, "processing_error", True),
    ],
)
def test_a_declined_card_is_an_outcome(
    wire: Wire, processor: Processor, code: str, details: dict[str, str], failure: str, retryable: bool
) -> None:
    wire.on("POST", INTENTS, card_refusal(code, **details))
    outcome = processor.charge(REQUEST, key="k")
    assert (outcome.state, outcome.processor_ref) == ("declined", "pi_1")
    assert (outcome.failure_code, outcome.retryable) == (failure, retryable)
    assert outcome.failure_message == "Words that mean nothing to us."


def test_where_the_bank_asks_its_customer_there_is_a_page(wire: Wire, processor: Processor) -> None:
    wire.on("POST", INTENTS, card_refusal("authentication_required", decline_code="authentication_required"))
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": BANK_PAGE, "return_url": REQUEST.return_url}}
    wire.on("POST", f"{INTENTS}/pi_1/confirm", Reply(intent("requires_action", next_action=action)))
    outcome = processor.charge(REQUEST, key="charge:1:1")
    assert (outcome.state, outcome.processor_ref) == ("action_required", "pi_1")
    assert outcome.action_url == BANK_PAGE
    assert outcome.retryable is False
    confirmed = wire.asked[1]
    assert confirmed.headers["idempotency-key"] == "charge:1:1:confirm"
    assert confirmed.params["payment_method"] == "pm_1"
    assert confirmed.params["return_url"] == REQUEST.return_url
    assert "off_session" not in confirmed.params


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (Reply(intent()), "paid"),
        (card_refusal("card_declined", decline_code="insufficient_funds"), "declined"),
        (refusal(400, "payment_intent_unexpected_state"), "action_required"),
    ],
)
def test_what_the_confirmation_may_tell_instead(wire: Wire, processor: Processor, second: Reply, state: str) -> None:
    wire.on("POST", INTENTS, card_refusal("authentication_required"))
    wire.on("POST", f"{INTENTS}/pi_1/confirm", second)
    outcome = processor.charge(REQUEST, key="k")
    assert (outcome.state, outcome.action_url) == (state, None)


def test_a_confirmation_without_an_answer_leaves_the_charge_unknown(wire: Wire, processor: Processor) -> None:
    wire.on("POST", INTENTS, card_refusal("authentication_required"))
    wire.on("POST", f"{INTENTS}/pi_1/confirm", Reply(status=0))
    with pytest.raises(Unavailable):
        processor.charge(REQUEST, key="k")


@pytest.mark.parametrize(
    "reply",
    [
        refusal(400, "resource_missing", param="payment_method"),
        refusal(400, None, param="payment_method"),
        refusal(400, "resource_missing", param="customer"),
        refusal(400, "amount_too_large", param="amount"),
    ],
)
def test_a_method_that_is_gone_is_a_decline_without_a_payment(wire: Wire, processor: Processor, reply: Reply) -> None:
    wire.on("POST", INTENTS, reply)
    outcome = processor.charge(REQUEST, key="k")
    assert (outcome.state, outcome.processor_ref, outcome.retryable) == ("declined", "", False)
    assert outcome.failure_code
    # The next try gives it up first, and there is nothing to give up.
    assert processor.cancel_charge(outcome.processor_ref, key="k:abandon").state == "declined"
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("reply", "error", "code"),
    [
        (Reply(status=0), Unavailable, None),
        (refusal(500, kind="api_error"), Unavailable, None),
        (refusal(503, kind="api_error"), Unavailable, None),
        (Reply(b"<html>Bad gateway</html>", 502), Unavailable, None),
        (Reply(b"not json", 200), Unavailable, None),
        (refusal(409, "idempotency_key_in_use", "idempotency_error"), Unavailable, None),
        (refusal(429, "rate_limit"), RateLimited, None),
        (refusal(429, "lock_timeout"), RateLimited, None),
        (refusal(400, None, "idempotency_error"), Rejected, "idempotency_mismatch"),
        (refusal(401), CredentialsRefused, None),
        (refusal(403), CredentialsRefused, None),
        (refusal(403, "account_invalid"), Rejected, "account_not_ready"),
        (refusal(400, "balance_insufficient"), Rejected, "balance_insufficient"),
        (refusal(400, "insufficient_capabilities_for_transfer"), Rejected, "account_not_ready"),
        (refusal(400, "resource_missing", param="destination"), Rejected, "account_not_ready"),
        (refusal(400, "parameter_unknown", param="bogus"), Rejected, "parameter_unknown"),
        (refusal(402, "card_declined", "card_error"), Rejected, "card_declined"),
    ],
)
def test_errors_in_our_words(
    wire: Wire, processor: Processor, reply: Reply, error: type[Exception], code: str | None
) -> None:
    wire.on("POST", "/v1/transfers", reply)
    with pytest.raises(error) as caught:
        processor.transfer(account_ref="acct_1", amount=Money(900, "EUR"), group="payout_1", reference="1:1", key="k")
    assert len(wire.asked) == 1, "nothing is tried again here"
    if isinstance(caught.value, Rejected):
        assert caught.value.code == code


def test_how_long_to_wait_is_stripe_s_to_say(wire: Wire, processor: Processor) -> None:
    told = Reply({"error": {"type": "invalid_request_error", "code": "rate_limit"}}, 429, {"Retry-After": "17"})
    wire.on("GET", "/v1/refunds/re_1", told)
    with pytest.raises(RateLimited) as caught:
        processor.refund_status("re_1")
    assert caught.value.retry_after == 17


def test_without_a_key_nothing_is_asked(wire: Wire, processor: Processor, set_up: Callable[..., None]) -> None:
    set_up(stripe_secret_key="")
    with pytest.raises(CredentialsRefused):
        processor.charge_status("pi_1")
    assert wire.asked == []


@pytest.mark.parametrize(
    ("status", "state"), [("succeeded", "paid"), ("processing", "processing"), ("canceled", "declined")]
)
def test_a_charge_that_cannot_be_cancelled_tells_how_it_stands(
    wire: Wire, processor: Processor, status: str, state: str
) -> None:
    wire.on("POST", f"{INTENTS}/pi_1/cancel", refusal(400, "payment_intent_unexpected_state"))
    wire.on("GET", f"{INTENTS}/pi_1", Reply(intent(status)))
    assert processor.cancel_charge("pi_1", key="k").state == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("succeeded", "succeeded"),
        ("pending", "pending"),
        ("requires_action", "pending"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
def test_a_refund(wire: Wire, processor: Processor, status: str, state: str) -> None:
    refund = {"id": "re_1", "object": "refund", "status": status, "failure_reason": "lost_or_stolen_card"}
    wire.on("POST", "/v1/refunds", Reply(refund))
    wire.on("GET", "/v1/refunds/re_1", Reply(refund))
    outcome = processor.refund(charge_ref="ch_1", amount=Money(100, "EUR"), reference="r1", key="refund:1")
    assert (outcome.state, outcome.processor_ref) == (state, "re_1")
    assert (outcome.failure is not None) == (state == "failed")
    assert processor.refund_status("re_1") == outcome
    assert wire.asked[0].params == {"charge": "ch_1", "amount": "100", "metadata[refund_id]": "r1"}
    assert wire.asked[0].headers["idempotency-key"] == "refund:1"


def account(status: str | None, *wanted: dict[str, Any]) -> dict[str, Any]:
    transfers = {"stripe_balance": {"stripe_transfers": {"status": status}}} if status else {}
    return {
        "id": "acct_1",
        "object": "v2.core.account",
        "configuration": {"recipient": {"capabilities": transfers}},
        "requirements": {"entries": list(wanted)},
    }


def wanted(name: str, who: str = "user", deadline: str = "currently_due", **given: Any) -> dict[str, Any]:
    return {
        "description": name,
        "awaiting_action_from": who,
        "minimum_deadline": {"status": deadline},
        "errors": [],
    } | given


@pytest.mark.parametrize("status", ["pending", "active", "restricted", "unsupported"])
def test_how_an_account_stands(wire: Wire, processor: Processor, status: str) -> None:
    wire.on("GET", "/v2/core/accounts/acct_1", Reply(account(status)))
    found = processor.account_status("acct_1")
    assert (found.account_ref, found.capability, found.requirements) == ("acct_1", status, ())
    assert wire.asked[0].params == {"include[0]": "configuration.recipient", "include[1]": "requirements"}


def test_an_account_without_the_capability_is_pending(wire: Wire, processor: Processor) -> None:
    wire.on("GET", "/v2/core/accounts/acct_1", Reply(account(None) | {"requirements": None}))
    assert processor.account_status("acct_1").capability == "pending"


def test_what_is_wanted_in_plain_words(wire: Wire, processor: Processor) -> None:
    late = wanted("identity.business_details.registered_name", deadline="past_due")
    failed = wanted(
        "identity.individual.verification.document",
        errors=[{"code": "verification_document_too_blurry", "description": "The document is too blurry."}],
    )
    answer = account(
        "pending",
        late,
        failed,
        wanted("identity.individual.date_of_birth.day"),
        wanted("identity.individual.date_of_birth.month"),
        wanted("identity.something.new_thing"),
        wanted("identity.business_details.id_numbers.us_ein", who="stripe"),
    )
    wire.on("GET", "/v2/core/accounts/acct_1", Reply(answer))
    assert processor.account_status("acct_1").requirements == (
        "Stripe needs the company's registered name. It is overdue.",
        "Stripe needs an identity or company document.",
        "The document is too blurry.",
        "Stripe needs a date of birth.",
        "Stripe needs new thing.",
    )


def test_a_supplier_becomes_a_recipient(wire: Wire, processor: Processor) -> None:
    wire.on("POST", "/v2/core/accounts", Reply(account("pending")))
    made = processor.create_account(
        reference="s1", name="Bright Ltd", email="s@bright.example", country="DE", currency="EUR", key="account:s1"
    )
    assert (made.account_ref, made.capability) == ("acct_1", "pending")
    (asked,) = wire.asked
    assert asked.headers["idempotency-key"] == "account:s1"
    assert asked.params["dashboard"] == "express"
    assert asked.params["identity"] == {"country": "de"}
    assert asked.params["defaults"] == {
        "currency": "eur",
        "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
    }
    assert asked.params["configuration"] == {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    }


def test_onboarding(wire: Wire, processor: Processor) -> None:
    link = {"object": "v2.core.account_link", "account": "acct_1", "url": "https://connect.stripe.example/x"}
    wire.on("POST", "/v2/core/account_links", Reply(link))
    url = processor.onboarding_url(account_ref="acct_1", return_url="https://a/back", refresh_url="https://a/again")
    assert url == "https://connect.stripe.example/x"
    assert wire.asked[0].params == {
        "account": "acct_1",
        "use_case": {
            "type": "account_onboarding",
            "account_onboarding": {"refresh_url": "https://a/again", "return_url": "https://a/back"},
        },
    }


def page(path: str, *rows: dict[str, Any], more: bool = False) -> Reply:
    return Reply({"object": "list", "url": path, "data": list(rows), "has_more": more})


def pages(wire: Wire, path: str, *given: list[dict[str, Any]]) -> None:
    """Lay out a list, page after page."""
    wire.on("GET", path, *(page(path, *rows, more=number < len(given)) for number, rows in enumerate(given, 1)))


def test_a_transfer_that_got_no_answer_is_found_by_its_reference(wire: Wire, processor: Processor) -> None:
    transfers = [
        {"id": f"tr_{number}", "object": "transfer", "metadata": {"payout": f"p:{number}"}} for number in (2, 1)
    ]
    pages(wire, "/v1/transfers", transfers[:1], transfers[1:])
    found = processor.find_transfer(group="payout_p", reference="p:1")
    assert found is not None
    assert found.processor_ref == "tr_1"
    assert [asked.params.get("starting_after") for asked in wire.asked] == [None, "tr_2"]
    assert all(asked.params["transfer_group"] == "payout_p" for asked in wire.asked)
    pages(wire, "/v1/transfers", [])
    assert processor.find_transfer(group="payout_p", reference="p:1") is None


def test_what_can_be_transferred(wire: Wire, processor: Processor) -> None:
    buckets = [{"amount": 1200, "currency": "eur"}, {"amount": 900, "currency": "jpy"}]
    wire.on("GET", "/v1/balance", Reply({"object": "balance", "available": buckets, "pending": []}))
    assert processor.available_balance("EUR") == Money(1200, "EUR")
    assert processor.available_balance("JPY") == Money(900, "JPY")
    assert processor.available_balance("GBP") == Money(0, "GBP")


def test_the_account_of_our_balance_begins_with_the_oldest(wire: Wire, processor: Processor) -> None:
    fee = line(id="txn_3", type="stripe_fee", reporting_category="fee", source=None, amount=-20, fee=0, net=-20)
    refund = line(id="txn_2", type="refund", reporting_category="refund", source="re_1", amount=-100, fee=0, net=-100)
    pages(wire, "/v1/balance_transactions", [fee, refund], [line()])
    lines = list(processor.balance_lines(since=SINCE))
    assert [(one.id, one.source_ref, one.kind, one.net) for one in lines] == [
        ("txn_1", "ch_1", "charge", 4097),
        ("txn_2", "re_1", "refund", -100),
        ("txn_3", "txn_3", "fee", -20),
    ]
    assert (lines[0].amount, lines[0].fee, lines[0].currency) == (4250, 153, "EUR")
    assert [asked.params["created[gte]"] for asked in wire.asked] == [str(int(SINCE.timestamp()))] * 2


def test_adding_a_card_on_stripe_s_page(wire: Wire, processor: Processor) -> None:
    session = {"id": "cs_1", "object": "checkout.session", "url": "https://checkout.example/cs_1"}
    wire.on("POST", "/v1/customers", Reply({"id": "cus_1", "object": "customer"}))
    wire.on("POST", "/v1/checkout/sessions", Reply(session))
    customer = processor.create_customer(reference="r1", name="Lamp Lovers", email="a@b.example", key="customer:r1")
    setup = processor.start_method_setup(customer_ref=customer, return_url="https://a/billing", key="setup:1")
    assert (setup.setup_ref, setup.url) == ("cs_1", "https://checkout.example/cs_1")
    assert [asked.headers["idempotency-key"] for asked in wire.asked] == ["customer:r1", "setup:1"]
    assert wire.asked[1].params["mode"] == "setup"
    assert wire.asked[1].params["customer"] == "cus_1"
    assert wire.asked[1].params["success_url"] == "https://a/billing?setup={CHECKOUT_SESSION_ID}"
    processor.start_method_setup(customer_ref=customer, return_url="https://a/billing?shop=x", key="setup:2")
    assert wire.asked[2].params["success_url"] == "https://a/billing?shop=x&setup={CHECKOUT_SESSION_ID}"


CARD = {"id": "pm_1", "object": "payment_method", "type": "card", "card": {"brand": "visa", "last4": "4242"}}
DEBIT = {
    "id": "pm_2",
    "object": "payment_method",
    "type": "us_bank_account",
    "us_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": "6789"},
}


@pytest.mark.parametrize(("method", "label"), [(CARD, "Visa ending 4242"), (DEBIT, "Stripe Test Bank ending 6789")])
def test_a_method_is_named_as_people_know_it(
    wire: Wire, processor: Processor, method: dict[str, Any], label: str
) -> None:
    setup = {"id": "seti_1", "object": "setup_intent", "status": "succeeded", "payment_method": method}
    wire.on("GET", "/v1/checkout/sessions/cs_1", Reply({"id": "cs_1", "setup_intent": setup}))
    wire.on("GET", "/v1/setup_intents/seti_1", Reply(setup))
    for reference in ("cs_1", "seti_1"):
        saved = processor.finished_method_setup(reference)
        assert saved is not None
        assert (saved.method_ref, saved.label) == (method["id"], label)


@pytest.mark.parametrize(
    "setup", [None, {"id": "seti_1", "object": "setup_intent", "status": "requires_payment_method"}]
)
def test_a_page_that_is_not_finished(wire: Wire, processor: Processor, setup: Any) -> None:
    wire.on("GET", "/v1/checkout/sessions/cs_1", Reply({"id": "cs_1", "setup_intent": setup}))
    assert processor.finished_method_setup("cs_1") is None


SNAPSHOT = orjson.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1795824000,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "metadata": {"charge_id": "c1"}}},
    }
)
THIN = orjson.dumps(
    {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v2.core.account[requirements].updated",
        "created": "2026-11-22T10:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "acct_1", "type": "v2.core.account", "url": "/v2/core/accounts/acct_1"},
    }
)


def signed(body: bytes, secret: str, *, age: timedelta = timedelta(0)) -> dict[str, str]:
    moment = int(time.time() - age.total_seconds())
    signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body.decode()}", secret)
    return {"stripe-signature": f"t={moment},v1={signature}"}


@pytest.mark.parametrize("secret", ["whsec_a", "whsec_b"])
@pytest.mark.parametrize(("body", "object_ref"), [(SNAPSHOT, "pi_1"), (THIN, "acct_1")])
def test_a_signed_hook_names_what_changed(
    wire: Wire, processor: Processor, secret: str, body: bytes, object_ref: str
) -> None:
    hook = processor.verify_hook(signed(body, secret), body)
    event = orjson.loads(body)
    assert (hook.message_id, hook.topic, hook.object_ref) == (event["id"], event["type"], object_ref)
    assert hook.created_at.year == 2026
    assert hook.body == event


@pytest.mark.parametrize("body", [SNAPSHOT, THIN])
def test_a_hook_that_proves_nothing(wire: Wire, processor: Processor, body: bytes) -> None:
    forged = [
        {},
        {"stripe-signature": ""},
        {"stripe-signature": "t=1,v1=00"},
        signed(body, "whsec_other"),
        signed(body, ""),
        signed(body + b" ", "whsec_a"),
        signed(body, "whsec_a", age=timedelta(minutes=6)),
    ]
    for headers in forged:
        with pytest.raises(ForgedHook):
            processor.verify_hook(headers, body)


@pytest.mark.parametrize("body", [b"[]", b"1", b"not json", b'{"id": "evt_1"}', b'{"id":"e","type":"t","created":"x"}'])
def test_a_signed_body_that_is_no_event(wire: Wire, processor: Processor, body: bytes) -> None:
    with pytest.raises(ForgedHook):
        processor.verify_hook(signed(body, "whsec_a"), body)


def test_hooks_that_did_not_arrive_are_read(wire: Wire, processor: Processor) -> None:
    other = orjson.loads(THIN) | {"id": "evt_3", "type": "v2.core.event_destination.ping"}
    pages(wire, "/v1/events", [orjson.loads(SNAPSHOT)])
    thin = {"data": [other, orjson.loads(THIN)], "next_page_url": None, "previous_page_url": None}
    wire.on("GET", "/v2/core/events", Reply(thin))
    missed = processor.undelivered_hooks(since=SINCE)
    assert [(hook.topic, hook.object_ref) for hook in missed] == [
        ("v2.core.account[requirements].updated", "acct_1"),
        ("payment_intent.succeeded", "pi_1"),
    ]
    assert wire.asked[0].params["delivery_success"] == "false"
