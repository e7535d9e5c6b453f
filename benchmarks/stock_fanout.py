"""A supplier's file changes the stock of 10,000 variants, which 20 stores list: until the last store shows the last.

The time runs from the sending of the file to the moment when no store lags and each shop holds what it should. The
baseline is the least that the simulated stores themselves need for that many calls of 250 quantities, which is what
Shopify takes at a time; the ratio is our time over theirs.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import func, select

from app import db
from app.adapters import registries
from app.catalog.models import SupplierProduct, SupplierVariant
from app.db import add_rows
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.listings.models import Listing, ListingVariant
from app.pricing.rules import DEFAULT_RULE, retail_price
from app.stores.goods import LocationRef
from app.stores.models import Store
from app.stores.platform import Credentials, ShopFacts
from app.stores.service import access, connect, remember_location
from benchmarks.full_stack import full_stack
from benchmarks.result import Result, percentile
from demo.people import SignIn
from demo.story import Story
from workers.store_push import ENTRIES_AT_ONCE

STORES, PRODUCTS, VARIANTS_EACH = 20, 100, 100
VARIANTS = PRODUCTS * VARIANTS_EACH
_STOCK = 100
#: Minor units; the price is what the default rule makes of the cost.
_COST = 1000
_PRICE = retail_price(Money(_COST, "USD"), DEFAULT_RULE).minor
_PATIENCE = 900.0
_PROBES = 8
_SET = """
mutation Probe($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } }
}
"""


@dataclass(frozen=True, slots=True)
class _Shop:
    """A connected shop that lists everything."""

    domain: str
    store_id: UUID
    #: The shop's inventory items, stocked at ``location``.
    items: Sequence[int]
    location: LocationRef


def measure() -> Result:
    """Furnish, take the stores' own time, send the file."""
    with full_stack() as story:
        supplier = story.people.kanto
        _upload(story, supplier, 0)
        shops = [_open_shop(story, supplier, number) for number in range(STORES)]
        spare = _spare_shop(story)
        calls = STORES * VARIANTS // ENTRIES_AT_ONCE
        own = sorted(_probe(story, spare, number) for number in range(_PROBES))
        begun = time.monotonic()
        _upload(story, supplier, _STOCK)
        _wait_until_shown(story, shops)
        took = time.monotonic() - begun
    least = own[0] * calls
    return Result(
        case="stock_fanout",
        value=took,
        unit="s",
        baseline=least,
        ratio=took / least,
        p50_ms=percentile(own, 0.5),
        p99_ms=percentile(own, 0.99),
        n=STORES * VARIANTS,
    )


def _upload(story: Story, supplier: SignIn, stock: int) -> None:
    """Send the catalogue with so many of each in stock, and take it over."""
    answer = requests.post(
        f"{story.installation.url}/api/supplier/uploads?file_name=catalogue.csv",
        data=_file(stock),
        headers={"Authorization": f"Bearer {supplier.key}", "Content-Type": "text/csv"},
        timeout=60,
    )
    answer.raise_for_status()
    run = answer.json()["id"]
    _until(story, lambda: story.api(supplier, "GET", f"/api/supplier/uploads/{run}")["state"] == "READY")
    story.api(supplier, "POST", f"/api/supplier/uploads/{run}/apply")
    _until(story, lambda: story.api(supplier, "GET", f"/api/supplier/uploads/{run}")["state"] == "APPLIED")


def _file(stock: int) -> bytes:
    out = io.StringIO()
    columns = ("product_id", "title", "category", "sku", "option1_name", "option1_value", "cost", "stock", "status")
    writer = csv.writer(out)
    writer.writerow(columns)
    for product in range(PRODUCTS):
        for variant in range(VARIANTS_EACH):
            name = f"Part {product}"
            sku = f"P{product}-{variant}"
            writer.writerow((f"part-{product}", name, "Hardware", sku, "No", variant, "10.00", stock, "active"))
    return out.getvalue().encode()


def _open_shop(story: Story, supplier: SignIn, number: int) -> _Shop:
    """A shop with every product stocked, empty, at our location, and the listings that say so."""
    domain, control = f"fanout{number}.myshopify.com", story.control
    control.add_shop(domain, f"Fan-out {number}")
    tokens = control.issue_tokens(domain)
    platform = registries.stores.get("shopify")
    with db.system_scope(actor="bench"):
        with db.transaction() as session:
            store = connect(
                session,
                story.people.retailer.organisation_id,
                "shopify",
                ShopFacts(
                    external_id=domain,
                    name=domain,
                    url=f"https://{domain}",
                    currency="USD",
                    timezone="America/New_York",
                    country="US",
                ),
                Credentials(
                    access_token=tokens["access_token"],
                    refresh_token=tokens["refresh_token"],
                    scopes=tuple(tokens["scope"].split(",")),
                ),
            )
        location = platform.ensure_location(access(store.id, platform), "Kanto Outdoor")
        with db.transaction() as session:
            remember_location(session, store, supplier.organisation_id, location)
        items = _list_all(story, store, supplier, location)
    return _Shop(domain, store.id, items, location)


def _list_all(story: Story, store: Store, supplier: SignIn, location: LocationRef) -> list[int]:
    items: list[int] = []
    for product_id, title, variants in _assortment(supplier.organisation_id):
        made = story.control.add_product(
            store.external_id,
            title,
            f"{title}-",
            options={"No": [str(index) for index in range(len(variants))]},
            location_id=int(location.location_id.rsplit("/", 1)[1]),
        )
        items += [int(variant["item"]["id"]) for variant in made["variants"]]
        with db.transaction() as session:
            _write_listing(session, store, supplier.organisation_id, product_id, variants, made)
    return items


def _assortment(supplier_id: UUID) -> Iterator[tuple[UUID, str, Sequence[UUID]]]:
    """The supplier's products: id, title, variants in order."""
    with db.transaction() as session:
        rows = session.execute(
            select(SupplierProduct.id, SupplierProduct.title, func.array_agg(SupplierVariant.id))
            .join(SupplierVariant, SupplierVariant.product_id == SupplierProduct.id)
            .where(SupplierProduct.supplier_id == supplier_id)
            .group_by(SupplierProduct.id)
        ).all()
    yield from ((row[0], row[1], row[2]) for row in rows)


def _write_listing(
    session: Any, store: Store, supplier_id: UUID, product_id: UUID, variants: Sequence[UUID], made: dict[str, Any]
) -> None:
    listing_id, now = new_id(), clock.now()
    add_rows(
        session,
        Listing,
        [
            {
                "id": listing_id,
                "retailer_id": store.retailer_id,
                "store_id": store.id,
                "supplier_id": supplier_id,
                "product_id": product_id,
                "state": "LIVE",
                "title": made["title"],
                "description": "",
                "published": True,
                "owned_fields": [],
                "wanted_version": 1,
                "pushed_version": 1,
                "external_id": f"gid://shopify/Product/{made['id']}",
                "created_at": now,
                "updated_at": now,
            }
        ],
    )
    add_rows(
        session,
        ListingVariant,
        [
            {
                "id": new_id(),
                "listing_id": listing_id,
                "retailer_id": store.retailer_id,
                "store_id": store.id,
                "variant_id": variant_id,
                "position": position,
                "enabled": True,
                "wanted_price": _PRICE,
                "pushed_price": _PRICE,
                "wanted_cost": _COST,
                "pushed_cost": _COST,
                "wanted_quantity": 0,
                "store_quantity": 0,
                "external_id": f"gid://shopify/ProductVariant/{variant['id']}",
                "external_inventory_id": f"gid://shopify/InventoryItem/{variant['item']['id']}",
            }
            for position, (variant_id, variant) in enumerate(zip(variants, made["variants"], strict=True))
        ],
    )


def _spare_shop(story: Story) -> tuple[str, int, list[int]]:
    """A shop of nobody's, whose stock the probe may change: domain, location, items."""
    domain, control = "spare.myshopify.com", story.control
    control.add_shop(domain, "Spare")
    control.install(domain)
    items: list[int] = []
    for number in range(-(-ENTRIES_AT_ONCE // VARIANTS_EACH)):
        made = control.add_product(
            domain, f"Part {number}", f"S{number}", options={"No": [str(index) for index in range(VARIANTS_EACH)]}
        )
        items += [int(variant["item"]["id"]) for variant in made["variants"]]
    location = next(int(level["location_id"]) for level in control.levels(domain))
    return domain, location, items[:ENTRIES_AT_ONCE]


def _probe(story: Story, spare: tuple[str, int, list[int]], number: int) -> float:
    """The simulator's own seconds for one call that changes 250 quantities."""
    domain, location, items = spare
    variables = {
        "key": f"probe-{number}",
        "input": {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"gid://crossdock/Probe/{number}",
            "quantities": [
                {
                    "inventoryItemId": f"gid://shopify/InventoryItem/{item}",
                    "locationId": f"gid://shopify/Location/{location}",
                    "quantity": number + 1,
                    "changeFromQuantity": number,
                }
                for item in items
            ],
        },
    }
    return story.control.probe(domain, _SET, variables, times=1)["least_ms"] / 1000


def _wait_until_shown(story: Story, shops: Sequence[_Shop]) -> None:
    def in_step() -> bool:
        with db.system_scope(actor="bench"), db.transaction() as session:
            behind = session.scalar(
                select(func.count())
                .select_from(ListingVariant)
                .where(
                    ListingVariant.store_id.in_([shop.store_id for shop in shops]),
                    (ListingVariant.wanted_quantity != ListingVariant.store_quantity)
                    | (ListingVariant.wanted_quantity == 0),
                )
            )
        return behind == 0

    _until(story, in_step)
    for shop in shops:
        place = int(shop.location.location_id.rsplit("/", 1)[1])
        shown = [
            level["available"] for level in story.control.levels(shop.domain) if int(level["location_id"]) == place
        ]
        if len(shown) != VARIANTS or min(shown) <= 0 or len(set(shown)) != 1:
            raise RuntimeError(f"{shop.domain} does not show what it should")


def _until(story: Story, holds: Any) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError("it took too long")
        story.installation.supervisor.look_after()
        time.sleep(0.1)
