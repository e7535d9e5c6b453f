"""What a browser test finds already there: goods, drafts and purchase orders of its own, made by the API."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import func, select, update

from app import db
from app.feeds.template import COLUMNS
from app.outbox.models import Task, TaskState
from app.purchasing.decisions.rules import CHOSEN
from app.purchasing.models import OrderDecision
from demo.catalogues import Item, template_file
from demo.installation import SHOP
from tests.browser.conftest import Demo

#: What is bought most here.
LAMP = {"sku": "NL-LUMDES-WHITE", "quantity": 1}
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


def live(demo: Demo, item: Item) -> None:
    """The product, in the shop; nobody else buys it or changes it."""
    story, retailer = demo.story, demo.people.retailer
    store = story.api(retailer, "GET", "/api/sync/status")["stores"][0]["store_id"]
    wanted = {"product_id": product(demo, item)["id"], "publish": True}
    story.api(retailer, "POST", "/api/products/import", store_id=store, items=[wanted])
    story.wait_for(lambda: (listing(demo, item.title) or {}).get("state") == "LIVE", "the listing is live")


def purchase_order(demo: Demo) -> Any:
    """A purchase order that waits for the supplier Nordlicht's answer."""
    return part(demo, order(demo, LAMP))


def order(demo: Demo, *lines: Mapping[str, Any], **details: Any) -> str:
    """What a shopper has bought and paid for in the shop, as its retailer has it; the order's id. ``details`` as the
    simulated shop takes them."""
    story, retailer = demo.story, demo.people.retailer
    made = story.control.create_order(SHOP, lines, financial_status="PAID", allow_oversell=True, **details)

    def come() -> Any:
        found = story.api(retailer, "GET", "/api/orders?limit=20")["items"]
        return next((one["id"] for one in found if one["external_id"].rpartition("/")[2] == str(made["id"])), None)

    return str(story.wait_for(come, "the order has come"))


def held_order(demo: Demo) -> str:
    """The second order of one customer within an hour, where two are to wait."""
    someone = name("Customer")
    address = {
        "first_name": "Mia", "last_name": someone, "address1": f"{next(_numbers)} Elm Street", "city": "Austin",
        "zip": "73301", "province": "Texas", "province_code": "TX", "country": "United States", "country_code": "US",
    }  # fmt: skip
    details = {"shipping_address": address, "email": f"{slug(someone)}@example.com"}
    with _hold_rules(demo, velocity=2):
        order(demo, LAMP, **details)
        return order(demo, LAMP, **details)


def order_of_unknown(demo: Demo) -> tuple[str, int]:
    """An order of an article that the shop has from somewhere and no supplier's is linked to, where its retailer wants
    to be asked; and the article's number in the shop."""
    title = name("Heirloom lamp")
    article = demo.story.control.add_product(SHOP, title, f"OLD-{next(_numbers)}")["variants"][0]["id"]
    with _hold_rules(demo, unlinked_lines="always"):
        return order(demo, {"variant_id": article, "quantity": 1}, LAMP), int(article)


def part(demo: Demo, order_id: str) -> Any:
    """Nordlicht's part of an order, once it has it."""
    story, retailer, supplier = demo.story, demo.people.retailer, demo.people.nordlicht

    def come() -> Any:
        ids = {one["id"] for one in story.api(retailer, "GET", f"/api/orders/{order_id}")["purchase_orders"]}
        found = story.api(supplier, "GET", "/api/supplier/orders?limit=100")["items"]
        return next((one for one in found if one["id"] in ids), None)

    return story.wait_for(come, "the supplier has its order")


def accept(demo: Demo, purchase_order: Any) -> None:
    """The supplier accepts all of it."""
    lines = [{"line_id": line["id"], "status": "accepted"} for line in purchase_order["lines"]]
    path = f"/api/supplier/orders/{purchase_order['id']}/acknowledge"
    demo.story.api(demo.people.nordlicht, "POST", path, lines=lines)


def carried_out(demo: Demo, order_id: str) -> None:
    """What was chosen about an order can be taken back no more: two minutes go by."""

    def done() -> bool:
        with db.system_scope(actor="test"), db.transaction() as session:
            chosen = OrderDecision.order_id == UUID(order_id), OrderDecision.state == CHOSEN
            session.execute(update(OrderDecision).where(*chosen).values(next_at=func.now()))
            waits = Task.job == "carry_out_decision", Task.state == TaskState.PENDING
            session.execute(update(Task).where(*waits).values(available_at=func.now()))
            return session.scalar(select(func.count()).select_from(OrderDecision).where(*chosen)) == 0

    demo.story.wait_for(done, "the choice is carried out")


@contextmanager
def _hold_rules(demo: Demo, unlinked_lines: str | None = None, **risks: Any) -> Iterator[None]:
    """The store's rules of what waits are these for what comes meanwhile."""
    story, retailer = demo.story, demo.people.retailer
    path = f"/api/stores/{story.store_id}/hold-rules"
    rules = {key: value for key, value in story.api(retailer, "GET", path).items() if key != "store_id"}
    changed = {**rules, "risk": {**rules["risk"], **risks}}
    story.api(retailer, "PUT", path, **changed | ({"unlinked_lines": unlinked_lines} if unlinked_lines else {}))
    try:
        yield
    finally:
        story.api(retailer, "PUT", path, **rules)


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
