"""The port to supplier channels: how a supplier is told of its purchase orders, and how it answers.

A channel is one of three kinds. It sends nothing (the portal: the order is seen there). It composes a letter that the
house sends (e-mail). Or it transmits: it speaks to a supplier's own system, and may be asked whether a purchase order
arrived there (``probe``), to stop one (``cancel``), to change one that the supplier has accepted (``ask``), and what
the supplier answers (``poll``). Adapters derive from
``SupplierChannel`` and override what they can do. They know nothing of our tables; what they bring is applied by the
services that a person's click is applied by.

Any call that goes out may raise the four errors of ``app.kit.errors``. After ``Unavailable`` it is not known whether
the message arrived: it is never sent again before ``probe`` has answered. ``Rejected`` says in words for the supplier
what is wrong; the others, and ``NothingSent`` of the unavailable ones, mean that nothing was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from app.kit.errors import Invalid
from app.kit.money import Money
from app.purchasing.answers import Answers
from app.stores.store_orders import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A field of a channel's form. Values of the kinds ``secret`` (one line) and ``secret_text`` (many lines, such as a
    private key) are sealed and never shown again; ``signing_secret`` is made by us and shown to the supplier once.
    ``is_address``: it says where secrets are sent, so that another value
    asks for them anew. ``label``, ``help`` and the labels of ``choices`` are marked for translation."""

    name: str
    label: str
    help: str = ""
    kind: Literal[
        "text", "url", "number", "long_text", "choice", "yes_no", "secret", "secret_text", "signing_secret"
    ] = "text"
    choices: Sequence[tuple[str, str]] = ()
    required: bool = True
    default: str = ""
    example: str = ""
    is_address: bool = False

    @property
    def is_secret(self) -> bool:
        """Whether its value is sealed."""
        return self.kind in ("secret", "secret_text", "signing_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """A supplier's settings of its channel: the form's ``values``, the ``secrets`` of it in the clear, and ``marks``,
    what the adapter asked to be remembered (a host's key, a cursor). Marks hold no secrets."""

    supplier_id: str
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    marks: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A value or a secret; empty where it was not given."""
        return self.secrets.get(name) or self.values.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderLineNote:
    """A line as the supplier is told of it: the units that are wanted still. ``position`` counts from 1 and stays."""

    sku: str
    title: str
    quantity: int
    wholesale_price: Money
    id: str = ""
    position: int = 1
    gtin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderNote:
    """Who stands on the parcels in place of the supplier: ``as_sender`` by name and telephone, above the place that
    they leave from; ``as_return_address``: what can't be delivered goes there."""

    address: Address
    as_sender: bool
    as_return_address: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderNote:
    """A purchase order as the supplier is told of it, with the money of the units that its lines hold. ``address`` and
    ``sender`` are there for those channels only that ask for them (``needs_address``): the hand-over to the supplier's
    own system is written down as a reading of them. Letters never hold them. Moments are by the supplier's clock."""

    id: str
    number: str
    retailer_name: str
    supplier_id: str
    supplier_name: str
    recipients: Sequence[str]
    country: str
    ship_by: datetime | None
    url: str
    #: Goods and shipping, before the platform's fee.
    total: Money
    lines: Sequence[PurchaseOrderLineNote]
    #: The retailer ordered it for itself, to look at.
    sample: bool = False
    retailer_id: str = ""
    #: What the shopper's store calls the order.
    order_reference: str = ""
    #: With the order fee, which is what of it the supplier asks for the order itself.
    shipping: Money | None = None
    order_fee: Money | None = None
    shipping_method: str = ""
    released_at: datetime | None = None
    acknowledge_by: datetime | None = None
    address: Address | None = None
    #: None: the supplier stands on them itself.
    sender: SenderNote | None = None
    #: The units of each line that are not wanted any more, for channels that name what is withdrawn.
    withdrawn: Sequence[PurchaseOrderLineNote] = ()
    #: Units of the order that had left, or were packed, before it was told: its lines don't hold them.
    left_before: int = 0


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to be sent by e-mail."""

    subject: str
    paragraphs: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Which message this is. ``key`` is stored before the first try and is the same on every try of the same message:
    the other side may know a repetition by it. ``sequence`` counts a supplier's messages of a channel from 1 without
    repeating (for control numbers); it belongs to the key. ``again``: it was tried before."""

    key: str
    sequence: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Transmitted:
    """The message was handed over. ``reference`` is the supplier's own name of it, where it gave one. ``confirmed``:
    its system has taken the order; otherwise (a file that was put down) that is still to be heard."""

    reference: str = ""
    confirmed: bool = False
    #: To be remembered with the settings' marks.
    marks: Mapping[str, str] = field(default_factory=dict)


class Presence(StrEnum):
    """What a probe found out."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Probed:
    """Whether the supplier's system knows a purchase order, and by which name."""

    presence: Presence
    reference: str = ""


class Stopping(StrEnum):
    """What became of the wish to stop a purchase order."""

    #: The supplier's system has stopped it.
    STOPPED = "stopped"
    #: It was asked; the answer comes by ``poll``.
    ASKED = "asked"
    #: It is too late.
    REFUSED = "refused"


ChangeKind = Literal["cancellation", "address"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNote:
    """A change of a purchase order that the supplier has accepted, as its system is asked for it. ``stops``: of a
    cancellation, the units of each line that are to be stopped; the same whenever the same message is sent. ``order``
    is the order as it is now: its lines with the units that are wanted while nothing is stopped, and for another
    address the one that it is to go to. ``withdrawn``: the change is no longer asked for; ``order`` says what holds."""

    id: str
    kind: ChangeKind
    order: PurchaseOrderNote
    stops: Sequence[PurchaseOrderLineNote] = ()
    #: Of ``stops``, what is known to be stopped by now, which ``order`` no longer holds.
    stopped: Mapping[str, int] = field(default_factory=dict)
    #: Why, in the retailer's words.
    note: str = ""
    answer_by: datetime | None = None
    withdrawn: bool = False
    #: Nobody is asked: the supplier has promised nothing yet, and ``order`` holds.
    settled: bool = False

    @property
    def left(self) -> Mapping[str, int]:
        """The units of each line (by its id) that are wanted once the change is done."""
        open_stops = {line.id: line.quantity - self.stopped.get(line.id, 0) for line in self.stops}
        return {
            line.id: line.quantity - (0 if self.withdrawn else open_stops.get(line.id, 0)) for line in self.order.lines
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReply:
    """What a supplier's system says at once to a change that it was asked for. ``asked``: the answer is still to come.
    ``stopped`` of an accepted cancellation: the units of each line (by its id) that are stopped, counted from the
    request on, also those that an earlier try stopped; None: all that was asked for. In reply to a withdrawal they are
    what it had stopped before and can't send any more. ``reason`` of a refusal is one of
    ``packed``, ``shipped``, ``made_to_order`` or ``other``; ``message`` says it in words."""

    answer: Literal["asked", "accepted", "refused"]
    stopped: Mapping[str, int] | None = None
    reason: str = "other"
    message: str = ""
    #: To be remembered with the settings' marks.
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """The purchase orders that went through the channel and are not finished. ``since``: when the first of them was
    sent; None where there is none. ``of`` says which of such numbers are theirs: there may be more of them than could
    be named beforehand."""

    since: datetime | None
    of: Callable[[Collection[str]], Collection[str]]


#: The mark in which sources are kept, as a JSON list, all of whose answers name orders that are none of this
#: supplier's.
FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Handled:
    """An answer of a poll that was written down, or could not be: ``problem`` says why in words for the supplier.
    ``key`` and ``source`` are the answer's. ``foreign``: it names an order that is none of this supplier's."""

    key: str
    source: str
    problem: str = ""
    foreign: bool = False


class SupplierChannel:
    """One way of telling suppliers. Derive from it and override what the channel can do; contract:
    ``tests/adapters/channels``."""

    #: The adapter's name, as tables hold it.
    name: ClassVar[str]
    #: For people, marked for translation: what it is called, and in one sentence for whom it is.
    label: ClassVar[str]
    summary: ClassVar[str] = ""
    #: The settings that a supplier fills in.
    form: ClassVar[Sequence[Setting]] = ()
    #: It speaks to the supplier's system: ``transmit`` is called, not ``compose``.
    transmits: ClassVar[bool] = False
    #: ``transmit`` takes several purchase orders as one message; otherwise it is given one.
    batches: ClassVar[bool] = False
    #: Its messages hold the shopper's address.
    needs_address: ClassVar[bool] = False
    #: ``poll`` brings answers, asked so many minutes apart; 0: it is never asked.
    poll_minutes: ClassVar[int] = 0
    #: ``cancel`` tells the supplier's system.
    cancels: ClassVar[bool] = False

    def check(self, settings: ChannelSettings) -> None:
        """Look at settings by their form, without going anywhere. Raises ``Invalid`` that names a setting."""
        for one in self.form:
            if one.required and one.kind not in ("yes_no", "signing_secret") and not settings.get(one.name):
                raise Invalid.field(one.name, "required", "This is needed.")

    def test(self, settings: ChannelSettings) -> str:
        """Try the settings with the other side without sending an order. Returns what was found, in a sentence for the
        supplier. Raises the four errors."""
        return ""

    def compose(self, notes: Sequence[PurchaseOrderNote]) -> Composed | None:
        """The letter that this channel wants sent for purchase orders (one, or those of a batch); None where seeing
        them in the portal is enough, or where there is nobody to write to."""
        return None

    def transmit(self, notes: Sequence[PurchaseOrderNote], settings: ChannelSettings, sending: Sending) -> Transmitted:
        """Hand purchase orders (one, unless it ``batches``) over as one message. Raises the four errors."""
        raise TypeError(f"the channel {self.name} transmits nothing")

    def probe(self, note: PurchaseOrderNote, settings: ChannelSettings, sending: Sending) -> Probed:
        """Whether a purchase order of a message whose outcome is unknown arrived: by the message's key, or by the
        purchase order's number. Raises the four errors; they leave it unknown."""
        return Probed(Presence.CANNOT_TELL)

    def cancel(self, note: PurchaseOrderNote, reference: str, settings: ChannelSettings, sending: Sending) -> Stopping:
        """Ask the supplier's system to stop what is withdrawn of a purchase order that it was given under
        ``reference``: all of it where ``note`` has no lines left, else ``note`` holds what is still wanted. Repeating
        it with the same key asks once. Raises the four errors."""
        raise TypeError(f"the channel {self.name} stops nothing")

    def takes(self, kind: ChangeKind, settings: ChannelSettings) -> bool:
        """Whether the supplier's system can be asked for such a change (``ask``). Where it can't, its people are."""
        return False

    def ask(self, change: ChangeNote, reference: str, settings: ChannelSettings, sending: Sending) -> ChangeReply:
        """Ask the supplier's system for a change of an order that it was given under ``reference``, or tell it that one
        is no longer wanted. Repeating it with the same key asks once; where ``sending`` is tried ``again``, what has
        become of the earlier try is looked at first. Raises the four errors; ``Rejected`` means that the system does
        not take such messages, and people are asked."""
        raise TypeError(f"the channel {self.name} asks for no changes")

    def poll(self, settings: ChannelSettings, awaiting: Awaiting) -> Answers:
        """What the supplier has answered since the settings' marks. The same answer may be brought again: its key
        tells. Nothing is put away yet. Raises the four errors."""
        return Answers()

    def put_away(self, settings: ChannelSettings, handled: Sequence[Handled], sequence: int) -> Mapping[str, str]:
        """The answers and their marks are written down for good: files may be archived, receipts be sent. ``settings``
        hold the new marks; ``sequence`` is the number of what the answers owe (``Answers.owes``), the same on every try
        of the same. Called after each poll, and again after a crash. Returns marks to be remembered. Raises the four
        errors."""
        return {}
