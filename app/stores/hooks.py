"""What a store's hooks say, in our words: adapters translate, jobs act on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.kit.money import Money
from app.stores.store_orders import StoreOrder


class ForgedHook(Exception):
    """A hook whose signature does not prove its sender; it is answered 401 and not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEnvelope:
    """A hook whose signature was right: who sent what, which delivery it is, and when it was triggered."""

    shop: str
    topic: str
    message_id: str
    event_id: str | None
    triggered_at: datetime | None
    headers: Mapping[str, str]


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
