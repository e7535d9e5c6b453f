"""A custom store: it reads listings and places orders through the REST API, so nothing is pushed to it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NoReturn
from urllib.parse import urlsplit

from app.config import settings
from app.kit.errors import Invalid, Rejected
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
from app.stores.hooks import ForgedHook, HookEnvelope, HookFact
from app.stores.money_back import RefundMade, RefundPending, RefundSuggested, RefundWish, ReturnInStore
from app.stores.parcels import FulfillmentOrderRef, OrderNote, TrackingPush, UnsentUnits
from app.stores.platform import Credentials, ShopFacts, StoreAccess
from app.stores.store_orders import StoreOrder

_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")


def _no() -> NoReturn:
    raise Rejected("not_supported", "A custom store reads from the API; nothing is pushed to it.")


class CustomStore:
    """The ``StorePlatform`` port for stores without a platform of their own."""

    name = "custom"
    label = "Custom store"
    #: Its own system is asked by an event, and reports through the API.
    capabilities = frozenset({"refund_requests"})
    optional_scopes: Mapping[str, str] = MappingProxyType({})

    def connect_url(self, url: str, *, state: str) -> tuple[str, str | None]:
        """The store's host is its name; nothing is to be granted. https is needed, but for this machine while
        developing."""
        text = url.strip()
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise _invalid() from error
        local = host == "localhost" or _is_loopback(host)
        if local and settings().environment == "production":
            raise _invalid()
        if not local and (parts.scheme != "https" or not _HOST.fullmatch(host)):
            raise _invalid()
        if parts.scheme not in ("https", "http") or parts.username or parts.password:
            raise _invalid()
        if port == _DEFAULT_PORTS[parts.scheme]:
            port = None
        return (f"{host}:{port}" if port else host), None

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> HookEnvelope:
        """Custom stores send no hooks."""
        raise ForgedHook("custom stores send no hooks")

    def translate_hook(self, envelope_topic: str, body: bytes) -> HookFact:
        """Custom stores send no hooks."""
        raise ValueError("custom stores send no hooks")

    def refresh(self, access: StoreAccess) -> Credentials:
        """Not supported."""
        _no()

    def describe_shop(self, access: StoreAccess) -> ShopFacts:
        """Not supported."""
        _no()

    def ensure_location(self, access: StoreAccess, name: str) -> LocationRef:
        """Not supported."""
        _no()

    def push_listings(
        self, access: StoreAccess, listings: Sequence[ListingPush]
    ) -> Sequence[ListingPushed | PushRefused]:
        """Not supported."""
        _no()

    def push_prices(self, access: StoreAccess, prices: Sequence[PricePush]) -> Sequence[PushRefused | None]:
        """Not supported."""
        _no()

    def push_stock(
        self, access: StoreAccess, quantities: Sequence[StockPush], *, key: str
    ) -> Sequence[StockSet | StockStale | PushRefused]:
        """Not supported."""
        _no()

    def read_quantities(self, access: StoreAccess, places: Sequence[tuple[str, str]]) -> Sequence[int | None]:
        """Not supported."""
        _no()

    def withdraw_listing(self, access: StoreAccess, external_id: str) -> None:
        """Not supported."""
        _no()

    def fulfillment_orders(self, access: StoreAccess, external_order_id: str) -> Sequence[FulfillmentOrderRef]:
        """Not supported."""
        _no()

    def unsent_units(self, access: StoreAccess, external_order_id: str) -> Sequence[UnsentUnits]:
        """Not supported."""
        _no()

    def accept_fulfillment(self, access: StoreAccess, order: FulfillmentOrderRef) -> None:
        """Not supported."""
        _no()

    def answer_cancellation(
        self, access: StoreAccess, fulfillment_order_id: str, *, accept: bool, message: str
    ) -> None:
        """Not supported."""
        _no()

    def push_tracking(self, access: StoreAccess, parcel: TrackingPush) -> str:
        """Not supported."""
        _no()

    def change_tracking(self, access: StoreAccess, fulfillment_id: str, parcel: TrackingPush) -> None:
        """Not supported."""
        _no()

    def withdraw_tracking(self, access: StoreAccess, fulfillment_id: str | None, parcel: TrackingPush) -> None:
        """Not supported."""
        _no()

    def push_delivered(self, access: StoreAccess, fulfillment_id: str, at: datetime) -> None:
        """Not supported."""
        _no()

    def note_on_order(self, access: StoreAccess, note: OrderNote) -> None:
        """Not supported: its system is told by an event."""
        _no()

    def suggest_refund(self, access: StoreAccess, wish: RefundWish) -> RefundSuggested:
        """Not supported."""
        _no()

    def refund(self, access: StoreAccess, wish: RefundWish) -> RefundMade | RefundPending:
        """Not supported: its system is asked by an event."""
        _no()

    def hear_returns(self, access: StoreAccess) -> None:
        """Not supported."""
        _no()

    def read_return(self, access: StoreAccess, external_id: str) -> ReturnInStore | None:
        """Not supported: it asks for returns through the API."""
        _no()

    def answer_return(self, access: StoreAccess, external_id: str, *, accept: bool, reason: str) -> None:
        """Not supported."""
        _no()

    def close_return(self, access: StoreAccess, external_id: str) -> None:
        """Not supported."""
        _no()

    def orders_since(self, access: StoreAccess, since: datetime) -> Sequence[StoreOrder]:
        """Not supported."""
        _no()


def _invalid() -> Invalid:
    return Invalid.field("url", "not_a_store", "Give the store's address, such as https://shop.example.com.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
