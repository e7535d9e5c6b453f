"""The port to store platforms. Adapters speak to a platform; they know nothing of our tables.

Every call may raise the four adapter errors of ``app.kit.errors``. A result list has one entry per entry asked
for, in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from app.stores.goods import (
    ListingPush,
    ListingPushed,
    LocationRef,
    PricePush,
    PushRefused,
    StockPush,
    StockSet,
    StockStale,
)
from app.stores.hooks import HookEnvelope, HookFact
from app.stores.money_back import RefundMade, RefundPending, RefundSuggested, RefundWish, ReturnInStore
from app.stores.parcels import FulfillmentOrderRef, OrderNote, TrackingPush, UnsentUnits
from app.stores.store_orders import StoreOrder

#: What a platform may be able to do; ask before using.
CAPABILITIES = frozenset(
    {
        "hooks",
        "push_listings",
        "push_stock",
        "push_prices",
        "read_back",
        "fulfillment_requests",
        "push_tracking",
        "merchant_fulfillment",
        "order_notes",
        "refunds",
        "refund_requests",
        "returns",
        "orders_since",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to sign in to one store. Tokens never appear in logs or errors."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAccess:
    """One store to be called: the platform's name of it, our way in, and what the adapter chose to remember
    (ids of publications and the like)."""

    external_id: str
    credentials: Credentials
    remembered: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """What a platform says of a shop."""

    external_id: str
    name: str
    url: str
    currency: str
    timezone: str
    country: str
    email: str | None = field(default=None, repr=False)
    remember: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class StorePlatform(Protocol):
    """One store platform."""

    @property
    def name(self) -> str:
        """The adapter's name, as it stands in ``stores.platform``."""

    @property
    def label(self) -> str:
        """The platform's name for people."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What it can do, of ``CAPABILITIES``."""

    @property
    def optional_scopes(self) -> Mapping[str, str]:
        """Capability → the permission that it needs and that a store may not have given."""

    def connect_url(self, url: str, *, state: str) -> tuple[str, str | None]:
        """For a shop's address: the platform's name of the shop, and where the merchant grants access
        (None when nothing is to be granted). Raises ``Invalid`` for an address that can't be one."""

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> HookEnvelope:
        """Check a hook's signature on its raw bytes; header names are in lower case. Raises ``ForgedHook``."""

    def translate_hook(self, envelope_topic: str, body: bytes) -> HookFact:
        """What a verified hook says. Raises ``ValueError`` when its body is not what the topic promises."""

    def refresh(self, access: StoreAccess) -> Credentials:
        """New credentials for ones that run out. Raises ``CredentialsRefused`` when a person must connect again."""

    def describe_shop(self, access: StoreAccess) -> ShopFacts:
        """Read the shop's facts, and prepare it for us (definitions and the like)."""

    def ensure_location(self, access: StoreAccess, name: str) -> LocationRef:
        """Find or make the location called ``name`` that stands for a supplier."""

    def push_listings(
        self, access: StoreAccess, listings: Sequence[ListingPush]
    ) -> Sequence[ListingPushed | PushRefused]:
        """Make or change products."""

    def push_prices(self, access: StoreAccess, prices: Sequence[PricePush]) -> Sequence[PushRefused | None]:
        """Change prices and costs; None for each that was taken."""

    def push_stock(
        self, access: StoreAccess, quantities: Sequence[StockPush], *, key: str
    ) -> Sequence[StockSet | StockStale | PushRefused]:
        """Set quantities. ``key`` makes a repeated call with the same quantities harmless."""

    def read_quantities(self, access: StoreAccess, places: Sequence[tuple[str, str]]) -> Sequence[int | None]:
        """What the store holds at (inventory id, location id); None where it has no such place."""

    def withdraw_listing(self, access: StoreAccess, external_id: str) -> None:
        """Stop showing a product to shoppers, without deleting it."""

    def fulfillment_orders(self, access: StoreAccess, external_order_id: str) -> Sequence[FulfillmentOrderRef]:
        """What the store wants sent for an order, by location. Empty while it has not decided."""

    def unsent_units(self, access: StoreAccess, external_order_id: str) -> Sequence[UnsentUnits]:
        """What is still to be sent of an order, wherever the store has it, as far as its merchant lets us see it: what
        the merchant sends itself is seen with the permission for ``merchant_fulfillment``."""

    def accept_fulfillment(self, access: StoreAccess, order: FulfillmentOrderRef) -> None:
        """Have the fulfilment requested from us if it is not yet, and accept it. Harmless when accepted."""

    def answer_cancellation(
        self, access: StoreAccess, fulfillment_order_id: str, *, accept: bool, message: str
    ) -> None:
        """Answer a request to stop a fulfilment order."""

    def push_tracking(self, access: StoreAccess, parcel: TrackingPush) -> str:
        """Tell the store that a parcel left. Returns the store's id; a second call for the same parcel finds it. Raises
        ``Rejected``, ``elsewhere`` where the fulfilment order is gone or does not hold all of the lines."""

    def change_tracking(self, access: StoreAccess, fulfillment_id: str, parcel: TrackingPush) -> None:
        """Give a parcel that the store knows another carrier and number. Harmless when it has them, and nobody is
        written to then."""

    def withdraw_tracking(self, access: StoreAccess, fulfillment_id: str | None, parcel: TrackingPush) -> None:
        """Take back a parcel that never left; without an id it is looked for by its numbers. Its units are to be sent
        again, by a fulfilment order that may be a new one. Harmless when the store does not have it."""

    def push_delivered(self, access: StoreAccess, fulfillment_id: str, at: datetime) -> None:
        """Tell the store that a parcel arrived."""

    def note_on_order(self, access: StoreAccess, note: OrderNote) -> None:
        """Tell the store's people something of an order; what they wrote themselves stays as it is, and its customer
        is not written to. A second call for the same key leaves the note that the first one made; where notes can't be
        read back, it says the same again. Raises ``Rejected``: ``held`` and ``not_decided`` pass; with ``not_open``
        nothing is left to be sent."""

    def suggest_refund(self, access: StoreAccess, wish: RefundWish) -> RefundSuggested:
        """What the store would give back for it; changes nothing. Raises ``Rejected`` as ``refund`` does."""

    def refund(self, access: StoreAccess, wish: RefundWish) -> RefundMade | RefundPending:
        """Give money back. A second call for the same reference finds what the first one made. Raises ``Rejected``:
        ``already_refunded`` where these units were refunded otherwise, ``too_much`` where more is wanted than the
        customer has paid, ``access_denied`` without the permission."""

    def hear_returns(self, access: StoreAccess) -> None:
        """Have the store tell of its returns. Harmless when it does."""

    def read_return(self, access: StoreAccess, external_id: str) -> ReturnInStore | None:
        """A return as it is now; None when there is none."""

    def answer_return(self, access: StoreAccess, external_id: str, *, accept: bool, reason: str) -> None:
        """Answer its customer's request, for a ``reason`` that the customer reads. One that was answered stays as it
        is."""

    def close_return(self, access: StoreAccess, external_id: str) -> None:
        """All of it is settled. Harmless when it is closed."""

    def orders_since(self, access: StoreAccess, since: datetime) -> Sequence[StoreOrder]:
        """Orders changed since then, oldest change first, also unpaid, refunded and cancelled ones: the catch-up for
        hooks that never came."""
