"""The shop: its shoppers, and those who serve them until every order is at an end."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any
from uuid import UUID

import orjson

from benchmarks.order_day import standing
from benchmarks.order_day.carriage import Carriage
from benchmarks.order_day.desk import Desk
from benchmarks.order_day.mix import HELD, HOOKS, SHOPPERS, Tally, dice, met
from benchmarks.order_day.progress import TELL_EVERY, Progress, write
from benchmarks.order_day.retailer import Retailer
from benchmarks.order_day.supplier import Supplier
from benchmarks.order_day.weather import Weather
from demo.installation import SHOP
from demo.story import Story
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.running import Control, ControlRefused

_BUYERS = 4
#: Without a pace shoppers come as long as no more tasks than these wait.
_MOST_OWED = 100
_LOOKED_AFTER = 10
#: So long nothing may have moved before the case gives up.
_PATIENCE = 900.0
#: So many units of one line are more than anybody buys.
_SUSPICIOUS = 100
_ADDRESS = {
    "first_name": "Avery", "last_name": "Stone", "address1": "12 Harbour Street", "city": "Portland",
    "province": "Oregon", "province_code": "OR", "zip": "97201", "country": "United States", "country_code": "US",
}  # fmt: skip
#: What an order looks like that is held for its address.
_ADDRESSES: Mapping[str, Mapping[str, str]] = {
    "address_incomplete": {**_ADDRESS, "zip": "9720"},
    "address_doubtful": {**_ADDRESS, "address1": "Harbour Street"},
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a shopper will do."""

    lines: Sequence[dict[str, Any]]
    held: str = ""
    hook: str = ""
    afterwards: str = ""


@dataclass(slots=True)
class Shop:
    """Shoppers, and those who serve them."""

    story: Story
    skus: Sequence[str]
    suppliers: Sequence[Supplier]
    retailer: Retailer
    carriage: Carriage
    weather: Weather
    tally: Tally
    closed: bool = False
    _plans: int = 0

    def sell(self, orders: int, *, pace: float | None = None, what: str = "") -> list[str]:
        """So many orders, at a pace a second or as fast as they are carried, until the shop is closed. Returns their
        names."""
        progress = Progress(what, orders)
        begun = time.monotonic()
        coming: list[Future[str]] = []
        with ThreadPoolExecutor(_BUYERS) as buyers:
            for number in range(orders):
                if pace is not None:
                    time.sleep(max(0.0, begun + number / pace - time.monotonic()))
                elif number % _LOOKED_AFTER == 0:
                    # Looking costs the database something, too.
                    while standing.owed() > _MOST_OWED:
                        time.sleep(0.5)
                coming.append(buyers.submit(self._buy, self._plan()))
                if self.closed:
                    break
                if number % 50 == 0:
                    self.look_after()
                progress.tell(number)
            return [one.result() for one in coming]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Everybody does their work in this block."""
        with ExitStack() as desks:
            for desk in self._desks:
                desks.enter_context(desk.open())
            yield

    @contextmanager
    def without_trouble(self) -> Iterator[None]:
        """Nothing goes wrong in this block."""
        for desk in self._desks:
            desk.troubled = False
        try:
            yield
        finally:
            for desk in self._desks:
                desk.troubled = True

    def look_after(self) -> None:
        """Restart what has ended; a desk that broke down ends the case."""
        self.story.installation.supervisor.look_after()
        for desk in self._desks:
            if desk.work is not None and desk.work.done():
                desk.work.result()

    def silent(self) -> set[UUID]:
        """The purchase orders that are never answered."""
        return {one for supplier in self.suppliers for one in supplier.silent()}

    @property
    def _desks(self) -> Sequence[Desk]:
        return (*self.suppliers, self.retailer, self.carriage, self.weather)

    def _plan(self) -> _Plan:
        self._plans += 1
        order = ("order", str(self._plans))
        own = dice(*order)
        skus = own.sample(list(self.skus), own.choice((1, 1, 1, 2, 2, 3, 4, 5)))
        lines = [{"sku": sku, "quantity": own.choice((1, 1, 1, 2, 3))} for sku in skus]
        if not self.weather.troubled:
            return _Plan(lines)
        plan = _Plan(lines, met(HELD, "held", *order), met(HOOKS, "hook", *order), met(SHOPPERS, "mind", *order))
        if plan.held == "risk_value":
            lines[0]["quantity"] = _SUSPICIOUS
        return plan

    def _buy(self, plan: _Plan) -> str:
        control = Control(self.story.installation.shopify_url)
        try:
            address = dict(_ADDRESSES.get(plan.held, _ADDRESS))
            made = control.create_order(SHOP, plan.lines, financial_status="PAID", shipping_address=address)
            self.tally.add(*[f"order: {one}" for one in (plan.held, plan.afterwards) if one])
            if plan.hook:
                self._again(control, str(made["name"]))
            if plan.afterwards == "moves":
                self.retailer.moved.add(gid("Order", int(made["id"])))
            elif plan.afterwards.startswith("sends back"):
                self.retailer.unwanted[gid("Order", int(made["id"]))] = plan.afterwards
            elif plan.afterwards:
                self._change(control, made, plan.afterwards)
            return str(made["name"])
        finally:
            control.close()

    def _change(self, control: Control, made: Mapping[str, Any], how: str) -> None:
        """Cancel the order, or take a unit of its first line away, unless it has left already."""
        control.wait_until_routed(SHOP, int(made["id"]))
        line = made["lines"][0]
        try:
            if how == "cancels":
                control.cancel_order(SHOP, int(made["id"]))
            else:
                control.edit_order(SHOP, int(made["id"]), {int(line["id"]): int(line["quantity"]) - 1})
        except ControlRefused as refused:
            self.tally.add(f"order: {how} too late ({refused.content['kind']})")

    def _again(self, control: Control, name: str) -> None:
        for one in control.deliveries(SHOP, "orders/paid", limit=20):
            if orjson.loads(one["body"])["name"] == name and one["attempts"]:
                control.replay(one["id"])
                self.tally.add("hook: twice")


@contextmanager
def until_interrupted(shop: Shop) -> Iterator[None]:
    """The first interrupt in this block closes the shop; the second is one as ever."""
    before = signal.getsignal(signal.SIGINT)

    def close(_number: int, _frame: FrameType | None) -> None:
        shop.closed = True
        signal.signal(signal.SIGINT, before)
        write("nobody buys any more; what was bought is carried to its end")

    signal.signal(signal.SIGINT, close)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def settle(shop: Shop) -> None:
    """Wait until every order is at an end or waits for a supplier that is silent, and nothing that is due is undone."""
    progress = time.monotonic()
    seen: tuple[int, int] | None = None
    told = time.monotonic()
    quiet = 0
    while quiet < 3:
        shop.look_after()
        time.sleep(1)
        open_orders = [*standing.unfinished(shop.silent(), shop.retailer.unwanted), *shop.retailer.moved]
        state = (standing.owed(), len(open_orders))
        quiet = quiet + 1 if state == (0, 0) else 0
        now = time.monotonic()
        if state != seen:
            seen, progress = state, now
        if now - progress > _PATIENCE:
            raise RuntimeError(f"nothing moves any more: {state[0]} tasks, {state[1]} orders; {open_orders[:10]}")
        if now - told > TELL_EVERY:
            told = now
            write(f"on their way: {state[1]} orders, {state[0]} tasks wait")
