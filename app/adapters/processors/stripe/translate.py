"""Stripe's objects in our words. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import stripe

from app.kit.money import Money
from app.settlement.processor import (
    AccountStatus,
    BalanceLine,
    ChargeOutcome,
    RefundOutcome,
    SavedMethod,
)

#: Declines after which only another method helps (those that Stripe's own Smart Retries treat as final).
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
    }
)
_NEEDS_CUSTOMER = frozenset({"requires_action", "requires_confirmation"})
_CAPABILITIES = {"active": "active", "pending": "pending", "restricted": "restricted", "unsupported": "unsupported"}


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


def money(minor: Any, currency: Any) -> Money:
    """Stripe's amounts are integers of minor units, currencies in lower case."""
    return Money(int(minor), str(currency).upper())


def charge_outcome(intent: Any) -> ChargeOutcome:
    """How a PaymentIntent stands; ``latest_charge.balance_transaction`` is expanded where it matters."""
    status, reference = str(intent["status"]), str(intent["id"])
    if status == "succeeded":
        charge = get(intent, "latest_charge")
        line = get(charge, "balance_transaction")
        expanded = line is not None and not isinstance(line, str)
        return ChargeOutcome(
            state="paid",
            processor_ref=reference,
            charge_ref=charge if isinstance(charge, str) else get(charge, "id"),
            amount=money(intent["amount_received"], intent["currency"]),
            fee=money(line["fee"], line["currency"]) if expanded else None,
            available_on=moment(line["available_on"]) if expanded else None,
        )
    if status == "processing":
        return ChargeOutcome(state="processing", processor_ref=reference)
    if status in _NEEDS_CUSTOMER:
        return _action_required(intent)
    failure = get(intent, "last_payment_error")
    if get(failure, "code") == "authentication_required":
        return _action_required(intent)
    if status == "canceled":
        return ChargeOutcome(
            state="declined", processor_ref=reference, failure_code="canceled", failure_message="The charge was ended."
        )
    return _declined(reference, failure)


def declined_card(error: stripe.CardError) -> ChargeOutcome:
    """A refused card, as the exception tells it: the PaymentIntent is embedded."""
    intent = get(error.error, "payment_intent")
    reference = str(get(intent, "id") or "")
    if error.code == "authentication_required":
        return ChargeOutcome(
            state="action_required",
            processor_ref=reference,
            failure_code="authentication_required",
            failure_message="The bank wants the card's owner to confirm the payment.",
            action_url=_action_url(intent),
        )
    return _declined(reference, error.error)


def _action_required(intent: Any) -> ChargeOutcome:
    return ChargeOutcome(
        state="action_required",
        processor_ref=str(intent["id"]),
        failure_code="authentication_required",
        failure_message="The bank wants the card's owner to confirm the payment.",
        action_url=_action_url(intent),
    )


def _action_url(intent: Any) -> str | None:
    url = get(intent, "next_action", "redirect_to_url", "url")
    return str(url) if url else None


def _declined(reference: str, failure: Any) -> ChargeOutcome:
    code = str(get(failure, "decline_code") or get(failure, "code") or "declined")
    advice = get(failure, "advice_code")
    return ChargeOutcome(
        state="declined",
        processor_ref=reference,
        failure_code=code,
        failure_message=str(get(failure, "message") or "The card was declined."),
        retryable=advice != "do_not_try_again" and code not in _FINAL_DECLINES,
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


def account_status(account: Any) -> AccountStatus:
    """Whether a v2 account can receive transfers, and what Stripe still wants in words for its owner."""
    status = get(account, "configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers", "status")
    entries = get(account, "requirements", "entries") or []
    wanted = [
        str(entry["description"]).replace("_", " ").replace(".", ": ")
        for entry in entries
        if get(entry, "awaiting_action_from") == "user"
    ]
    return AccountStatus(
        account_ref=str(account["id"]),
        capability=_CAPABILITIES.get(str(status), "pending"),
        requirements=tuple(wanted),
    )


def saved_method(method: Any) -> SavedMethod:
    """A card (or another method) that can be charged, named as people know it."""
    kind = str(method["type"])
    details = get(method, kind)
    last4 = get(details, "last4")
    brand = get(details, "brand") or get(details, "bank_name") or kind.replace("_", " ")
    label = f"{str(brand).title()} ending {last4}" if last4 else str(brand).title()
    return SavedMethod(method_ref=str(method["id"]), label=label)


def balance_line(line: Any) -> BalanceLine:
    """A balance transaction."""
    source = get(line, "source")
    return BalanceLine(
        id=str(line["id"]),
        kind=str(get(line, "reporting_category") or line["type"]),
        source_ref=str(source if isinstance(source, str) else get(source, "id") or ""),
        amount=int(line["amount"]),
        fee=int(line["fee"]),
        net=int(line["net"]),
        currency=str(line["currency"]).upper(),
        available_on=moment(line["available_on"]),
        created_at=moment(line["created"]),
    )
