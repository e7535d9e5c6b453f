"""Shopify as a store platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.adapters.stores.shopify import credentials, fulfillment, inventory, listings, refunds, returns
from app.adapters.stores.shopify.client import AdminClient
from app.adapters.stores.shopify.embedding import install_url
from app.adapters.stores.shopify.manifest import CAPABILITIES, LABEL, LISTING_KEY, NAME, OPTIONAL_SCOPES
from app.adapters.stores.shopify.orders import from_query
from app.adapters.stores.shopify.signatures import valid_shop, verify_hook
from app.adapters.stores.shopify.translate import translate
from app.kit import clock
from app.kit.countries import is_country
from app.kit.errors import CredentialsRefused, Invalid, Rejected
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
from app.stores.platform import Credentials, ShopFacts, StoreAccess
from app.stores.store_orders import StoreOrder

_ONLINE_STORE = "Online Store"


class Shopify:
    """The ``StorePlatform`` port for Shopify (Admin API 2026-10, GraphQL only)."""

    name = NAME
    label = LABEL
    capabilities = CAPABILITIES
    optional_scopes = OPTIONAL_SCOPES

    def __init__(self, client: AdminClient | None = None) -> None:
        self._client = client or AdminClient()

    def connect_url(self, url: str, *, state: str) -> tuple[str, str | None]:
        """The shop's myshopify.com domain, and where the app is installed from. The grant proves itself by the
        ID token with which the merchant comes back, so ``state`` is not needed."""
        shop = valid_shop(url)
        if shop is None:
            raise Invalid.field("url", "not_a_shop", "Give the shop's address, such as northwind.myshopify.com.")
        return shop, install_url(shop)

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> HookEnvelope:
        """By the HMAC of the raw body."""
        return verify_hook(headers, body)

    def translate_hook(self, envelope_topic: str, body: bytes) -> HookFact:
        """See ``translate``."""
        return translate(envelope_topic, body)

    def refresh(self, access: StoreAccess) -> Credentials:
        """By the refresh token; without one, or when it is refused, the merchant must open the app again."""
        token = access.credentials.refresh_token
        if token is None:
            raise CredentialsRefused("there is no refresh token")
        return credentials.refresh(access.external_id, token)

    def describe_shop(self, access: StoreAccess) -> ShopFacts:
        """Read the shop, make the metafield that identifies our products, and remember the Online Store."""
        data = self._client.call(access, "shop", {})
        shop = data["shop"]
        self._ensure_listing_key(access)
        publication = next(
            (node["id"] for node in data["publications"]["nodes"] if node["name"] == _ONLINE_STORE), None
        )
        return ShopFacts(
            external_id=shop["myshopifyDomain"],
            name=shop["name"],
            url=shop["primaryDomain"]["url"],
            currency=shop["currencyCode"],
            timezone=shop["ianaTimezone"],
            # Shopify calls it ZZ where it is not known.
            country=told if is_country(told := (shop.get("shopAddress") or {}).get("countryCodeV2") or "") else "",
            email=shop.get("email"),
            remember={"publication_id": publication},
        )

    def _ensure_listing_key(self, access: StoreAccess) -> None:
        namespace, key = LISTING_KEY
        definition = {
            "name": "Crossdock listing",
            "namespace": namespace,
            "key": key,
            "type": "id",
            "ownerType": "PRODUCT",
        }
        answer = self._client.call(access, "metafield_definition_create", {"definition": definition})
        for error in answer["metafieldDefinitionCreate"]["userErrors"]:
            if error["code"] != "TAKEN":
                raise Rejected(str(error["code"]).lower(), error["message"])

    def ensure_location(self, access: StoreAccess, name: str) -> LocationRef:
        """Our fulfilment service called ``name``, found or made; Shopify makes its location."""
        return inventory.ensure_location(self._client, access, name)

    def push_listings(
        self, access: StoreAccess, listings_: Sequence[ListingPush]
    ) -> Sequence[ListingPushed | PushRefused]:
        """Make new products by ``productSet``; change existing ones field by field."""
        return [listings.push(self._client, access, listing) for listing in listings_]

    def push_prices(self, access: StoreAccess, prices: Sequence[PricePush]) -> Sequence[PushRefused | None]:
        """By ``productVariantsBulkUpdate``, one call for each product."""
        return listings.push_prices(self._client, access, prices)

    def push_stock(
        self, access: StoreAccess, quantities: Sequence[StockPush], *, key: str
    ) -> Sequence[StockSet | StockStale | PushRefused]:
        """By ``inventorySetQuantities`` with compare-and-set."""
        return inventory.push_stock(self._client, access, quantities, key)

    def read_quantities(self, access: StoreAccess, places: Sequence[tuple[str, str]]) -> Sequence[int | None]:
        """The available quantity at each place."""
        return inventory.read_quantities(self._client, access, places)

    def withdraw_listing(self, access: StoreAccess, external_id: str) -> None:
        """Make the product a draft. One that is gone is withdrawn enough."""
        listings.withdraw(self._client, access, external_id)

    def fulfillment_orders(self, access: StoreAccess, external_order_id: str) -> Sequence[FulfillmentOrderRef]:
        """The order's fulfilment orders that have a location."""
        return fulfillment.fulfillment_orders(self._client, access, external_order_id)

    def unsent_units(self, access: StoreAccess, external_order_id: str) -> Sequence[UnsentUnits]:
        """The lines of the order's open fulfilment orders."""
        return fulfillment.unsent_units(self._client, access, external_order_id)

    def accept_fulfillment(self, access: StoreAccess, order: FulfillmentOrderRef) -> None:
        """Request the fulfilment from our service if nobody has, and accept it."""
        fulfillment.accept(self._client, access, order)

    def answer_cancellation(
        self, access: StoreAccess, fulfillment_order_id: str, *, accept: bool, message: str
    ) -> None:
        """Accept or reject; an answer that was given already stands."""
        fulfillment.answer_cancellation(self._client, access, fulfillment_order_id, accept=accept, message=message)

    def push_tracking(self, access: StoreAccess, parcel: TrackingPush) -> str:
        """Make the fulfilment of a parcel, or find the one that carries its number."""
        return fulfillment.push_tracking(self._client, access, parcel)

    def change_tracking(self, access: StoreAccess, fulfillment_id: str, parcel: TrackingPush) -> None:
        """Give a fulfilment another carrier and number."""
        fulfillment.change_tracking(self._client, access, fulfillment_id, parcel)

    def withdraw_tracking(self, access: StoreAccess, fulfillment_id: str | None, parcel: TrackingPush) -> None:
        """Cancel the fulfilment of a parcel that never left."""
        fulfillment.withdraw_tracking(self._client, access, fulfillment_id, parcel)

    def push_delivered(self, access: StoreAccess, fulfillment_id: str, at: datetime) -> None:
        """Add the event DELIVERED, once."""
        fulfillment.push_delivered(self._client, access, fulfillment_id, at)

    def note_on_order(self, access: StoreAccess, note: OrderNote) -> None:
        """By ``fulfillmentOrderReportProgress``: it stands with what our location has to send, beside the merchant's
        own notes and tags, and needs no further permission. Shopify does not say what was reported before."""
        fulfillment.report_progress(self._client, access, note)

    def suggest_refund(self, access: StoreAccess, wish: RefundWish) -> RefundSuggested:
        """What Shopify suggests for these units."""
        return refunds.suggest(self._client, access, wish)

    def refund(self, access: StoreAccess, wish: RefundWish) -> RefundMade | RefundPending:
        """By ``refundCreate``, or by ``orderCancel`` where nothing is left of the order."""
        return refunds.refund(self._client, access, wish)

    def hear_returns(self, access: StoreAccess) -> None:
        """Subscribe to the topics of returns, which need a permission that not every shop gives."""
        returns.subscribe(self._client, access)

    def read_return(self, access: StoreAccess, external_id: str) -> ReturnInStore | None:
        """The return with its lines and reasons."""
        return returns.read(self._client, access, external_id)

    def answer_return(self, access: StoreAccess, external_id: str, *, accept: bool, reason: str) -> None:
        """By ``returnApproveRequest`` or ``returnDeclineRequest``."""
        returns.answer(self._client, access, external_id, accept=accept, reason=reason)

    def close_return(self, access: StoreAccess, external_id: str) -> None:
        """By ``returnClose``."""
        returns.close(self._client, access, external_id)

    def orders_since(self, access: StoreAccess, since: datetime) -> Sequence[StoreOrder]:
        """By ``updated_at``, whatever the state of their payment: a cancelled order is refunded or voided."""
        query = f"updated_at:>='{clock.iso(since)}'"
        found: list[StoreOrder] = []
        after: str | None = None
        while True:
            page: dict[str, Any] = self._client.call(access, "orders_since", {"query": query, "after": after})["orders"]
            for node in page["nodes"]:
                self._read_other_lines(access, node)
            found += [from_query(node) for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def _read_other_lines(self, access: StoreAccess, node: dict[str, Any]) -> None:
        """An order's first page of lines came with it; a long order has more."""
        lines = node["lineItems"]
        while lines["pageInfo"]["hasNextPage"]:
            variables = {"id": node["id"], "after": lines["pageInfo"]["endCursor"]}
            page = self._client.call(access, "order_lines", variables)["order"]["lineItems"]
            lines["nodes"] += page["nodes"]
            lines["pageInfo"] = page["pageInfo"]
