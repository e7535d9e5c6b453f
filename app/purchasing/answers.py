"""What suppliers answer through their channels, as plain values: adapters make them, services apply them.

Each answer names its purchase order by our ``number`` (or by ``purchase_order_id`` where the other side gives that) and
has a ``key`` that is the same whenever the same answer is brought: it is applied once. ``source`` is where it stood (a
file's name), and may be shared by several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from app.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LineName:
    """Which line is meant: by our id, or by our position (from 1), or by the SKU, whichever the other side gives. A SKU
    that is given beside a position must be the line's; where it is another's alone, that line is meant."""

    line_id: str = ""
    position: int | None = None
    sku: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    key: str
    number: str
    purchase_order_id: str = ""
    source: str = ""
    #: The supplier's own name of the order, where the answer tells it.
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedLine:
    """What is said about a line, or about some of its units: several of them, each another answer, share a line out.
    ``quantity``: of how many units it is said, counted as by ``app.purchasing.service.LineAnswer``; None: of all that
    the others leave. ``reason`` is one of ``app.purchasing.rules.REJECT_REASONS``. ``price``: what the supplier
    wants for a unit, in the order's currency, where it says that."""

    line: LineName
    answer: Literal["accepted", "backordered", "rejected"]
    quantity: int | None = None
    available_on: date | None = None
    reason: str | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement(_Answer):
    """The supplier answers an order: line by line, or ``whole`` for all lines that have no answer of their own."""

    lines: Sequence[AcknowledgedLine] = ()
    whole: Literal["accepted", "rejected"] | None = None
    #: Why the whole was rejected.
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelTold:
    """A parcel that left. ``carrier`` as the other side names it: free words are recognised by the number.
    ``shipped_at`` without a time zone is by the supplier's clock; of a day alone it is noon."""

    carrier: str
    tracking_number: str
    lines: Sequence[tuple[LineName, int]]
    tracking_url: str = ""
    shipped_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentTold(_Answer):
    """Parcels left. Where ``parcels`` name no lines, all that is open went with the first of them."""

    parcels: Sequence[ParcelTold]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTold(_Answer):
    """The supplier's invoice for an order."""

    invoice_number: str
    dated: date
    total: Money
    goods: Money | None = None
    shipping: Money | None = None
    tax: Money | None = None
    lines: Sequence[tuple[LineName, int, Money]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationTold(_Answer):
    """The supplier stopped an order by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAnswered(_Answer):
    """The answer to what we told or asked: that units are not wanted any more, or are to be stopped, or that the order
    is to go to another address. ``sequence``: of our message, where the answer names it; ``kind`` where it tells what
    it is about. ``lines``: the units of each line that are stopped (None: all that were asked for of it), 0 for those
    that are not; without any, ``granted`` says it of everything."""

    granted: bool
    kind: Literal["cancellation", "address"] | None = None
    sequence: int | None = None
    lines: Sequence[tuple[LineName, int | None]] = ()
    #: As ``ChangeReply.reason``.
    reason: str = "other"
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTold(_Answer):
    """The other side's machine has read our message (an X12 997): taken, or refused for its form. ``sequence`` is the
    message's, where the receipt names that instead of an order."""

    taken: bool
    sequence: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Something that was found and can't be read; the supplier is told once, by ``key``."""

    key: str
    source: str
    problem: str


Answer = Acknowledgement | ShipmentTold | InvoiceTold | CancellationTold | ChangeAnswered | ReceiptTold


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a poll brought, in the order in which it is to be applied. ``marks`` are remembered once all is written
    down; ``more``: the next poll is due at once."""

    answers: Sequence[Answer] = ()
    unreadable: Sequence[Unreadable] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    more: bool = False
    #: ``put_away`` has to send something for them, which needs a number of its own.
    owes: bool = False
