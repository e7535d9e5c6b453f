"""What a browser test finds already there: goods, drafts and purchase orders of its own, made by the API."""

from __future__ import annotations

import itertools
from typing import Any

import requests

from app.feeds.template import COLUMNS
from demo.catalogues import Item, template_file
from demo.installation import SHOP
from tests.browser.conftest import Demo

_numbers = itertools.count(1)
_NAMES = ("Amber", "Birch", "Cedar", "Dune", "Ember", "Fern", "Granite", "Hazel", "Iris", "Juniper", "Kelp", "Larch")


def name(kind: str) -> str:
    """A name that nothing else has."""
    number = next(_numbers)
    return f"{_NAMES[number % len(_NAMES)]} {kind} {number}"


def slug(text: str) -> str:
    """The name as a word of addresses."""
    return text.lower().replace(" ", "-")


def goods() -> Item:
    """A product that nobody offers yet, with one variant."""
    title = name("lantern")
    return Item(
        handle=slug(title), title=title, category="Home & Garden > Lighting", description="Made for a test.",
        option="", values=(), cost=20.0, msrp=40.0, grams=900, stock=40, tags="lantern",
    )  # fmt: skip


def sku(item: Item) -> str:
    """Of its variant."""
    row = template_file([item], "", _prefix(item)).decode().splitlines()[1].split(",")
    return row[COLUMNS.index("sku")]


def catalogue(demo: Demo, *items: Item) -> bytes:
    """A file in our template."""
    pictures = f"{demo.url}/dev/pictures"
    head, *_ = template_file(items, pictures, "").decode().splitlines()
    rows = [template_file([item], pictures, _prefix(item)).decode().splitlines()[1] for item in items]
    return "\n".join([head, *rows, ""]).encode()


def product(demo: Demo, item: Item) -> Any:
    """The product on offer, as retailers see it."""
    supplier, story = demo.people.nordlicht, demo.story
    answer = requests.post(
        f"{demo.url}/api/supplier/uploads?file_name={item.handle}.csv",
        data=catalogue(demo, item),
        headers={"Authorization": f"Bearer {supplier.key}", "Content-Type": "text/csv"},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text
    path = f"/api/supplier/uploads/{answer.json()['id']}"
    story.wait_for(lambda: story.api(supplier, "GET", path)["state"] == "READY", "the file is read")
    story.api(supplier, "POST", f"{path}/apply")
    story.wait_for(lambda: story.api(supplier, "GET", path)["state"] == "APPLIED", "the file is taken over")
    story.wait_until_listed(supplier)
    offered = story.api(demo.people.retailer, "GET", f"/api/suppliers/{supplier.organisation_id}/products?limit=200")[
        "items"
    ]
    return next(one for one in offered if one["title"] == item.title)


def draft(demo: Demo, item: Item) -> None:
    """The product, in the import list."""
    answer = requests.post(
        f"{demo.url}/shopify/products/{product(demo, item)['id']}/add",
        headers={"Authorization": f"Bearer {demo.story.control.id_token(SHOP)}"},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 303, answer.text


def purchase_order(demo: Demo) -> Any:
    """A purchase order that waits for the supplier Nordlicht's answer."""
    story, supplier = demo.story, demo.people.nordlicht
    before = {one["id"] for one in story.api(supplier, "GET", "/api/supplier/orders?limit=100")["items"]}
    story.control.create_order(SHOP, [{"sku": "NL-LUMDES-WHITE", "quantity": 1}], financial_status="PAID")

    def come() -> Any:
        found = story.api(supplier, "GET", "/api/supplier/orders?limit=100")["items"]
        return next((one for one in found if one["id"] not in before), None)

    return story.wait_for(come, "the supplier has its order")


def listing(demo: Demo, title: str) -> Any:
    """The listing with this title, or None."""
    found = demo.story.api(demo.people.retailer, "GET", "/api/listings?limit=200")["items"]
    return next((one for one in found if one["title"] == title), None)


def in_shop(demo: Demo, title: str) -> Any:
    """The product with this title in the simulated shop, or None."""
    return next((one for one in demo.story.control.products(SHOP) if one["title"] == title), None)


def numbers_in_shop(demo: Demo) -> set[str]:
    """All tracking numbers that the shop knows."""
    return {
        str(tracking["number"])
        for order in demo.story.control.orders(SHOP)
        for fulfillment in order["fulfillments"]
        for tracking in fulfillment["tracking"]
    }


def _prefix(item: Item) -> str:
    """The number that the product's SKU begins with, so that no two are the same."""
    return "T" + item.handle.rsplit("-", 1)[-1]
