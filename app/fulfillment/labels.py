"""The port to gateways that sell postage: rates of many carriers, labels, and money back for those not used. They also
follow parcels whose labels were bought elsewhere.

Each supplier, and each retailer that pays for its customers' returns, buys with an account of its own at the gateway:
it pays, and the carriers' terms are its own. Every call may raise the four adapter errors of ``app.kit.errors``; after
``Unavailable`` a label may have been bought, which ``bought`` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from app.fulfillment.carrier import CarrierEvent, Tracked
from app.kit.money import Money


class ForgedNotice(Exception):
    """A hook whose signature does not prove its sender."""


#: What became of the money of a label that was not used.
REFUND_STATES = ("submitted", "refunded", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An organisation's way in."""

    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAccount:
    """The platform's way in, and what the gateway signs its hooks with; an empty word: it sends none."""

    access: Access
    hook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sends, gets, or takes back. Personal data: never logged."""

    name: str
    street1: str
    city: str
    postal_code: str
    country_code: str
    company: str = ""
    street2: str = ""
    province: str = ""
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return f"Party(country_code={self.country_code!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Weight in grams, packing included; sides in millimetres."""

    grams: int
    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one carrier's service asks. ``days``: to the door, where the carrier says so."""

    ref: str
    carrier: str
    service: str
    amount: Money
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The gateway's reference of the parcel, of which one label can be bought, and its offers."""

    ref: str
    offers: Sequence[Offer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label that was bought."""

    carrier: str
    service: str
    tracking_number: str
    tracking_url: str | None
    amount: Money
    content: bytes = field(repr=False)
    #: ``application/pdf`` or ``application/zpl``.
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerMoved:
    """The gateway saw a parcel move. ``ref``: its own name of whatever it follows the parcel by."""

    tracking_number: str
    events: Sequence[CarrierEvent]
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A parcel with a number from elsewhere that the gateway follows: its name for it, and what was seen."""

    ref: str
    seen: Tracked


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMoved:
    """Money of a label moved: one of ``REFUND_STATES``."""

    tracking_number: str
    state: str


Told = TrackerMoved | RefundMoved | None


@runtime_checkable
class LabelGateway(Protocol):
    """One gateway."""

    @property
    def name(self) -> str:
        """The adapter's name."""

    @property
    def label(self) -> str:
        """Its name for people."""

    def try_out(self, access: Access) -> None:
        """Ask something with a key that changes and costs nothing. ``CredentialsRefused``: the gateway does not take
        it."""

    def quote(
        self,
        access: Access,
        package: Package,
        *,
        sender: Party,
        recipient: Party,
        returns: Party,
        reference: str,
        form: str = "PDF",
        coming_back: bool = False,
    ) -> Quoted:
        """Ask what carriers want for a parcel. ``returns`` stands on the label as where it goes back to; ``form`` is
        ``PDF`` or ``ZPL``. ``coming_back``: a customer sends it back, with a label that is billed as carriers bill
        returns; ``reference`` then stands on the label, where the carrier prints any."""

    def buy(self, access: Access, ref: str, offer_ref: str) -> Label:
        """Buy the label of a quoted parcel. A second one is refused by the gateway; the first is given then."""

    def bought(self, access: Access, ref: str) -> Label | None:
        """The label that was bought of a quoted parcel; None when there is none."""

    def moves(self, access: Access, ref: str) -> Sequence[CarrierEvent]:
        """Where the parcel of a bought label was seen, for gateways whose hooks did not come."""

    def give_back(self, access: Access, ref: str) -> str:
        """Ask the money of an unused label back. Returns one of ``REFUND_STATES``; twice is once."""

    def platform(self) -> PlatformAccount | None:
        """The platform's own account, by which parcels are followed whose supplier has none; None where there is
        none."""

    def follows(self, carrier: str) -> bool:
        """Whether it can follow parcels of a carrier (an adapter's name) with labels from elsewhere."""

    def follow(self, access: Access, carrier: str, tracking_number: str) -> Followed:
        """Have a number followed from now on. One that the account has followed already is found again and costs
        nothing more. ``Rejected`` where the gateway does not know such a number."""

    def followed(self, access: Access, ref: str) -> Followed:
        """Where that parcel was seen, for hooks that did not come. ``Rejected`` where the account follows no such."""

    def told(self, headers: Mapping[str, str], body: bytes, secret: str, *, at: datetime) -> Told:
        """What a hook says; header names are in lower case. Raises ``ForgedNotice`` where its signature is not
        ``secret``'s."""
