"""From a paid order's hook to the purchase order that its supplier sees, at 20 orders a second for a minute.

Shoppers buy in the simulated Shopify, which sends its hooks; the retailer's card is charged at the simulated Stripe;
both suppliers look for their purchase orders ten times a second. An order's time runs from the sending of its hook
to the first look that finds the later of its two purchase orders.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import func, select

from app import db
from app.outbox.models import Task, TaskState
from app.purchasing.models import PurchaseOrder
from benchmarks.full_stack import full_stack
from benchmarks.processor_time import per_order, spent
from benchmarks.result import Result, percentile
from demo.installation import SHOP
from demo.people import SignIn
from demo.story import Story
from tests.simulators.shopify.running import Control

PER_SECOND = 20
SECONDS = 60
_BUYERS = 8
#: An installation that can not keep up is measured all the same; its figures say so.
_PATIENCE = 900.0
_LOOK_EVERY = 0.1
_NEWEST, _ALL_EACH = 60, 10
_UNITS = 100_000


@dataclass(slots=True)
class _Seen:
    """When each order's purchase order was first shown to a supplier, by the order's name; seconds since the epoch."""

    at: dict[str, float] = field(default_factory=dict)


def measure() -> Result:
    """Furnish the shop, warm up for a few seconds, then measure a minute."""
    with full_stack() as story:
        skus = _furnish(story)
        _offer(story, skus, seconds=5)
        pids = story.installation.folder / "pids"
        before = spent(pids)
        found, rate = _offer(story, skus, seconds=SECONDS)
        costs, owed = per_order(before, spent(pids), len(found)), _owed()
    sys.stderr.write(
        f"processor time per order, ms: {orjson.dumps(costs).decode()}, in all {sum(costs.values()):.0f}; "
        f"not in it are {owed} tasks that could wait (letters, the store's throttled calls)\n"
    )
    return Result(
        case="webhook_to_po",
        value=rate,
        unit="orders/s",
        baseline=PER_SECOND,
        ratio=rate / PER_SECOND,
        p50_ms=percentile(found, 0.5),
        p99_ms=percentile(found, 0.99),
        n=len(found),
    )


def _furnish(story: Story) -> tuple[str, str]:
    """The shop sells both suppliers' goods, of which there are plenty. Returns a SKU of each supplier."""
    for step in (story.install, story.upload, story.save_card, story.import_products):
        step()
    people, skus = story.people, ("NL-LUMDES-BLACK", "KO-TRABOT-750ML")
    for supplier, sku in zip((people.nordlicht, people.kanto), skus, strict=True):
        product = story.variants[sku]["product_id"]
        story.api(
            supplier,
            "PUT",
            f"/api/supplier/products/{product}/inventory",
            variants=[{"sku": sku, "quantity": _UNITS}],
        )
        story.wait_for(lambda sku=sku: story.available(sku) > _UNITS / 2, "the shop shows the stock")
    return skus


def _offer(story: Story, skus: tuple[str, str], *, seconds: int) -> tuple[list[float], float]:
    """Have shoppers buy for so long, at the pace. Returns each order's seconds from hook to purchase order, and how
    many orders a second came through, the last one's way included."""
    story.control.forget_deliveries()
    people = story.people
    seen = {supplier.email: _Seen() for supplier in (people.nordlicht, people.kanto)}
    over = threading.Event()
    watchers = [
        threading.Thread(target=_watch, args=(supplier, seen[supplier.email], over), daemon=True)
        for supplier in (people.nordlicht, people.kanto)
    ]
    for watcher in watchers:
        watcher.start()
    names = _buy(story.installation.shopify_url, skus, seconds)
    deadline = time.monotonic() + _PATIENCE
    while any(name not in one.at for one in seen.values() for name in names):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(names)} orders were placed; seen: {[len(one.at) for one in seen.values()]}")
        story.installation.supervisor.look_after()
        time.sleep(0.1)
    over.set()
    for watcher in watchers:
        watcher.join()
    sent = _sent(story)
    shown = {name: max(one.at[name] for one in seen.values()) for name in names}
    took = max(shown.values()) - min(sent[name] for name in names)
    return [shown[name] - sent[name] for name in names], len(names) / took


def _buy(shopify_url: str, skus: tuple[str, str], seconds: int) -> list[str]:
    """Orders start at fixed times, however slow the shop is."""
    lines = [{"sku": sku, "quantity": 1} for sku in skus]
    begun = time.monotonic()

    def one(number: int) -> str:
        wait = begun + number / PER_SECOND - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        control = Control(shopify_url)
        try:
            return str(control.create_order(SHOP, lines, financial_status="PAID")["name"])
        finally:
            control.close()

    with ThreadPoolExecutor(_BUYERS) as buyers:
        return list(buyers.map(one, range(PER_SECOND * seconds)))


def _watch(supplier: SignIn, seen: _Seen, over: threading.Event) -> None:
    """Look until there is nothing more to wait for. Row-level security shows a supplier released orders only. The
    newest are looked at each time, all of them once a second, so that looking does not slow what is looked at."""
    newest = select(PurchaseOrder.order_reference).order_by(PurchaseOrder.released_at.desc())
    looks = 0
    with db.tenant_scope(supplier.organisation_id, actor="bench"):
        while not over.wait(_LOOK_EVERY):
            looks += 1
            with db.transaction() as session:
                names = session.scalars(newest if looks % _ALL_EACH == 0 else newest.limit(_NEWEST)).all()
            now = time.time()
            for name in names:
                seen.at.setdefault(name, now)


def _owed() -> int:
    """Tasks of events that are not done yet."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        owed = select(func.count()).where(Task.state < TaskState.DONE, Task.event_id.is_not(None))
        return session.scalar(owed) or 0


def _sent(story: Story) -> dict[str, float]:
    """When the shop first sent each order's hook, by the order's name."""
    return {
        str(orjson.loads(one["body"])["name"]): datetime.fromisoformat(one["attempts"][0]["at"]).timestamp()
        for one in story.control.deliveries(SHOP, "orders/paid")
    }
