"""Money that moves outside: a charge waits until the bank transfer is seen by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

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


def _by_hand() -> NoReturn:
    raise Rejected("not_supported", "Payments are made by bank transfer here; a person carries this out.")


class Manual:
    """The ``Processor`` port for bank transfers: it tells what is waited for, and moves nothing."""

    name = "manual"

    def create_customer(self, *, reference: str, name: str, email: str, key: str) -> str:
        """The retailer itself."""
        return f"manual:{reference}"

    def start_method_setup(self, *, customer_ref: str, return_url: str, key: str) -> MethodSetup:
        """There is no page: the retailer pays by transfer, and goes straight back."""
        return MethodSetup(setup_ref=f"manual:setup:{customer_ref}", url=return_url)

    def finished_method_setup(self, setup_ref: str) -> SavedMethod | None:
        """The bank transfer itself."""
        return SavedMethod(method_ref="manual:bank_transfer", label="Bank transfer")

    def charge(self, request: ChargeRequest, *, key: str) -> ChargeOutcome:
        """Wait for the transfer."""
        return ChargeOutcome(state="processing", processor_ref=f"manual:{request.reference}")

    def charge_status(self, processor_ref: str) -> ChargeOutcome:
        """Still waiting, as far as this adapter can know."""
        return ChargeOutcome(state="processing", processor_ref=processor_ref)

    def cancel_charge(self, processor_ref: str, *, key: str) -> ChargeOutcome:
        """Nobody waits any more."""
        return ChargeOutcome(state="declined", processor_ref=processor_ref, failure_code="canceled")

    def refund(self, *, charge_ref: str, amount: Money, reference: str, key: str) -> RefundOutcome:
        """A person sends it back; nothing here knows when."""
        _by_hand()

    def refund_status(self, processor_ref: str) -> RefundOutcome:
        """No refund is made here."""
        _by_hand()

    def create_account(
        self, *, reference: str, name: str, email: str, country: str, currency: str, key: str
    ) -> AccountStatus:
        """The supplier's bank account is agreed on outside."""
        return self.account_status(f"manual:{reference}")

    def onboarding_url(self, *, account_ref: str, return_url: str, refresh_url: str) -> str:
        """There is no onboarding."""
        _by_hand()

    def account_status(self, account_ref: str) -> AccountStatus:
        """A person sends what is due to it."""
        return AccountStatus(account_ref=account_ref, capability="by_hand", requirements=())

    def transfer(self, *, account_ref: str, amount: Money, group: str, reference: str, key: str) -> TransferOutcome:
        """A person makes the transfer."""
        _by_hand()

    def find_transfer(self, *, group: str, reference: str) -> TransferOutcome | None:
        """None is made here."""
        return None

    def available_balance(self, currency: str) -> Money:
        """Nothing is held here."""
        return Money.zero(currency)

    def balance_lines(self, *, since: datetime) -> Iterator[BalanceLine]:
        """There is no account to copy."""
        return iter(())

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> ProcessorHook:
        """Nobody sends hooks."""
        raise ForgedHook("bank transfers send no hooks")

    def undelivered_hooks(self, *, since: datetime) -> Sequence[ProcessorHook]:
        """Nobody sends hooks."""
        return []
