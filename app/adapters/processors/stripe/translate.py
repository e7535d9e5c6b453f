"""Stripe's objects in our words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import stripe

from app.adapters.processors.stripe.amounts import minor_units, money
from app.adapters.processors.stripe.requirements import sentences
from app.kit.money import Money
from app.settlement.processor import (
    AccountStatus,
    BalanceLine,
    ChargeOutcome,
    RefundOutcome,
    SavedMethod,
)

#: Declines after which only another method helps: those that Stripe's own Smart Retries treat as final, and those
#: that trying the same data again can't change. https://docs.stripe.com/declines/codes
_FINAL_DECLINES = frozenset(
    {
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "stolen_card",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "authentication_required",
        "highest_risk_level",
        "transaction_not_allowed",
        "expired_card",
        "incorrect_cvc",
        "invalid_cvc",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_number",
        "card_not_supported",
        "currency_not_supported",
        "payment_intent_authentication_failure",
    }
)
#: What an issuer advises where only another method, or other data, helps.
_FINAL_ADVICE = frozenset({"do_not_try_again", "confirm_card_data"})
_NEEDS_CUSTOMER = frozenset({"requires_action", "requires_confirmation"})
_CAPABILITIES = frozenset({"active", "pending", "restricted", "unsupported"})


def get(thing: Any, *path: str) -> Any:
    """A value deep in an object of the library; None where a step is missing."""
    for step in path:
        if thing is None:
            return None
        try:
            thing = thing[step]
        except (KeyError, TypeError, IndexError):
            return None
    return thing


def moment(seconds: Any) -> datetime:
    """Stripe's v1 times are seconds since 1970."""
    return datetime.fromtimestamp(int(seconds), UTC)


def charge_outcome(intent: Any) -> ChargeOutcome:
    """How a PaymentIntent stands; ``latest_charge.balance_transaction`` is expanded where it matters."""
    status, reference = str(intent["status"]), str(intent["id"])
    failure = get(intent, "last_payment_error")
    if status == "succeeded":
        return _paid(intent, reference)
    if status == "processing":
        return ChargeOutcome(state="processing", processor_ref=reference)
    if status == "canceled":
        return ChargeOutcome(
            state="declined", processor_ref=reference, failure_code="canceled", failure_message="The charge was ended."
        )
    if status in _NEEDS_CUSTOMER or get(failure, "code") == "authentication_required":
        return _action_required(reference, intent)
    return _declined(reference, failure)


def refused_charge(error: stripe.CardError) -> ChargeOutcome:
    """A refused card, as the exception tells it: the PaymentIntent is embedded."""
    intent = get(error.error, "payment_intent")
    reference = str(get(intent, "id") or "")
    if error.code == "authentication_required":
        return _action_required(reference, intent)
    return _declined(reference, error.error)


def unusable_method(code: str, message: str) -> ChargeOutcome:
    """A charge that was refused before there was a payment; it has no id."""
    return ChargeOutcome(state="declined", processor_ref="", failure_code=code, failure_message=message)


def too_small(code: str, message: str) -> ChargeOutcome:
    """A charge for less than Stripe takes at once; there is no payment."""
    return ChargeOutcome(state="too_small", processor_ref="", failure_code=code, failure_message=message)


def _paid(intent: Any, reference: str) -> ChargeOutcome:
    charge = get(intent, "latest_charge")
    line = get(charge, "balance_transaction")
    if get(line, "fee") is None:
        # Paid, but not on Stripe's books yet: the fee is asked for again.
        return ChargeOutcome(state="processing", processor_ref=reference)
    return ChargeOutcome(
        state="paid",
        processor_ref=reference,
        charge_ref=str(charge["id"]),
        amount=money(intent["amount_received"], intent["currency"]),
        fee=_fee(line, str(intent["currency"])),
        available_on=moment(line["available_on"]),
    )


def _fee(line: Any, charged: str) -> Money:
    """The fee in the charge's currency; Stripe takes it in that of the balance, at the rate of the day."""
    fee = money(line["fee"], line["currency"])
    rate = get(line, "exchange_rate")
    if fee.currency == charged.upper() or not rate:
        return fee
    return Money.of_decimal(fee.decimal / Decimal(str(rate)), charged.upper())


def _action_required(reference: str, intent: Any) -> ChargeOutcome:
    url = get(intent, "next_action", "redirect_to_url", "url")
    return ChargeOutcome(
        state="action_required",
        processor_ref=reference,
        failure_code="authentication_required",
        failure_message="The bank wants the card's owner to confirm the payment.",
        action_url=str(url) if url else None,
    )


def _declined(reference: str, failure: Any) -> ChargeOutcome:
    code = str(get(failure, "decline_code") or get(failure, "code") or "declined")
    advice = get(failure, "advice_code")
    return ChargeOutcome(
        state="declined",
        processor_ref=reference,
        failure_code=code,
        failure_message=str(get(failure, "message") or "The card was declined."),
        retryable=advice not in _FINAL_ADVICE and code not in _FINAL_DECLINES,
    )


def refund_outcome(refund: Any) -> RefundOutcome:
    """How a refund stands."""
    status = str(refund["status"])
    if status in ("failed", "canceled"):
        return RefundOutcome(
            state="failed", processor_ref=str(refund["id"]), failure=str(get(refund, "failure_reason") or status)
        )
    state = "succeeded" if status == "succeeded" else "pending"
    return RefundOutcome(state=state, processor_ref=str(refund["id"]))


def account_status(account: Mapping[str, Any]) -> AccountStatus:
    """Whether a v2 account can receive transfers, and what Stripe still wants in words for its owner."""
    status = get(account, "configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers", "status")
    entries = get(account, "requirements", "entries") or []
    return AccountStatus(
        account_ref=str(account["id"]),
        capability=str(status) if status in _CAPABILITIES else "pending",
        requirements=sentences(entries),
    )


def saved_method(method: Any) -> SavedMethod:
    """A card (or another method) that can be charged, named as people know it."""
    kind = str(method["type"])
    details = get(method, kind)
    last4 = get(details, "last4")
    brand = str(get(details, "brand") or get(details, "bank_name") or kind).replace("_", " ").title()
    label = f"{brand} ending {last4}" if last4 else brand
    return SavedMethod(method_ref=str(method["id"]), label=label)


def balance_line(line: Any) -> BalanceLine:
    """A balance transaction. What has no source of its own, such as a fee of Stripe's, is its own source."""
    source, currency = get(line, "source"), line["currency"]
    return BalanceLine(
        id=str(line["id"]),
        kind=str(get(line, "reporting_category") or line["type"]),
        source_ref=str((source if isinstance(source, str) else get(source, "id")) or line["id"]),
        amount=minor_units(line["amount"], currency),
        fee=minor_units(line["fee"], currency),
        net=minor_units(line["net"], currency),
        currency=str(currency).upper(),
        available_on=moment(line["available_on"]),
        created_at=moment(line["created"]),
    )
