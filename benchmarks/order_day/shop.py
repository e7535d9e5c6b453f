"""The shop: its shoppers, and those who serve them until every order is at an end."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from uuid import UUID

import orjson

from benchmarks.order_day import standing
from benchmarks.order_day.desks import Retailer, Supplier
from benchmarks.order_day.progress import TELL_EVERY, Progress, write
from demo.installation import SHOP
from demo.story import Story
from tests.simulators.shopify.running import Control

_BUYERS = 4
#: Without a pace shoppers come as long as no more tasks than these wait.
_MOST_OWED = 100
_LOOKED_AFTER = 10
#: So long nothing may have moved before the case gives up.
_PATIENCE = 900.0
_TWICE, _CHANGES_MIND = 0.05, 0.02


@dataclass(slots=True)
class Shop:
    """Shoppers, and those who serve them."""

    story: Story
    skus: Sequence[str]
    suppliers: Sequence[Supplier]
    retailer: Retailer
    dice: random.Random = field(default_factory=lambda: random.Random(20261129))
    closed: bool = False

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

    def silent(self) -> set[UUID]:
        """The purchase orders that are never answered."""
        return {one for supplier in self.suppliers for one in supplier.silent()}

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
        state = (standing.owed(), len(standing.unfinished(shop.silent())))
        quiet = quiet + 1 if state == (0, 0) else 0
        now = time.monotonic()
        if state != seen:
            seen, progress = state, now
        if now - progress > _PATIENCE:
            raise RuntimeError(f"nothing moves any more: {state[0]} tasks, {state[1]} orders; {standing.ends()}")
        if now - told > TELL_EVERY:
            told = now
            write(f"on their way: {state[1]} orders, {state[0]} tasks wait")
