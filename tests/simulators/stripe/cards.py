"""Stripe's test payment methods (https://docs.stripe.com/testing) and what each of them does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What charging a method does. ``decline``: (code, decline code, advice). ``challenge``: ``always`` wants the
    owner each time, ``unless_set_up`` only without a set-up before."""

    last4: str
    label: str
    decline: tuple[str, str, str] | None = None
    challenge: str = ""
    attaches: bool = True
    instant: bool = False
    dispute: str = ""
    refund: str = "succeeded"


def _declined(last4: str, label: str, code: str, reason: str, advice: str, *, attaches: bool = False) -> Behaviour:
    return Behaviour(last4, label, decline=(code, reason, advice), attaches=attaches)


TRY_LATER, NEVER = "try_again_later", "do_not_try_again"

BEHAVIOURS: Mapping[str, Behaviour] = {
    "pm_card_visa": Behaviour("4242", "Visa that works"),
    "pm_card_mastercard": Behaviour("4444", "Mastercard that works"),
    "pm_card_bypassPending": Behaviour("0077", "Visa whose money is available at once", instant=True),
    "pm_card_chargeCustomerFail": _declined(
        "0341", "Visa that saves, but is declined", "card_declined", "generic_decline", TRY_LATER, attaches=True
    ),
    "pm_card_visa_chargeDeclined": _declined("0002", "Declined", "card_declined", "generic_decline", TRY_LATER),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declined(
        "9995", "Insufficient funds", "card_declined", "insufficient_funds", TRY_LATER
    ),
    "pm_card_visa_chargeDeclinedLostCard": _declined("9987", "Lost card", "card_declined", "lost_card", NEVER),
    "pm_card_visa_chargeDeclinedStolenCard": _declined("9979", "Stolen card", "card_declined", "stolen_card", NEVER),
    "pm_card_chargeDeclinedExpiredCard": _declined("0069", "Expired card", "expired_card", "expired_card", NEVER),
    "pm_card_chargeDeclinedIncorrectCvc": _declined("0127", "Wrong code", "incorrect_cvc", "incorrect_cvc", TRY_LATER),
    "pm_card_chargeDeclinedProcessingError": _declined(
        "0119", "Processing error", "processing_error", "processing_error", TRY_LATER
    ),
    "pm_card_authenticationRequired": Behaviour("3184", "Visa that wants its owner every time", challenge="always"),
    "pm_card_authenticationRequiredOnSetup": Behaviour(
        "3155", "Visa that wants its owner unless it was set up", challenge="unless_set_up"
    ),
    "pm_card_createDispute": Behaviour("0259", "Visa whose charge is disputed", dispute="fraudulent"),
    "pm_card_pendingRefund": Behaviour("7726", "Visa whose refunds take a while", refund="pending"),
    "pm_card_refundFail": Behaviour("5126", "Visa whose refunds fail", refund="failed"),
}
ALIASES = {"pm_card_chargeDeclined": "pm_card_visa_chargeDeclined", "pm_card_visa_debit": "pm_card_visa"}
