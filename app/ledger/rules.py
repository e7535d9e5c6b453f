"""The chart of accounts, and what makes an entry valid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.kit.money import Money


class AccountKind(StrEnum):
    """Where money can stand. Debits raise assets and expenses, credits raise liabilities and income."""

    #: Asset: our balance at the payment processor.
    PROCESSOR_BALANCE = "processor_balance"
    #: Expense: what the processor keeps of each payment.
    PROCESSOR_FEES = "processor_fees"
    #: Liability, per supplier: paid by retailers for goods that have not left yet.
    GOODS_TO_SHIP = "goods_to_ship"
    #: Liability, per supplier: earned by shipping, until it is paid out.
    SUPPLIER_PAYABLE = "supplier_payable"
    #: Liability, per retailer: credited for returned goods, until it is refunded.
    RETAILER_PAYABLE = "retailer_payable"
    #: Asset, per retailer: what was too little for a charge of its own, until another charge brings it in.
    RETAILER_RECEIVABLE = "retailer_receivable"
    #: Liability: our commission on goods that have not left yet.
    COMMISSION_TO_EARN = "commission_to_earn"
    #: Income: our commission on goods that have left.
    COMMISSION = "commission"
    #: Clearing between currencies; its balance, valued, is the exchange gain or loss.
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to be: a debit if the amount is positive, a credit if negative."""

    account: AccountKind
    amount: Money
    organisation_id: UUID | None = None


class Unbalanced(ValueError):
    """An entry whose lines do not sum to zero in every currency: a mistake in our code."""


def check_balanced(lines: Sequence[Line]) -> None:
    """Raises ``Unbalanced``."""
    sums: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.amount.currency] += line.amount.minor
    wrong = {currency: amount for currency, amount in sums.items() if amount}
    if wrong or not lines:
        raise Unbalanced(f"entry does not balance: {wrong}")
