"""What connected stores tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConnected(OfRetailer):
    """A store can be reached (again)."""

    topic: ClassVar[str] = "stores.connected"
    store_id: UUID

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDisconnected(OfRetailer):
    """A store can't be reached any more. ``reason`` is ``uninstalled`` or ``access_lost``."""

    topic: ClassVar[str] = "stores.disconnected"
    store_id: UUID
    reason: str

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentWanted(OfRetailer):
    """A store has decided what is to be sent for an order, or asks for it."""

    topic: ClassVar[str] = "stores.fulfillment_wanted"
    store_id: UUID
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReturnTold(OfRetailer):
    """A return in a store has changed."""

    topic: ClassVar[str] = "stores.return_told"
    store_id: UUID
    return_ref: str

    @property
    def key(self) -> str:
        return f"store_return:{self.return_ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopesGranted(OfRetailer):
    """A store's merchant has changed what we may do there."""

    topic: ClassVar[str] = "stores.scopes_granted"
    store_id: UUID

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationWanted(OfRetailer):
    """A store asks us to stop a fulfilment order; ``accept`` is what we decided to answer."""

    topic: ClassVar[str] = "stores.cancellation_wanted"
    store_id: UUID
    fulfillment_order_ref: str
    accept: bool

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"
