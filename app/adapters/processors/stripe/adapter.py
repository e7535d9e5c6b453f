"""Stripe as a processor: off-session charges, refunds, recipient accounts, transfers, and the balance's account.

Separate charges and transfers; suppliers are v2 accounts with the recipient configuration
(https://docs.stripe.com/connect/separate-charges-and-transfers, https://docs.stripe.com/connect/accounts-v2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import stripe

from app.adapters.processors.stripe import hooks, translate
from app.adapters.processors.stripe.amounts import money, to_stripe
from app.adapters.processors.stripe.client import client, translated
from app.kit.clock import iso
from app.kit.errors import Rejected
from app.kit.money import Money
from app.settlement.processor import (
    AccountStatus,
    BalanceLine,
    ChargeOutcome,
    ChargeRequest,
    MethodSetup,
    ProcessorHook,
    RefundOutcome,
    SavedMethod,
    TransferOutcome,
)

_EXPANDED_CHARGE = ["latest_charge.balance_transaction"]
#: A suffix and its prefix share 22 characters on a card statement.
_LONGEST_SUFFIX = 12
#: A charge that is refused for its method or its amount is an outcome: the order waits, and its retailer is told.
_METHOD_PARAMS = frozenset({"payment_method", "customer"})
_AMOUNT_CODES = frozenset({"amount_too_large", "amount_not_representable"})
#: Each currency has its own least amount, and so has the one that Stripe settles ours in, so Stripe is asked:
#: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
_TOO_SMALL = "amount_too_small"
#: How a supplier's account tells that it can't be sent money, by Stripe's code.
_NOT_READY = frozenset({"insufficient_capabilities_for_transfer", "account_invalid", "account_closed"})
_ACCOUNT_EVENTS = "v2.core.account"


class StripeProcessor:
    """The ``Processor`` port for Stripe."""

    name = "stripe"

    def create_customer(self, *, reference: str, name: str, email: str, key: str) -> str:
        """A v1 customer for a retailer."""
        with translated():
            made = client().v1.customers.create(
                {"name": name, "email": email, "metadata": {"organisation_id": reference}}, _key(key)
            )
        return str(made.id)

    def start_method_setup(self, *, customer_ref: str, return_url: str, key: str) -> MethodSetup:
        """Stripe's hosted page in setup mode: card numbers never touch us. Back here, ``setup`` is its id."""
        mark = "&" if "?" in return_url else "?"
        with translated():
            session = client().v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "customer": customer_ref,
                    # Cards can be charged in every currency, and tell at once whether they pay.
                    "allowed_payment_method_types": ["card"],
                    "success_url": f"{return_url}{mark}setup={{CHECKOUT_SESSION_ID}}",
                    "cancel_url": return_url,
                },
                _key(key),
            )
        return MethodSetup(setup_ref=str(session.id), url=str(session.url))

    def finished_method_setup(self, setup_ref: str) -> SavedMethod | None:
        """Of a checkout session or of a setup intent."""
        with translated():
            if setup_ref.startswith("cs_"):
                session = client().v1.checkout.sessions.retrieve(setup_ref, {"expand": ["setup_intent.payment_method"]})
                intent: Any = translate.get(session, "setup_intent")
            else:
                intent = client().v1.setup_intents.retrieve(setup_ref, {"expand": ["payment_method"]})
        if translate.get(intent, "status") != "succeeded":
            return None
        return translate.saved_method(intent["payment_method"])

    def charge(self, request: ChargeRequest, *, key: str) -> ChargeOutcome:
        """Off-session and confirmed in one call. A refused method is an outcome, not an error.

        Where the bank wants its customer to confirm, the same PaymentIntent is confirmed once more as if the
        customer were there, which gives the page on which it can do so.
        """
        try:
            outcome = self._charged(request, key)
        except Rejected as error:
            if error.code == _TOO_SMALL:
                return translate.too_small(error.code, error.message)
            if error.details.get("param") in _METHOD_PARAMS or error.code in _AMOUNT_CODES:
                return translate.unusable_method(error.code, error.message)
            raise
        if outcome.state == "action_required" and outcome.action_url is None and outcome.processor_ref:
            return self._with_page(outcome, request, key)
        return outcome

    def _charged(self, request: ChargeRequest, key: str) -> ChargeOutcome:
        with translated():
            try:
                intent = client().v1.payment_intents.create(
                    {
                        "amount": to_stripe(request.amount),
                        "currency": request.amount.currency.lower(),
                        "customer": request.customer_ref,
                        "payment_method": request.method_ref,
                        "off_session": True,
                        "confirm": True,
                        # Otherwise the fee comes later than the answer.
                        "capture_method": "automatic",
                        "return_url": request.return_url,
                        "transfer_group": request.group,
                        "metadata": {"charge_id": request.reference},
                        "statement_descriptor_suffix": request.statement[:_LONGEST_SUFFIX],
                        "expand": _EXPANDED_CHARGE,
                    },
                    _key(key),
                )
            except stripe.CardError as error:
                return translate.refused_charge(error)
        return translate.charge_outcome(intent)

    def _with_page(self, outcome: ChargeOutcome, request: ChargeRequest, key: str) -> ChargeOutcome:
        try:
            with translated():
                try:
                    intent = client().v1.payment_intents.confirm(
                        outcome.processor_ref,
                        {
                            "payment_method": request.method_ref,
                            "return_url": request.return_url,
                            "expand": _EXPANDED_CHARGE,
                        },
                        _key(f"{key}:confirm"),
                    )
                except stripe.CardError as error:
                    return translate.refused_charge(error)
        except Rejected:
            # It still waits for its customer, only without a page.
            return outcome
        return translate.charge_outcome(intent)

    def charge_status(self, processor_ref: str) -> ChargeOutcome:
        """Read the PaymentIntent."""
        with translated():
            intent = client().v1.payment_intents.retrieve(processor_ref, {"expand": _EXPANDED_CHARGE})
        return translate.charge_outcome(intent)

    def cancel_charge(self, processor_ref: str, *, key: str) -> ChargeOutcome:
        """Cancel; one that can't be cancelled any more is read. What never became a payment is over already."""
        if not processor_ref:
            return translate.unusable_method("canceled", "There was no payment.")
        try:
            with translated():
                client().v1.payment_intents.cancel(processor_ref, {}, _key(key))
        except Rejected as error:
            if error.code != "payment_intent_unexpected_state":
                raise
        return self.charge_status(processor_ref)

    def refund(self, *, charge_ref: str, amount: Money, reference: str, key: str) -> RefundOutcome:
        """Give back a part of a charge."""
        with translated():
            refund = client().v1.refunds.create(
                {"charge": charge_ref, "amount": to_stripe(amount), "metadata": {"refund_id": reference}}, _key(key)
            )
        return translate.refund_outcome(refund)

    def refund_status(self, processor_ref: str) -> RefundOutcome:
        """Read the refund: a succeeded one may still fail."""
        with translated():
            return translate.refund_outcome(client().v1.refunds.retrieve(processor_ref))

    def create_account(
        self, *, reference: str, name: str, email: str, country: str, currency: str, key: str
    ) -> AccountStatus:
        """A recipient whose fees and losses are the platform's, with Stripe's Express dashboard."""
        with translated():
            account = client().v2.core.accounts.create(
                {
                    "contact_email": email,
                    "display_name": name,
                    "dashboard": "express",
                    "identity": {"country": country.lower()},
                    "configuration": {
                        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
                    },
                    "defaults": {
                        "currency": currency.lower(),
                        "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
                    },
                    "metadata": {"supplier_id": reference},
                    "include": ["configuration.recipient", "requirements"],
                },
                _key(key),
            )
        return translate.account_status(account.to_dict())

    def onboarding_url(self, *, account_ref: str, return_url: str, refresh_url: str) -> str:
        """A link that works once and for minutes."""
        with translated():
            link = client().v2.core.account_links.create(
                {
                    "account": account_ref,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {"refresh_url": refresh_url, "return_url": return_url},
                    },
                }
            )
        return str(link.url)

    def account_status(self, account_ref: str) -> AccountStatus:
        """Read the account with what is null unless asked for."""
        with translated():
            account = client().v2.core.accounts.retrieve(
                account_ref, {"include": ["configuration.recipient", "requirements"]}
            )
        return translate.account_status(account.to_dict())

    def transfer(self, *, account_ref: str, amount: Money, group: str, reference: str, key: str) -> TransferOutcome:
        """From the platform's available balance. Stripe never retries a refused transfer by itself."""
        try:
            with translated():
                made = client().v1.transfers.create(
                    {
                        "amount": to_stripe(amount),
                        "currency": amount.currency.lower(),
                        "destination": account_ref,
                        "transfer_group": group,
                        "metadata": {"payout": reference},
                    },
                    _key(key),
                )
        except Rejected as error:
            if error.code in _NOT_READY or error.details.get("param") == "destination":
                raise Rejected("account_not_ready", error.message) from error
            raise
        return TransferOutcome(processor_ref=str(made.id))

    def find_transfer(self, *, group: str, reference: str) -> TransferOutcome | None:
        """By group, then by our id."""
        with translated():
            for found in client().v1.transfers.list({"transfer_group": group, "limit": 100}).auto_paging_iter():
                if translate.get(found, "metadata", "payout") == reference:
                    return TransferOutcome(processor_ref=str(found.id))
        return None

    def available_balance(self, currency: str) -> Money:
        """The bucket of one currency; there is nothing in one that does not exist."""
        with translated():
            balance = client().v1.balance.retrieve()
        for bucket in balance.available:
            if str(bucket["currency"]).upper() == currency:
                return money(bucket["amount"], currency)
        return Money.zero(currency)

    def balance_lines(self, *, since: datetime) -> Iterator[BalanceLine]:
        """Stripe lists the newest first, so that all of them are read before the oldest is given."""
        with translated():
            lines = [
                translate.balance_line(line)
                for line in client()
                .v1.balance_transactions.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
                .auto_paging_iter()
            ]
        return iter(reversed(lines))

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> ProcessorHook:
        """Snapshot and thin events carry the same signature."""
        return hooks.verified(headers, body)

    def undelivered_hooks(self, *, since: datetime) -> Sequence[ProcessorHook]:
        """Snapshot events that did not reach us, and all thin ones about accounts (Stripe does not tell which of
        those were delivered), oldest first."""
        with translated():
            snapshots = (
                client()
                .v1.events.list({"created": {"gte": int(since.timestamp())}, "delivery_success": False, "limit": 100})
                .auto_paging_iter()
            )
            thin = client().v2.core.events.list({"created": {"gte": iso(since)}, "limit": 100}).auto_paging_iter()
            events = [event.to_dict() for event in snapshots]
            events += [event.to_dict() for event in thin if event.type.startswith(_ACCOUNT_EVENTS)]
        return sorted((hooks.from_event(event) for event in events), key=lambda hook: hook.created_at)


def _key(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}
