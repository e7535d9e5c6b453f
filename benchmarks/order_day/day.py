"""The day's parts, one after another, and what is told of them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import orjson

from benchmarks.full_stack import full_stack
from benchmarks.order_day import standing
from benchmarks.order_day.costs import A_DAY, SECONDS_A_DAY, Costs, idle_costs
from benchmarks.order_day.desks import Retailer, Supplier
from benchmarks.order_day.progress import write
from benchmarks.order_day.shop import Shop, settle, until_interrupted
from benchmarks.processor_time import between, spent
from benchmarks.result import Result, percentile
from demo.story import Story

PEAK = 3 * A_DAY / SECONDS_A_DAY
PEAK_SECONDS = 120
ORDERS = int(os.environ.get("ORDER_DAY_ORDERS", str(A_DAY)))
_UNITS = 1_000_000
_SKUS_EACH = 12
#: One shop sells what 50,000 shops sell, each of which has a budget of its own for calls to its platform.
_PACE = ("--bucket", "1000000", "--restore-rate", "1000000")


def measure() -> Result:
    """Furnish the shop, warm up, then the idle time, the peak and the bulk."""
    with full_stack(_PACE, CROSSDOCK_TRACKING_POLL="PT20S", CROSSDOCK_API_RATE_PER_MINUTE="60000") as story:
        suppliers = [Supplier(story, who) for who in (story.people.nordlicht, story.people.kanto)]
        shop = Shop(story, _furnish(story), suppliers, Retailer(story, story.people.retailer))
        with shop.at_work():
            shop.sell(10, pace=PEAK)
            settle(shop)
            pids = story.installation.folder / "pids"
            idle = idle_costs(pids)
            story.control.forget_deliveries()
            names = shop.sell(min(ORDERS, round(PEAK * PEAK_SECONDS)), pace=PEAK, what="the peak")
            settle(shop)
            told, store_told = standing.supplier_told(story, names), standing.store_told(names)
            before, begun = spent(pids), time.perf_counter()
            with until_interrupted(shop):
                sold = len(shop.sell(ORDERS, what="the day"))
            settle(shop)
            took = time.perf_counter() - begun
            costs = Costs(between(before, spent(pids)), idle, took, sold)
        ends = standing.check(story, shop.silent())
    write(
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


def _spread(seconds: Sequence[float]) -> str:
    most = max(seconds, default=0.0)
    return f"{percentile(seconds, 0.5) / 1000:.2f} {percentile(seconds, 0.99) / 1000:.2f} {most:.2f}"
