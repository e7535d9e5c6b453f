"""A day of orders, through every step and with the usual trouble: from the shopper's click to the delivered parcel.

Shoppers buy one to five lines of two suppliers in the simulated Shopify; hooks come twice, shoppers change their minds,
suppliers accept, run short, backorder, ship in parts or never answer; the simulated carrier brings what was sent, the
simulated Stripe charges and refunds. Which order meets what is thrown by a die with a fixed seed.

First nobody buys for a while, for what the processes need by themselves. Then come orders at three times the pace of
an even day of 50,000 (the peak of a day), for the time from the hook to the moment that the supplier is told, and
from the parcel's leaving to the moment that the store is told. Then the day's 50,000 (or ``ORDER_DAY_ORDERS`` of them)
come as fast as they are carried, for wall time and processor time per order. An interrupt (Ctrl-C) ends the buying;
what was bought until then is carried to its end, checked and told.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any
from uuid import UUID

import orjson
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import func, select
from urllib3.util.retry import Retry

from app import db
from app.fulfillment.models import Shipment
from app.inventory.models import InventoryLevel, Reservation
from app.ledger.models import Posting
from app.orders.models import Order
from app.outbox.models import Task, TaskState
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from benchmarks.full_stack import full_stack
from benchmarks.processor_time import between, spent
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
_IDLE_SECONDS = 20.0
_BUYERS = 4
#: Without a pace shoppers come as long as no more tasks than these wait.
_MOST_OWED = 100
_LOOKED_AFTER = 10
_UNITS = 1_000_000
_SKUS_EACH = 12
#: One shop sells what 50,000 shops sell, each of which has a budget of its own for calls to its platform.
_PACE = ("--bucket", "1000000", "--restore-rate", "1000000")
#: So long nothing may have moved before the case gives up.
_PATIENCE = 900.0
_TELL_EVERY = 15.0

#: What becomes of a purchase order, with how many of a hundred meet it.
_FATES: Mapping[str, int] = {
    "ships": 74, "ships in parts": 12, "short": 4, "rejects a line": 4, "backorders": 3, "is silent": 2, "rejects": 1,
}  # fmt: skip
_TWICE, _CHANGES_MIND = 0.05, 0.02

#: What the processes belong to.
_PARTS: Mapping[str, str] = {
    "web": "web", "relay": "relay, clock", "clock": "relay, clock", "postgres": "PostgreSQL", "valkey": "Valkey",
    "shopify": "simulators", "stripe": "simulators", "carrier": "simulators",
}  # fmt: skip
_SIMULATORS = ("shopify", "stripe", "carrier")
#: Where an order may stand when all is done and nobody is silent.
_AT_AN_END = frozenset({"DELIVERED", "CANCELLED", "RETURNED"})


def measure() -> Result:
    """Furnish the shop, warm up, then the idle time, the peak and the bulk."""
    with full_stack(_PACE, CROSSDOCK_TRACKING_POLL="PT20S", CROSSDOCK_API_RATE_PER_MINUTE="60000") as story:
        suppliers = [_Supplier(story, who) for who in (story.people.nordlicht, story.people.kanto)]
        shop = _Shop(story, _furnish(story), suppliers, _Retailer(story, story.people.retailer))
        with shop.at_work():
            shop.sell(10, pace=PEAK)
            _settle(shop)
            pids = story.installation.folder / "pids"
            idle = _idle(shop)
            story.control.forget_deliveries()
            names = shop.sell(min(ORDERS, round(PEAK * PEAK_SECONDS)), pace=PEAK, what="the peak")
            _settle(shop)
            told, store_told = _told(story, names), _store_told(names)
            before, begun = spent(pids), time.perf_counter()
            with _until_interrupted(shop):
                sold = len(shop.sell(ORDERS, what="the day"))
            _settle(shop)
            took = time.perf_counter() - begun
            costs = _Costs(between(before, spent(pids)), idle, took, sold)
        ends = _check(story, suppliers)
    _write(
        f"{sold} orders in {took:.0f} s ({A_DAY} would take {A_DAY / sold * took / 3600:.1f} h); "
        f"ended as {orjson.dumps(ends).decode()}\n{costs.table()}"
        f"at the peak, seconds (p50, p99, most of {len(told)} and {len(store_told)}): "
        f"from the hook to the supplier {_spread(told)}, from the parcel to the store {_spread(store_told)}"
    )
    rate = sold / took
    return Result(
        case="order_day",
        value=rate,
        unit="orders/s",
        baseline=A_DAY / SECONDS_A_DAY,
        ratio=rate / (A_DAY / SECONDS_A_DAY),
        p50_ms=percentile(told, 0.5),
        p99_ms=percentile(told, 0.99),
        n=sold,
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


@dataclass(frozen=True, slots=True)
class _Costs:
    """Seconds of processor time by process, of ``orders`` carried in ``took`` seconds; and seconds per second of the
    same processes while nobody buys."""

    seconds: Mapping[str, float]
    idle: Mapping[str, float]
    took: float
    orders: int

    def table(self) -> str:
        """Milliseconds per order by part and by process, without what would have been spent anyway; what is spent
        anyway; and what both are of the machine on a day of 50,000."""
        each = {name: (spent - self.idle.get(name, 0.0) * self.took) * 1000 / self.orders
                for name, spent in self.seconds.items()}  # fmt: skip
        parts: dict[str, float] = {}
        for name, cost in each.items():
            part = _PARTS.get(name, "workers")
            parts[part] = parts.get(part, 0.0) + cost
        own = sum(cost for part, cost in parts.items() if part != "simulators")
        idle = sum(share for name, share in self.idle.items() if name not in _SIMULATORS)
        load = (own / 1000 * A_DAY / SECONDS_A_DAY + idle) / CORES
        gross = sum(spent for name, spent in self.seconds.items() if name not in _SIMULATORS) * 1000 / self.orders
        return (
            f"processor time per order, ms: {_listed(parts)}; without the simulators {own:.1f} "
            f"({gross:.1f} with what is spent while nobody buys: {idle * 1000:.0f} ms a second)\n"
            f"by process: {_listed(each)}\n"
            f"{A_DAY} orders a day are {load:.0%} of {CORES} cores\n"
        )


def _listed(costs: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {cost:.1f}" for name, cost in sorted(costs.items(), key=lambda one: -one[1]))


def _spread(seconds: Sequence[float]) -> str:
    most = max(seconds, default=0.0)
    return f"{percentile(seconds, 0.5) / 1000:.2f} {percentile(seconds, 0.99) / 1000:.2f} {most:.2f}"


def _write(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _idle(shop: _Shop) -> dict[str, float]:
    """Seconds of processor time a second of each process while nobody buys; suppliers look for orders all the same."""
    pids = shop.story.installation.folder / "pids"
    before, begun = spent(pids), time.perf_counter()
    time.sleep(_IDLE_SECONDS)
    took = time.perf_counter() - begun
    return {name: seconds / took for name, seconds in between(before, spent(pids)).items()}


@dataclass(slots=True)
class _Shop:
    """Shoppers, and those who serve them."""

    story: Story
    skus: Sequence[str]
    suppliers: Sequence[_Supplier]
    retailer: _Retailer
    dice: random.Random = field(default_factory=lambda: random.Random(20261129))
    closed: bool = False

    def sell(self, orders: int, *, pace: float | None = None, what: str = "") -> list[str]:
        """So many orders, at a pace a second or as fast as they are carried, until the shop is closed. Returns their
        names."""
        progress = _Progress(what, orders)
        begun = time.monotonic()
        coming: list[Future[str]] = []
        with ThreadPoolExecutor(_BUYERS) as buyers:
            for number in range(orders):
                if pace is not None:
                    time.sleep(max(0.0, begun + number / pace - time.monotonic()))
                elif number % _LOOKED_AFTER == 0:
                    # Looking costs the database something, too.
                    while _owed() > _MOST_OWED:
                        time.sleep(0.5)
                coming.append(buyers.submit(self._buy, *self._plan()))
                if self.closed:
                    break
                if number % 50 == 0:
                    self.look_after()
                progress.tell(number)
            return [one.result() for one in coming]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Suppliers and the retailer do their work in this block."""
        with ExitStack() as desks:
            for desk in (*self.suppliers, self.retailer):
                desks.enter_context(desk.open())
            yield

    def look_after(self) -> None:
        """Restart what has ended; a desk that broke down ends the case."""
        self.story.installation.supervisor.look_after()
        for desk in (*self.suppliers, self.retailer):
            if desk.work is not None and desk.work.done():
                desk.work.result()

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


class _Progress:
    """How far the shoppers are, told now and then."""

    def __init__(self, what: str, orders: int) -> None:
        self._what, self._orders = what, orders
        self._begun = self._told = time.monotonic()

    def tell(self, number: int) -> None:
        """This many were bought."""
        now = time.monotonic()
        if not self._what or not number or now - self._told < _TELL_EVERY:
            return
        self._told = now
        pace = number / (now - self._begun)
        left = timedelta(seconds=round((self._orders - number) / pace))
        _write(
            f"{self._what}: {number} of {self._orders} bought, {pace:.1f} a second, {left} left, {_owed()} tasks wait"
        )


@contextmanager
def _until_interrupted(shop: _Shop) -> Iterator[None]:
    """The first interrupt in this block closes the shop; the second is one as ever."""
    before = signal.getsignal(signal.SIGINT)

    def close(_number: int, _frame: FrameType | None) -> None:
        shop.closed = True
        signal.signal(signal.SIGINT, before)
        _write("nobody buys any more; what was bought is carried to its end")

    signal.signal(signal.SIGINT, close)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Desk:
    """Somebody's work by API, on a thread of its own."""

    seconds_between = 1.0

    def __init__(self, story: Story, who: SignIn) -> None:
        self.story = story
        self.work: Future[None] | None = None
        self._over = threading.Event()
        self.http = requests.Session()
        # A keep-alive connection may end as it is used; what is said twice changes nothing.
        patient = HTTPAdapter(max_retries=Retry(total=5, backoff_factor=0.2, allowed_methods=None))
        self.http.mount("http://", patient)
        self.http.headers["Authorization"] = f"Bearer {who.key}"

    @contextmanager
    def open(self) -> Iterator[None]:
        """Work in this block."""
        with ThreadPoolExecutor(1) as thread:
            self.work = thread.submit(self._keep_working)
            try:
                yield
            finally:
                self._over.set()
        self.work.result()

    def look(self) -> None:
        """See what is to be done, and do it."""
        raise NotImplementedError

    def _keep_working(self) -> None:
        while not self._over.wait(self.seconds_between):
            self.look()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What may be refused is refused now and then: the shopper cancelled in the same moment."""
        answer = self.http.request(method, f"{self.story.installation.url}{path}", json=body, timeout=30)
        if answer.status_code >= 500:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.status_code < 400 else {}


class _Retailer(_Desk):
    """The shop's owner, who gives the money back for what no supplier delivers."""

    seconds_between = 5.0

    def look(self) -> None:
        """Decide what is to be decided."""
        for one in self.call("GET", "/api/decisions?state=OPEN&limit=100")["items"]:
            self.call("POST", f"/api/orders/{one['order_id']}/decisions/{one['id']}", {"choice": "refund"})


class _Supplier(_Desk):
    """A supplier that asks for its orders once a second, answers and ships by API, as the dice say."""

    def __init__(self, story: Story, who: SignIn) -> None:
        super().__init__(story, who)
        self.dice = random.Random(who.email)
        self.fates: dict[str, str] = {}
        self._newest: dict[str, datetime] = {}

    def silent(self) -> set[UUID]:
        """The purchase orders that are never answered."""
        return {UUID(one) for one, fate in list(self.fates.items()) if fate == "is silent"}

    def look(self) -> None:
        """Answer and ship what is new."""
        for status in ("PENDING", "BACKORDERED"):
            self._work_off(status)

    def _work_off(self, status: str) -> None:
        """What is new of a status. Times are those at which transactions began, so a while is looked back."""
        newest = self._newest.get(status)
        since = "" if newest is None else f"&updated_since={_since(newest)}"
        cursor = ""
        while True:
            page = self.call("GET", f"/api/supplier/orders?status={status}&limit=100{since}{cursor}")
            for order in page["items"]:
                at = datetime.fromisoformat(order["updated_at"])
                self._newest[status] = max(at, self._newest.get(status, at))
                self._handle(order)
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def _handle(self, order: Mapping[str, Any]) -> None:
        fate = self.fates.get(order["id"])
        if fate is None:
            fate = self.fates[order["id"]] = self.dice.choices(list(_FATES), list(_FATES.values()))[0]
        elif fate == "backorders":
            fate = "ships"
        if fate == "is silent":
            return
        answers = [self._answer(line, at, fate) for at, line in enumerate(order["lines"])]
        path = f"/api/supplier/orders/{order['id']}/acknowledge"
        answered = self.call("POST", path, {"lines": [one for one in answers if one]})
        if fate not in ("rejects", "backorders") and answered:
            self._ship(answered, in_parts=fate == "ships in parts")

    def _answer(self, line: Mapping[str, Any], at: int, fate: str) -> dict[str, Any] | None:
        said: dict[str, Any] = {"line_id": line["id"], "status": "accepted"}
        if fate == "rejects" or (fate == "rejects a line" and at == 0):
            said |= {"status": "rejected", "reason": "out_of_stock"}
        elif fate == "short" and at == 0 and line["quantity"] > 1:
            said |= {"status": "rejected", "reason": "out_of_stock", "quantity": 1}
        elif fate == "backorders" and at == 0:
            said |= {"status": "backordered", "available_on": datetime.now(UTC).date().isoformat()}
        return said

    def _ship(self, order: Mapping[str, Any], *, in_parts: bool) -> None:
        open_units = [(line["id"], line["quantity"] - line["shipped"] - line["cancelled"]) for line in order["lines"]]
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
            self.call("POST", f"/api/supplier/orders/{order['id']}/ship", {"parcels": [parcel]})
            for step in ("in_transit", "delivered"):
                lever = f"{self.story.installation.carrier_url}/_sim/parcels/{label['number']}/advance"
                self.http.post(lever, json={"to": step}, timeout=10).raise_for_status()


def _since(newest: datetime) -> str:
    return (newest - timedelta(seconds=30)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _settle(shop: _Shop) -> None:
    """Wait until every order is at an end or waits for a supplier that is silent, and nothing that is due is undone."""
    progress = time.monotonic()
    seen: tuple[int, int] | None = None
    told = time.monotonic()
    quiet = 0
    while quiet < 3:
        shop.look_after()
        time.sleep(1)
        state = (_owed(), len(_unfinished(shop.suppliers)))
        quiet = quiet + 1 if state == (0, 0) else 0
        now = time.monotonic()
        if state != seen:
            seen, progress = state, now
        if now - progress > _PATIENCE:
            raise RuntimeError(f"nothing moves any more: {state[0]} tasks, {state[1]} orders; {_ends()}")
        if now - told > _TELL_EVERY:
            told = now
            _write(f"on their way: {state[1]} orders, {state[0]} tasks wait")


def _unfinished(suppliers: Sequence[_Supplier]) -> list[str]:
    """Orders that are not at an end and that no silent supplier keeps there."""
    silent = [one for supplier in suppliers for one in supplier.silent()]
    kept = select(PurchaseOrder.order_id).where(PurchaseOrder.id.in_(silent), PurchaseOrder.status == "PENDING")
    with db.system_scope(actor="bench"), db.transaction() as session:
        return list(
            session.scalars(select(Order.external_name).where(Order.status.not_in(_AT_AN_END), Order.id.not_in(kept)))
        )


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


def _check(story: Story, suppliers: Sequence[_Supplier]) -> dict[str, int]:
    """All orders are at an end but those of silent suppliers; no units are set aside but theirs; no task is dead; the
    ledger balances, and all books agree. Returns how many orders ended how."""
    unfinished = _unfinished(suppliers)
    silent = [one for supplier in suppliers for one in supplier.silent()]
    waiting = select(PurchaseOrderLine.order_line_id).where(PurchaseOrderLine.purchase_order_id.in_(silent))
    is_open = Reservation.state.in_(("HELD", "COMMITTED"))
    with db.system_scope(actor="bench"), db.transaction() as session:
        aside = session.scalar(
            select(func.count()).select_from(Reservation).where(is_open, Reservation.order_line_id.not_in(waiting))
        )
        open_units = func.sum(Reservation.quantity - Reservation.consumed - Reservation.released)
        held = session.scalar(select(open_units).where(is_open))
        reserved = session.scalar(select(func.sum(InventoryLevel.reserved)))
        dead = session.scalar(select(func.count()).where(Task.state == TaskState.DEAD))
        skewed = session.execute(
            select(Posting.entry_id).group_by(Posting.entry_id, Posting.currency).having(func.sum(Posting.amount) != 0)
        ).all()
    wrong = {
        "orders that are not at an end": unfinished[:10],
        "units set aside for nobody": aside,
        "reservations that levels do not know": (held or 0) - (reserved or 0),
        "dead tasks": dead,
        "journal entries that do not balance": skewed[:10],
    }
    if any(wrong.values()):
        raise RuntimeError(f"the day went wrong: { ({what: found for what, found in wrong.items() if found}) }")
    story.check_books()
    return _ends()


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


def _store_told(names: Sequence[str]) -> list[float]:
    """Seconds from each parcel's leaving to the moment that the store knew of it, of these orders' parcels."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(
            select(Shipment.created_at, Shipment.store_told_at)
            .join(Order, Order.id == Shipment.order_id)
            .where(Order.external_name.in_(names), Shipment.store_told_at.is_not(None))
        )
        return [(told - left).total_seconds() for left, told in rows]
