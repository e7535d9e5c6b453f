"""Refunds and returns in a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """Money of an order to be given back to the store's customer: for which ``units``, by the store's line ids.

    ``reference``: ours; the store keeps it with the refund, which is known by it. ``key`` makes a repeated call
    harmless. ``amount``: None for what the store works out. ``whole``: nothing of ours will come of the order; where
    nothing else is in it either, it is cancelled. ``pending``: the work that the store was at when it was asked last;
    ``stuck``: for so long that the same work may be asked for anew, and no other.
    Nothing is put back into the store's stock: how much there is, it is told apart from this.
    """

    reference: str
    key: str
    external_order_id: str
    units: Mapping[str, int]
    shipping: bool
    amount: Money | None
    note: str
    notify: bool
    whole: bool = False
    pending: str | None = None
    stuck: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMade:
    """The store gave the money back. ``customer``: the amount in the currency that its customer paid in; None where it
    does not say. ``cancelled``: by cancelling the order."""

    external_id: str
    amount: Money
    customer: Money | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class RefundPending:
    """The store is at it; ``pending`` names its work."""

    pending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLine:
    """Units of a line of a store's order that are to come back. ``reason``: ``damaged``, ``wrong_item``,
    ``not_as_described``, ``late`` or ``changed_mind``; ``note``: the customer's words."""

    external_line_id: str
    units: int
    reason: str
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnInStore:
    """A return as a store has it. ``state``: ``requested`` (its customer waits for an answer), ``open``, ``closed``,
    ``declined`` or ``cancelled``."""

    external_id: str
    external_order_id: str
    name: str
    state: str
    lines: tuple[ReturnedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSuggested:
    """What a store would give back, and the most that it can."""

    amount: Money
    most: Money
