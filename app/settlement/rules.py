"""Decisions about money, on plain values: states of charges and payouts, and the journal lines of each movement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.kit.money import Money
from app.ledger.rules import AccountKind, Line
from app.purchasing.rules import Share

PENDING, SENDING, PROCESSING, PAID = "PENDING", "SENDING", "PROCESSING", "PAID"
FAILED, ACTION_REQUIRED, CANCELLED = "FAILED", "ACTION_REQUIRED", "CANCELLED"

#: Charge state → the states it may become. SENDING: the processor was asked and its answer is not known.
CHARGE_MOVES: Mapping[str, frozenset[str]] = {
    PENDING: frozenset({SENDING, FAILED, CANCELLED}),
    SENDING: frozenset({PAID, PROCESSING, FAILED, ACTION_REQUIRED}),
    PROCESSING: frozenset({PAID, FAILED}),
    ACTION_REQUIRED: frozenset({PAID, FAILED, SENDING, CANCELLED}),
    FAILED: frozenset({SENDING, PAID, CANCELLED}),
    PAID: frozenset(),
    # A confirmation given at the bank after all: the money is there and is refunded.
    CANCELLED: frozenset({PAID}),
}

#: Payout state → the states it may become. SENDING: the processor was asked and its answer is not known; SCHEDULED
#: becomes PAID by hand, and HELD when an answer comes late that it went through after all.
SCHEDULED, HELD = "SCHEDULED", "HELD"
PAYOUT_MOVES: Mapping[str, frozenset[str]] = {
    SCHEDULED: frozenset({SENDING, PAID}),
    SENDING: frozenset({PAID, HELD}),
    HELD: frozenset({SCHEDULED, PAID}),
    PAID: frozenset(),
}

#: Waits between tries of a card that may work later; after the last the retailer must act.
#: Visa allows 20 tries in 30 days; ours are far fewer.
RETRY_AFTER = (timedelta(days=1), timedelta(days=3), timedelta(days=5))


def may_move(current: str, wanted: str) -> bool:
    """Whether a charge's state may change so; staying is always allowed."""
    return wanted == current or wanted in CHARGE_MOVES[current]


#: Refund state → the states it may become. WAIVED: withdrawn before it was paid; what is paid for after all is given
#: back. MOVED: it pays for what another supplier delivers instead. A success may be undone by the bank.
SUCCEEDED, WAIVED, MOVED = "SUCCEEDED", "WAIVED", "MOVED"
REFUND_MOVES: Mapping[str, frozenset[str]] = {
    WAIVED: frozenset({PENDING}),
    PENDING: frozenset({SENDING, SUCCEEDED, FAILED}),
    SENDING: frozenset({SUCCEEDED, FAILED}),
    SUCCEEDED: frozenset({FAILED}),
    FAILED: frozenset(),
    MOVED: frozenset(),
}


def refund_may_move(current: str, wanted: str) -> bool:
    """Whether a refund's state may change so."""
    return wanted in REFUND_MOVES[current]


def payout_may_move(current: str, wanted: str) -> bool:
    """Whether a payout's state may change so."""
    return wanted in PAYOUT_MOVES[current]


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What a charge pays of one purchase order: in the charge's currency, and as the supplier's share."""

    supplier_id: UUID
    charged: Money
    share: Share


def taken_lines(amount: Money, fee: Money) -> list[Line]:
    """A retailer paid: the money is at the processor, less its fee."""
    return [Line(AccountKind.PROCESSOR_BALANCE, amount - fee), Line(AccountKind.PROCESSOR_FEES, fee)]


def carried_lines(retailer_id: UUID, amount: Money) -> list[Line]:
    """A retailer owes what is too little to be charged; negative where that was brought in, or need not be any more."""
    return [Line(AccountKind.RETAILER_RECEIVABLE, amount, retailer_id)]


def charge_lines(parts: Sequence[PaidPart]) -> list[Line]:
    """What a payment is for: it is owed as goods, and partly to be our commission. Other currencies pass through the
    exchange account."""
    lines = []
    for part in parts:
        lines += [
            Line(AccountKind.GOODS_TO_SHIP, -part.share.supplier, part.supplier_id),
            Line(AccountKind.COMMISSION_TO_EARN, -part.share.fee),
        ]
        lines += exchange_lines(part.charged, part.share.charged)
    return lines


def exchange_lines(paid: Money, owed: Money) -> list[Line]:
    """What stands between a payment in one currency and a debt in another; nothing when they are the same."""
    if paid.currency == owed.currency:
        difference = paid - owed
        return [Line(AccountKind.EXCHANGE, -difference)] if difference else []
    return [Line(AccountKind.EXCHANGE, -paid), Line(AccountKind.EXCHANGE, owed)]


def shipment_lines(supplier_id: UUID, share: Share) -> list[Line]:
    """Goods left: the supplier has earned its part, and we our commission."""
    return [
        Line(AccountKind.GOODS_TO_SHIP, share.supplier, supplier_id),
        Line(AccountKind.SUPPLIER_PAYABLE, -share.supplier, supplier_id),
        Line(AccountKind.COMMISSION_TO_EARN, share.fee),
        Line(AccountKind.COMMISSION, -share.fee),
    ]


def given_lines(amount: Money) -> list[Line]:
    """A retailer got money back. The processor keeps its fee."""
    return [Line(AccountKind.PROCESSOR_BALANCE, -amount)]


def refund_lines(part: PaidPart) -> list[Line]:
    """Goods will not come, and what was paid for them is given back."""
    lines = [
        Line(AccountKind.GOODS_TO_SHIP, part.share.supplier, part.supplier_id),
        Line(AccountKind.COMMISSION_TO_EARN, part.share.fee),
    ]
    reverse = exchange_lines(part.charged, part.share.charged)
    return lines + [Line(line.account, -line.amount, line.organisation_id) for line in reverse]


def moved_lines(now_owed: Sequence[PaidPart], no_longer: Sequence[PaidPart]) -> list[Line]:
    """What is owed for goods from now on, and what no longer is, without the money that pays for it."""
    lines = []
    for sign, parts in ((1, now_owed), (-1, no_longer)):
        for part in parts:
            own = [
                Line(AccountKind.GOODS_TO_SHIP, -part.share.supplier, part.supplier_id),
                Line(AccountKind.COMMISSION_TO_EARN, -part.share.fee),
                *exchange_lines(part.charged, part.share.charged),
            ]
            lines += [
                Line(line.account, line.amount if sign > 0 else -line.amount, line.organisation_id) for line in own
            ]
    return lines


def credit_lines(part: PaidPart, retailer_id: UUID) -> list[Line]:
    """Goods came back: the supplier loses what it earned by them, we our commission, and the retailer is owed both."""
    lines = [
        Line(AccountKind.RETAILER_PAYABLE, -part.charged, retailer_id),
        Line(AccountKind.SUPPLIER_PAYABLE, part.share.supplier, part.supplier_id),
        Line(AccountKind.COMMISSION, part.share.fee),
    ]
    reverse = exchange_lines(part.charged, part.share.charged)
    return lines + [Line(line.account, -line.amount, line.organisation_id) for line in reverse]


def credit_refund_lines(retailer_id: UUID, amount: Money) -> list[Line]:
    """What was owed to a retailer, as for returned goods, is given back."""
    return [Line(AccountKind.RETAILER_PAYABLE, amount, retailer_id)]


def payout_lines(supplier_id: UUID, amount: Money) -> list[Line]:
    """Money went to a supplier."""
    return [
        Line(AccountKind.SUPPLIER_PAYABLE, amount, supplier_id),
        Line(AccountKind.PROCESSOR_BALANCE, -amount),
    ]
