"""The port to store platforms. Adapters speak to a platform; they know nothing of our tables.

Every call may raise the four adapter errors of ``app.kit.errors``. A result list has one entry per entry asked
for, in the same order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from app.kit.money import Money

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


class ForgedHook(Exception):
    """A hook whose signature does not prove its sender; it is answered 401 and not stored."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEnvelope:
    """A hook whose signature was right: who sent what, which delivery it is, and when it was triggered."""

    shop: str
    topic: str
    message_id: str
    event_id: str | None
    triggered_at: datetime | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a parcel goes. Personal data: sealed at rest, never logged."""

    name: str
    address1: str
    city: str
    postal_code: str
    country_code: str
    company: str = ""
    address2: str = ""
    province: str = ""
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return f"Address(country_code={self.country_code!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrderLine:
    """A line of a store's order. ``external_variant_id`` is None for custom lines; ``quantity`` is what is
    still to be delivered (ordered less refunded or removed); ``unsent`` what of it nobody has sent yet, where the store
    says so. ``unit_price`` is what the shopper pays for one, after all discounts. ``fulfilled_by`` is the store's name
    of who it expects to deliver it, empty for the shop itself."""

    external_line_id: str
    external_variant_id: str | None
    title: str
    sku: str
    quantity: int
    unit_price: Money | None
    external_product_id: str | None = None
    fulfilled_by: str = ""
    unsent: int | None = None


class Payment(StrEnum):
    """How far the customer of a store's order has paid."""

    PAID = "paid"
    #: Nothing yet: a bank transfer, cash on delivery, payment terms.
    PENDING = "pending"
    #: The money is set aside for the store, which has not taken it.
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    #: It was to be paid, and will not be: withdrawn, or its time is over.
    LAPSED = "lapsed"
    #: Given back whole, or the store does not say.
    OTHER = "other"


#: Money that may still come.
AWAITED = frozenset({Payment.PENDING, Payment.AUTHORIZED, Payment.PARTIALLY_PAID})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrder:
    """An order as a store tells it. ``address`` is None when it needs none or the store gave none."""

    external_id: str
    name: str
    currency: str
    payment: Payment
    cancelled: bool
    test: bool
    placed_at: datetime
    updated_at: datetime
    address: Address | None
    note: str
    lines: tuple[StoreOrderLine, ...]
    #: Where it is billed, and by what the customer is known in the store. Only a keyed hash of the latter is kept.
    billing_country: str = ""
    customer_ref: str = field(default="", repr=False)

    @property
    def paid(self) -> bool:
        """Whether all that it costs was taken."""
        return self.payment is Payment.PAID

    @property
    def awaited(self) -> bool:
        """Whether it is still to be paid."""
        return self.payment in AWAITED


@dataclass(frozen=True, slots=True)
class OrderReported:
    """A store order came, was paid or changed."""

    order: StoreOrder


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """A store order was cancelled. ``order`` is what was ordered, where the store says it."""

    external_id: str
    order: StoreOrder | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ReturnTold:
    """A return in a store has changed; what it is now is read from the store."""

    external_id: str


@dataclass(frozen=True, slots=True)
class RiskTold:
    """What a store's platform thinks of an order's risk: ``low``, ``medium``, ``high``, ``none`` or ``pending``."""

    external_id: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded:
    """A store gave money back for units of an order: ``units`` by the store's line ids. What of them is no longer to be
    delivered, the order itself says. ``note``: the store's own words about it, in which our reference stands where it
    was made by us; ``amount``: what went back, where the store tells it."""

    external_id: str
    refund_id: str
    units: Mapping[str, int]
    note: str = field(default="", repr=False)
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class AppUninstalled:
    """The merchant removed the app: our tokens are dead."""


@dataclass(frozen=True, slots=True)
class ScopesChanged:
    """The merchant granted or withdrew permissions."""

    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductRemoved:
    """A product was deleted in the store."""

    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEdited:
    """A product was changed in the store, by us or by the retailer. ``prices`` are by the store's variant ids."""

    external_id: str
    title: str
    description_html: str
    prices: Mapping[str, str]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FulfillmentAsked:
    """The store wants an order's goods sent, or has just decided which location sends them."""

    external_order_id: str | None
    external_fulfillment_order_id: str | None


@dataclass(frozen=True, slots=True)
class CancellationAsked:
    """The store asks us to stop a fulfilment order."""

    external_fulfillment_order_id: str


@dataclass(frozen=True, slots=True)
class PrivacyAsked:
    """A shopper's or shop's data is to be handed over or erased. ``kind`` is ``customer_data``,
    ``customer_redact`` or ``shop_redact``."""

    kind: str
    external_order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A hook that asks nothing of us; ``why`` goes into the inbox's outcome."""

    why: str


HookFact = (
    OrderReported
    | OrderCancelled
    | OrderRefunded
    | ReturnTold
    | RiskTold
    | AppUninstalled
    | ScopesChanged
    | ProductRemoved
    | ProductEdited
    | FulfillmentAsked
    | CancellationAsked
    | PrivacyAsked
    | Ignored
)


@dataclass(frozen=True, slots=True)
class LocationRef:
    """A location inside a store that stands for one supplier."""

    location_id: str
    service_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPush:
    """What a store should show of one variant. ``key`` is our id of it and comes back in the result."""

    key: str
    sku: str
    gtin: str | None
    options: Mapping[str, str]
    price: Money
    compare_at: Money | None
    cost: Money
    weight_grams: int | None
    quantity: int
    external_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPush:
    """What a store should show of one product. ``key`` is our id of the listing: a second push with the same
    key changes the product that the first one made. Fields that the retailer owns are None."""

    key: str
    title: str | None
    description_html: str | None
    vendor: str
    product_type: str
    tags: Sequence[str]
    images: Sequence[tuple[str, str]] | None
    option_names: Sequence[str]
    published: bool
    location: LocationRef
    external_id: str | None
    variants: Sequence[VariantPush]
    #: Title and description for search engines, for a product that is made; the retailer's from then on.
    seo: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPushed:
    """The store's ids of one variant."""

    key: str
    external_id: str
    inventory_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPushed:
    """The store took the listing."""

    external_id: str
    handle: str
    variants: Sequence[VariantPushed]


@dataclass(frozen=True, slots=True)
class PushRefused:
    """The store refused one entry. ``message`` is in our words, ``original`` in the store's; ``gone`` says that
    the thing no longer exists there."""

    code: str
    message: str
    original: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPush:
    """Set the quantity of one variant at one location, if the store still holds ``change_from``."""

    inventory_id: str
    location_id: str
    quantity: int
    change_from: int | None


@dataclass(frozen=True, slots=True)
class StockSet:
    """The quantity was set."""


@dataclass(frozen=True, slots=True)
class StockStale:
    """The store holds another quantity than we believed; nothing was set. ``actual`` is what it holds."""

    actual: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePush:
    """Set price, compare-at price and cost of one variant."""

    product_id: str
    variant_id: str
    price: Money | None
    compare_at: Money | None
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentOrderRef:
    """The store's own idea of what one location has to send for an order. ``state`` is ``open``, ``held`` (the merchant
    or another app lets it wait), ``requested``, ``accepted``, ``closed`` or ``cancelled``."""

    external_id: str
    location_id: str
    state: str
    #: The location is the merchant's own: nobody is asked to send it, and nothing is to be accepted.
    of_merchant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentUnits:
    """Units of lines of an order that a store has to send, by the store's line ids, and where."""

    order: FulfillmentOrderRef
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingPush:
    """A parcel that left: which lines of the store's order, by the store's line ids. ``also_known_as``: another number
    that the store may know it by, from a call whose answer was lost. ``others``: the store's ids of other parcels
    of the order, which may have the same number."""

    fulfillment_order_id: str
    lines: Mapping[str, int]
    carrier: str
    tracking_number: str
    tracking_url: str | None
    notify_shopper: bool
    also_known_as: str | None = None
    others: Collection[str] = ()


#: The longest text of a note on an order: Shopify takes no longer one with a report of progress.
LONGEST_NOTE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNote:
    """What the people of a store should know of units of an order, in at most ``LONGEST_NOTE`` characters. ``key``:
    ours, of this very note. ``location_id``: where the store has these units; None where it has no place for them."""

    key: str
    external_order_id: str
    location_id: str | None
    text: str


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
