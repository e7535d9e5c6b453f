"""A shop with our app on it, and what every test of the adapter does there first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import requests

from app.adapters.stores.shopify.adapter import Shopify
from app.kit.money import Money
from app.stores.goods import ListingPush, ListingPushed, LocationRef, VariantPush
from app.stores.parcels import FulfillmentOrderRef
from app.stores.platform import StoreAccess
from tests.simulators.shopify import Control
from tests.simulators.shopify.config import API_VERSION


@dataclass
class Shop:
    """A shop with the app on it, and our way in."""

    domain: str
    access: StoreAccess
    control: Control
    adapter: Shopify

    def location(self, name: str = "Nordlicht") -> LocationRef:
        """The place of a supplier in the shop."""
        return self.adapter.ensure_location(self.access, name)


def variant(key: str, **changes: Any) -> VariantPush:
    """A variant that the store does not have yet; its key is also its colour."""
    values: dict[str, Any] = {
        "key": key,
        "sku": f"SKU-{key}",
        "gtin": None,
        "options": {"Colour": key},
        "price": Money(2990, "USD"),
        "compare_at": None,
        "cost": Money(1000, "USD"),
        "weight_grams": 500,
        "quantity": 10,
        "external_id": None,
    }
    return VariantPush(**{**values, **changes})


def listing(
    location: LocationRef,
    *,
    key: str = "listing-1",
    variants: int = 2,
    of: Sequence[VariantPush] | None = None,
    **changes: Any,
) -> ListingPush:
    """A listing that the store does not have yet, with so many variants, or with those given."""
    values: dict[str, Any] = {
        "key": key,
        "title": "Desk lamp",
        "description_html": "<p>Bright.</p>",
        "vendor": "Nordlicht",
        "product_type": "Lighting",
        "tags": ["lamp"],
        "images": None,
        "option_names": ["Colour"],
        "published": True,
        "location": location,
        "external_id": None,
        "variants": of
        or [
            variant(f"{key}-{index}", sku=f"{key}-SKU-{index}", options={"Colour": f"Colour {index}"})
            for index in range(variants)
        ],
    }
    return ListingPush(**{**values, **changes})


def pushed(shop: Shop, wanted: ListingPush) -> ListingPushed:
    """What the store made of a listing that it took."""
    (outcome,) = shop.adapter.push_listings(shop.access, [wanted])
    assert isinstance(outcome, ListingPushed), outcome
    return outcome


def again(wanted: ListingPush, made: ListingPushed, **changes: Any) -> ListingPush:
    """The same listing as it is pushed when the store's ids are known."""
    ids = {one.key: one.external_id for one in made.variants}
    variants = [replace(one, external_id=ids.get(one.key)) for one in wanted.variants]
    return replace(wanted, external_id=made.external_id, variants=variants, **changes)


def number(gid: str) -> int:
    """The plain number in a global id."""
    return int(gid.rpartition("/")[2])


def ordered(shop: Shop, made: ListingPushed, quantity: int = 3) -> tuple[str, FulfillmentOrderRef, dict[str, Any]]:
    """A paid order of the first variant: its id, its fulfilment order, and the order as the shop has it."""
    order = shop.control.create_order(
        shop.domain,
        [{"variant_id": number(made.variants[0].external_id), "quantity": quantity}],
        financial_status="PAID",
        email="ada@shopper.example",
    )
    whole = shop.control.wait_until_routed(shop.domain, order["id"])
    order_id = f"gid://shopify/Order/{order['id']}"
    (reference,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    return order_id, reference, whole


def asked(shop: Shop, query: str, variables: Mapping[str, Any]) -> Any:
    """What the shop answers to something that a merchant or another app does, and that must not fail."""
    answer = requests.post(
        f"{shop.control.url}/{shop.domain}/admin/api/{API_VERSION}/graphql.json",
        json={"query": query, "variables": dict(variables)},
        headers={"X-Shopify-Access-Token": shop.access.credentials.access_token},
        timeout=20,
    ).json()
    assert "errors" not in answer, answer["errors"]
    (done,) = answer["data"].values()
    assert done["userErrors"] == []
    return done
