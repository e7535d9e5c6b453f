"""A day of orders, through every step and with the usual trouble: from the shopper's click to the delivered parcel.

Shoppers buy one to five lines of two suppliers in the simulated Shopify; hooks come twice, shoppers change their minds,
suppliers accept, run short, backorder, ship in parts or never answer; the simulated carrier brings what was sent, the
simulated Stripe charges and refunds. Which order meets what is thrown by a die with a fixed seed.

First come orders at three times the pace of an even day of 50,000 (the peak of a day), for the time from the shop's
hook to the moment that the supplier is told. Then the day's 50,000 (or ``ORDER_DAY_ORDERS`` of them) come as fast
as they are carried, for wall time and processor time per order.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import ColumnElement, func, select
from urllib3.util.retry import Retry

from app import db
from app.orders.models import Order
from app.outbox.models import Task, TaskState
from app.purchasing.models import PurchaseOrder
from benchmarks.full_stack import full_stack
from benchmarks.processor_time import per_order, spent
from benchmarks.result import Result, percentile
from demo.installation import SHOP
from demo.people import SignIn
from demo.story import Story
from tests.simulators.shopify.running import Control

#: The blueprint's largest column, and its seconds.
A_DAY, SECONDS_A_DAY = 50_000, 86_400
PEAK = 3 * A_DAY / SECONDS_A_DAY
PEAK_SECONDS = 120
ORDERS = int(os.environ.get("ORDER_DAY_ORDERS", str(A_DAY)))
CORES = 2
_BUYERS = 4
#: Without a pace shoppers come as long as no more tasks than these wait.
_MOST_OWED = 100
_UNITS = 1_000_000
_SKUS_EACH = 12
_PATIENCE = 900.0

#: What becomes of a purchase order, with how many of a hundred meet it.
_FATES: Mapping[str, int] = {
    "ships": 74, "ships in parts": 12, "short": 4, "rejects a line": 4, "backorders": 3, "is silent": 2, "rejects": 1,
}  # fmt: skip
_TWICE, _CHANGES_MIND = 0.05, 0.02


def measure() -> Result:
    """Furnish the shop, warm up, then the peak and the bulk."""
    with full_stack(CROSSDOCK_TRACKING_POLL="PT20S", CROSSDOCK_API_RATE_PER_MINUTE="60000") as story:
        skus = _furnish(story)
        suppliers = [_Desk(story, who) for who in (story.people.nordlicht, story.people.kanto)]
        for desk in suppliers:
            desk.thread.start()
        shop = _Shop(story, skus)
        shop.sell(10, pace=PEAK)
        story.control.forget_deliveries()
        names = shop.sell(round(PEAK * PEAK_SECONDS), pace=PEAK)
        _settle(story)
        told = _told(story, names)
        pids = story.installation.folder / "pids"
        before, begun = spent(pids), time.perf_counter()
        shop.sell(ORDERS)
        _settle(story)
        took, costs = time.perf_counter() - begun, per_order(before, spent(pids), ORDERS)
        for desk in suppliers:
            desk.over.set()
            desk.thread.join()
        ends = _ends()
        story.check_books()
    in_all = sum(costs.values())
    own = sum(cost for name, cost in costs.items() if name not in ("shopify", "stripe", "carrier"))
    load = own / 1000 * A_DAY / (CORES * SECONDS_A_DAY)
    sys.stderr.write(
        f"processor time per order, ms: {orjson.dumps(costs).decode()}, in all {in_all:.0f}, without the simulators "
        f"{own:.0f}: {A_DAY} orders a day are {load:.0%} of {CORES} cores; wall time {took:.0f} s; "
        f"orders ended as {orjson.dumps(ends).decode()}\n"
    )
    rate = ORDERS / took
    return Result(
        case="order_day",
        value=rate,
        unit="orders/s",
        baseline=A_DAY / SECONDS_A_DAY,
        ratio=rate / (A_DAY / SECONDS_A_DAY),
        p50_ms=percentile(told, 0.5),
        p99_ms=percentile(told, 0.99),
        n=ORDERS,
    )


def _furnish(story: Story) -> list[str]:
    """The shop sells both suppliers' goods, of which there are plenty. Returns SKUs of both, in turn."""
    for step in (story.install, story.upload, story.save_card, story.import_products):
        step()
    own = [sorted(sku for sku in story.variants if sku.startswith(prefix))[:_SKUS_EACH] for prefix in ("NL-", "KO-")]
    for supplier, skus in zip((story.people.nordlicht, story.people.kanto), own, strict=True):
        for sku in skus:
            path = f"/api/supplier/products/{story.variants[sku]['product_id']}/inventory"
            story.api(supplier, "PUT", path, variants=[{"sku": sku, "quantity": _UNITS}])
    for skus in own:
        for sku in skus:
            story.wait_for(lambda sku=sku: story.available(sku) > _UNITS / 2, "the shop shows the stock")
    return [sku for pair in zip(*own, strict=False) for sku in pair]


@dataclass(slots=True)
class _Shop:
    """Shoppers."""

    story: Story
    skus: Sequence[str]
    dice: random.Random = field(default_factory=lambda: random.Random(20261129))

    def sell(self, orders: int, *, pace: float | None = None) -> list[str]:
        """So many orders, at a pace a second or as fast as they are carried. Returns their names."""
        plans = [self._plan() for _ in range(orders)]
        begun = time.monotonic()
        with ThreadPoolExecutor(_BUYERS) as buyers:
            coming = []
            for number, plan in enumerate(plans):
                if pace is not None:
                    time.sleep(max(0.0, begun + number / pace - time.monotonic()))
                else:
                    while _owed() > _MOST_OWED:
                        time.sleep(0.1)
                coming.append(buyers.submit(self._buy, *plan))
                if number % 50 == 0:
                    self.story.installation.supervisor.look_after()
            return [one.result() for one in coming]

    def _plan(self) -> tuple[list[dict[str, Any]], bool, bool]:
        skus = self.dice.sample(list(self.skus), self.dice.choice((1, 1, 1, 2, 2, 3, 4, 5)))
        lines = [{"sku": sku, "quantity": self.dice.choice((1, 1, 1, 2, 3))} for sku in skus]
        return lines, self.dice.random() < _TWICE, self.dice.random() < _CHANGES_MIND

    def _buy(self, lines: list[dict[str, Any]], twice: bool, changes_mind: bool) -> str:
        control = Control(self.story.installation.shopify_url)
        try:
            made = control.create_order(SHOP, lines, financial_status="PAID")
            if twice:
                self._again(control, str(made["name"]))
            if changes_mind:
                control.wait_until_routed(SHOP, int(made["id"]))
                control.cancel_order(SHOP, int(made["id"]))
            return str(made["name"])
        finally:
            control.close()

    def _again(self, control: Control, name: str) -> None:
        for one in control.deliveries(SHOP, "orders/paid", limit=20):
            if orjson.loads(one["body"])["name"] == name and one["attempts"]:
                control.replay(one["id"])


class _Desk:
    """A supplier that answers and ships by API, as the dice say."""

    def __init__(self, story: Story, who: SignIn) -> None:
        self.story, self.who = story, who
        self.dice = random.Random(who.email)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.fates: dict[str, str] = {}
        self.http = requests.Session()
        # A keep-alive connection may end as it is used; what is said twice changes nothing.
        patient = HTTPAdapter(max_retries=Retry(total=5, backoff_factor=0.2, allowed_methods=None))
        self.http.mount("http://", patient)
        self.http.headers["Authorization"] = f"Bearer {who.key}"

    def _work(self) -> None:
        while not self.over.wait(0.2):
            for status in ("PENDING", "BACKORDERED"):
                for order in self._call("GET", f"/api/supplier/orders?status={status}&limit=100")["items"]:
                    self._handle(order)

    def _handle(self, order: Mapping[str, Any]) -> None:
        fate = self.fates.get(order["id"])
        if fate is None:
            fate = self.fates[order["id"]] = self.dice.choices(list(_FATES), list(_FATES.values()))[0]
        elif fate == "backorders":
            fate = "ships"
        if fate == "is silent":
            return
        answers = [self._answer(line, at, fate) for at, line in enumerate(order["lines"])]
        self._call("POST", f"/api/supplier/orders/{order['id']}/acknowledge", {"lines": [a for a in answers if a]})
        if fate not in ("rejects", "backorders"):
            self._ship(order["id"], in_parts=fate == "ships in parts")

    def _answer(self, line: Mapping[str, Any], at: int, fate: str) -> dict[str, Any] | None:
        said: dict[str, Any] = {"line_id": line["id"], "status": "accepted"}
        if fate == "rejects" or (fate == "rejects a line" and at == 0):
            said |= {"status": "rejected", "reason": "out_of_stock"}
        elif fate == "short" and at == 0 and line["quantity"] > 1:
            said |= {"status": "rejected", "reason": "out_of_stock", "quantity": 1}
        elif fate == "backorders" and at == 0:
            said |= {"status": "backordered", "available_on": datetime.now(UTC).date().isoformat()}
        return said

    def _ship(self, order_id: str, *, in_parts: bool) -> None:
        order = self._call("GET", f"/api/supplier/orders/{order_id}")
        open_units = [
            (line["id"], line["quantity"] - line["shipped"] - line["cancelled"]) for line in order.get("lines", ())
        ]
        units = [(line, 1) for line, count in open_units for _ in range(count)]
        if not units:
            return
        half = len(units) // 2 if in_parts and len(units) > 1 else 0
        for part in [part for part in (units[:half], units[half:]) if part]:
            label = self.http.post(f"{self.story.installation.carrier_url}/labels", timeout=10).json()
            held: dict[str, int] = {}
            for line, count in part:
                held[line] = held.get(line, 0) + count
            parcel = {
                "carrier": "Simulated Carrier",
                "tracking_number": label["number"],
                "lines": [{"line_id": line, "quantity": count} for line, count in held.items()],
            }
            self._call("POST", f"/api/supplier/orders/{order_id}/ship", {"parcels": [parcel]})
            for step in ("in_transit", "delivered"):
                lever = f"{self.story.installation.carrier_url}/_sim/parcels/{label['number']}/advance"
                self.http.post(lever, json={"to": step}, timeout=10).raise_for_status()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What may be refused is refused now and then: the shopper cancelled in the same moment."""
        answer = self.http.request(method, f"{self.story.installation.url}{path}", json=body, timeout=30)
        if answer.status_code >= 500:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.status_code < 400 else {}


def _settle(story: Story) -> None:
    """Wait until every order is at an end or waits for a supplier that is silent, and nothing that is due is undone."""
    deadline = time.monotonic() + max(_PATIENCE, ORDERS)
    quiet = 0
    while quiet < 3:
        if time.monotonic() > deadline:
            raise RuntimeError(f"not done: {_ends()}, {_owed()} tasks")
        story.installation.supervisor.look_after()
        time.sleep(1)
        busy = _count(Order.status.in_(("PENDING", "CONFIRMED", "PROCESSING", "BACKORDERED", "SHIPPED")))
        quiet = quiet + 1 if not _owed() and busy <= _silent() else 0


def _silent() -> int:
    """Orders with a purchase order that nobody has answered and nobody will."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        waiting = select(func.count(func.distinct(PurchaseOrder.order_id))).where(
            PurchaseOrder.status == "PENDING", PurchaseOrder.released_at < func.now() - timedelta(seconds=10)
        )
        return session.scalar(waiting) or 0


def _count(condition: ColumnElement[bool]) -> int:
    with db.system_scope(actor="bench"), db.transaction() as session:
        return session.scalar(select(func.count()).select_from(Order).where(condition)) or 0


def _owed() -> int:
    """Tasks of events that could be done now and are not."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        owed = select(func.count()).where(
            Task.state < TaskState.DONE, Task.event_id.is_not(None), Task.available_at <= func.now()
        )
        return session.scalar(owed) or 0


def _ends() -> dict[str, int]:
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(select(Order.status, func.count()).group_by(Order.status).order_by(Order.status))
        return {status: count for status, count in rows}


def _told(story: Story, names: Sequence[str]) -> list[float]:
    """Seconds from each order's hook to the last of its suppliers being told; of those that came to a supplier."""
    sent = {
        str(orjson.loads(one["body"])["name"]): datetime.fromisoformat(one["attempts"][0]["at"]).timestamp()
        for one in reversed(story.control.deliveries(SHOP, "orders/paid"))
    }
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(
            select(PurchaseOrder.order_reference, func.max(PurchaseOrder.released_at))
            .where(PurchaseOrder.order_reference.in_(names), PurchaseOrder.released_at.is_not(None))
            .group_by(PurchaseOrder.order_reference)
        )
        return [at.timestamp() - sent[name] for name, at in rows]
