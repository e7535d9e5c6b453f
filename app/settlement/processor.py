"""The port to payment processors: charging retailers, paying suppliers, and the processor's own account of both.

A timeout (``Unavailable``) leaves the outcome unknown: call again with the same idempotency key, which gives the
first outcome. After a definite refusal a new attempt takes a new key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import orjson

from app.kit.money import Money


class ForgedHook(Exception):
    """A hook whose signature does not prove that the processor sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """Take ``amount`` from a saved method without the customer being present. ``group`` ties it to transfers;
    ``reference`` is our id, ``statement`` at most 22 characters on the customer's statement."""

    customer_ref: str
    method_ref: str
    amount: Money
    group: str
    reference: str
    statement: str
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOutcome:
    """How a charge stands. ``state``: ``paid``, ``processing``, ``declined``, ``action_required``, or ``too_small``:
    the processor does not take so little at once, and there is no payment.

    ``fee`` and ``available_on`` are known once paid. ``retryable`` says whether trying the same method again may
    help; ``action_url`` is where the customer confirms with its bank.
    """

    state: str
    processor_ref: str
    charge_ref: str | None = None
    amount: Money | None = None
    fee: Money | None = None
    available_on: datetime | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    retryable: bool = False
    action_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOutcome:
    """``state`` is ``succeeded``, ``pending`` or ``failed``."""

    state: str
    processor_ref: str
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOutcome:
    """Money moved to a supplier's account."""

    processor_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """A supplier's account. ``capability``: ``pending``, ``active``, ``restricted``, ``unsupported``, or ``by_hand``
    where a person makes the transfers and says so in the console; ``requirements`` are sentences about what is still
    wanted."""

    account_ref: str
    capability: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSetup:
    """A hosted page on which a customer adds a payment method."""

    setup_ref: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMethod:
    """A payment method that can be charged."""

    method_ref: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """A line of the processor's account of our balance, in minor units of ``currency``. ``source_ref`` is the
    charge, refund, transfer or payout that caused it."""

    id: str
    kind: str
    source_ref: str
    amount: int
    fee: int
    net: int
    currency: str
    available_on: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorHook:
    """A verified hook: what kind of thing changed, and its id. The state itself is read from the processor."""

    message_id: str
    topic: str
    object_ref: str | None
    created_at: datetime
    body: Mapping[str, Any]

    @classmethod
    def from_stored(cls, message_id: str, topic: str, received_at: datetime, body: bytes) -> ProcessorHook:
        """The hook again from its stored body: snapshot events carry their object, thin ones its address."""
        parsed: dict[str, Any] = orjson.loads(body)
        snapshot = (parsed.get("data") or {}).get("object") or {}
        related = parsed.get("related_object") or {}
        return cls(
            message_id=message_id,
            topic=topic,
            object_ref=snapshot.get("id") or related.get("id"),
            created_at=received_at,
            body=parsed,
        )


#: Beginnings of the topics of hooks that say something about what is ours.
_CONCERNS_US = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.canceled",
    "refund.",
    "charge.refund.updated",
    "checkout.session.completed",
    "setup_intent.succeeded",
    "v2.core.account",
    "account.updated",
)


def concerns_us(topic: str) -> bool:
    """Whether a hook of this topic is to be handled; processors tell of much more."""
    return topic.startswith(_CONCERNS_US)


@runtime_checkable
class Processor(Protocol):
    """One payment processor."""

    @property
    def name(self) -> str:
        """The adapter's name."""

    def create_customer(self, *, reference: str, name: str, email: str, key: str) -> str:
        """Make a customer. Returns the processor's id."""

    def start_method_setup(self, *, customer_ref: str, return_url: str, key: str) -> MethodSetup:
        """Open a hosted page on which the customer adds a method for charges without it being present."""

    def finished_method_setup(self, setup_ref: str) -> SavedMethod | None:
        """The method that was added there; None while the customer has not finished."""

    def charge(self, request: ChargeRequest, *, key: str) -> ChargeOutcome:
        """Charge a saved method now. Raises ``Unavailable`` when the outcome is unknown."""

    def charge_status(self, processor_ref: str) -> ChargeOutcome:
        """How a charge stands."""

    def cancel_charge(self, processor_ref: str, *, key: str) -> ChargeOutcome:
        """Give up a charge that is not paid. Returns how it stands, which may be ``paid`` after all."""

    def refund(self, *, charge_ref: str, amount: Money, reference: str, key: str) -> RefundOutcome:
        """Give back a part of a paid charge. Raises ``Rejected`` for more than is left."""

    def refund_status(self, processor_ref: str) -> RefundOutcome:
        """How a refund stands."""

    def create_account(
        self, *, reference: str, name: str, email: str, country: str, currency: str, key: str
    ) -> AccountStatus:
        """Make a supplier's account that can receive transfers."""

    def onboarding_url(self, *, account_ref: str, return_url: str, refresh_url: str) -> str:
        """A single-use address on which the supplier proves who it is; never e-mailed."""

    def account_status(self, account_ref: str) -> AccountStatus:
        """How a supplier's account stands."""

    def transfer(self, *, account_ref: str, amount: Money, group: str, reference: str, key: str) -> TransferOutcome:
        """Move available money to a supplier's account. Raises ``Rejected`` (``balance_insufficient``,
        ``account_not_ready``) on a definite refusal."""

    def find_transfer(self, *, group: str, reference: str) -> TransferOutcome | None:
        """Look for a transfer whose outcome is unknown."""

    def available_balance(self, currency: str) -> Money:
        """What can be transferred now."""

    def balance_lines(self, *, since: datetime) -> Iterator[BalanceLine]:
        """The processor's account of our balance since then, oldest first."""

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> ProcessorHook:
        """Check a hook's signature on its raw bytes; header names are in lower case. Raises ``ForgedHook``."""

    def undelivered_hooks(self, *, since: datetime) -> Sequence[ProcessorHook]:
        """Hooks that the processor could not deliver to us since then."""
