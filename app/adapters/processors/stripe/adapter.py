"""Stripe as a processor: off-session charges, refunds, recipient accounts, transfers, and the balance's account.

Separate charges and transfers; suppliers are v2 accounts with the recipient configuration
(https://docs.stripe.com/connect/separate-charges-and-transfers, https://docs.stripe.com/connect/accounts-v2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import stripe

from app.adapters.processors.stripe import translate
from app.adapters.processors.stripe.client import client, translated
from app.config import settings
from app.kit.clock import parse_iso
from app.kit.errors import Rejected
from app.kit.money import Money
from app.settlement.processor import (
    AccountStatus,
    BalanceLine,
    ChargeOutcome,
    ChargeRequest,
    ForgedHook,
    MethodSetup,
    ProcessorHook,
    RefundOutcome,
    SavedMethod,
    TransferOutcome,
)

_EXPANDED_CHARGE = ["latest_charge.balance_transaction"]
#: A suffix and its prefix share 22 characters on a card statement.
_LONGEST_SUFFIX = 12
#: Seconds after which a signature is stale.
_TOLERANCE = 300


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
        """Stripe's hosted page in setup mode: card numbers never touch us."""
        with translated():
            session = client().v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "customer": customer_ref,
                    "currency": "usd",
                    "success_url": f"{return_url}?setup={{CHECKOUT_SESSION_ID}}",
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
        """Off-session and confirmed in one call. A refused card is an outcome, not an error."""
        try:
            with translated():
                intent = client().v1.payment_intents.create(
                    {
                        "amount": request.amount.minor,
                        "currency": request.amount.currency.lower(),
                        "customer": request.customer_ref,
                        "payment_method": request.method_ref,
                        "off_session": True,
                        "confirm": True,
                        "transfer_group": request.group,
                        "metadata": {"charge_id": request.reference},
                        "statement_descriptor_suffix": request.statement[:_LONGEST_SUFFIX],
                        "expand": _EXPANDED_CHARGE,
                    },
                    _key(key),
                )
        except stripe.CardError as error:
            return translate.declined_card(error)
        return translate.charge_outcome(intent)

    def charge_status(self, processor_ref: str) -> ChargeOutcome:
        """Read the PaymentIntent."""
        with translated():
            intent = client().v1.payment_intents.retrieve(processor_ref, {"expand": _EXPANDED_CHARGE})
        return translate.charge_outcome(intent)

    def cancel_charge(self, processor_ref: str, *, key: str) -> ChargeOutcome:
        """Cancel; one that can't be cancelled any more is read."""
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
                {"charge": charge_ref, "amount": amount.minor, "metadata": {"refund_id": reference}}, _key(key)
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
                    "identity": {"country": country.lower(), "entity_type": "company"},
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
        return translate.account_status(account)

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
        return translate.account_status(account)

    def transfer(self, *, account_ref: str, amount: Money, group: str, reference: str, key: str) -> TransferOutcome:
        """From the platform's available balance. Stripe never retries a refused transfer by itself."""
        try:
            with translated():
                made = client().v1.transfers.create(
                    {
                        "amount": amount.minor,
                        "currency": amount.currency.lower(),
                        "destination": account_ref,
                        "transfer_group": group,
                        "metadata": {"payout_id": reference},
                    },
                    _key(key),
                )
        except Rejected as error:
            if error.code == "insufficient_capabilities_for_transfer":
                raise Rejected("account_not_ready", error.message) from error
            raise
        return TransferOutcome(processor_ref=str(made.id))

    def find_transfer(self, *, group: str, reference: str) -> TransferOutcome | None:
        """By group, then by our id."""
        with translated():
            for found in client().v1.transfers.list({"transfer_group": group, "limit": 100}).auto_paging_iter():
                if translate.get(found, "metadata", "payout_id") == reference:
                    return TransferOutcome(processor_ref=str(found.id))
        return None

    def available_balance(self, currency: str) -> Money:
        """The bucket of one currency; there is nothing in one that does not exist."""
        with translated():
            balance = client().v1.balance.retrieve()
        for bucket in balance.available:
            if str(bucket["currency"]).upper() == currency:
                return Money(int(bucket["amount"]), currency)
        return Money.zero(currency)

    def balance_lines(self, *, since: datetime) -> Iterator[BalanceLine]:
        """Stripe lists the newest first; a page of the books is read from its oldest line on."""
        with translated():
            lines = [
                translate.balance_line(line)
                for line in client()
                .v1.balance_transactions.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
                .auto_paging_iter()
            ]
        return iter(reversed(lines))

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> ProcessorHook:
        """Snapshot and thin events carry the same signature; any of our secrets may have made it."""
        signature = headers.get("stripe-signature", "")
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise ForgedHook("the body is not text") from error
        if not any(_signed_by(secret, text, signature) for secret in _secrets()):
            raise ForgedHook("no secret of ours made this signature")
        try:
            event = orjson.loads(body)
            return ProcessorHook.from_stored(str(event["id"]), str(event["type"]), _created(event), body)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ForgedHook("the body is not an event") from error

    def undelivered_hooks(self, *, since: datetime) -> Sequence[ProcessorHook]:
        """Events that did not reach us, oldest first."""
        with translated():
            events = [
                event.to_dict()
                for event in client()
                .v1.events.list({"created": {"gte": int(since.timestamp())}, "delivery_success": False, "limit": 100})
                .auto_paging_iter()
            ]
        return [
            ProcessorHook.from_stored(event["id"], event["type"], _created(event), orjson.dumps(event, default=str))
            for event in reversed(events)
        ]


def _key(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


def _secrets() -> list[str]:
    return [secret for secret in settings().stripe_webhook_secrets.get_secret_value().split(",") if secret]


def _signed_by(secret: str, body: str, signature: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, signature, secret, _TOLERANCE))
    except stripe.SignatureVerificationError:
        return False


def _created(event: Mapping[str, Any]) -> datetime:
    """Seconds in snapshot events, ISO 8601 in thin ones."""
    created = event["created"]
    return parse_iso(created) if isinstance(created, str) else datetime.fromtimestamp(int(created), UTC)
