"""The day's parts, one after another, and what is told of them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from benchmarks.full_stack import full_stack
from benchmarks.order_day import ends, standing
from benchmarks.order_day.costs import A_DAY, LARGEST_LOAD, SECONDS_A_DAY, Costs, idle_costs
from benchmarks.order_day.opening import open_shop
from benchmarks.order_day.progress import write
from benchmarks.order_day.pushed import order_system
from benchmarks.order_day.shop import settle, until_interrupted
from benchmarks.processor_time import between, spent
from benchmarks.result import Result, percentile

PEAK = 3 * A_DAY / SECONDS_A_DAY
PEAK_SECONDS = 120
ORDERS = int(os.environ.get("ORDER_DAY_ORDERS", str(A_DAY)))
#: One shop sells what 50,000 shops sell, each of which has a budget of its own for calls to its platform.
_PACE = ("--bucket", "1000000", "--restore-rate", "1000000")
_SETTINGS = {
    "CROSSDOCK_TRACKING_POLL": "PT20S",
    "CROSSDOCK_API_RATE_PER_MINUTE": "60000",
    "CROSSDOCK_OUTBOUND_ALLOWED_HOSTS": "127.0.0.1",
}


def measure() -> Result:
    """Open the shop, warm up, then the idle time, the peak and the bulk. Raises ``RuntimeError`` where something ended
    as it must not, or where a day takes more of the machine than it may."""
    with order_system() as system, full_stack(_PACE, **_SETTINGS) as story:
        shop = open_shop(story, system)
        with shop.at_work():
            with shop.without_trouble():
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
        ended = ends.check(shop)
    write(
        f"{sold} orders in {took:.0f} s ({A_DAY} would take {A_DAY / sold * took / 3600:.1f} h)\n"
        f"all orders ended as {_listed(ended)}\nwhat they met:\n{_table(shop.tally.counts())}{costs.table()}"
        f"at the peak, seconds (p50, p99, most of {len(told)} and {len(store_told)}): "
        f"from the hook to the supplier {_spread(told)}, from the parcel to the store {_spread(store_told)}"
    )
    if costs.load > LARGEST_LOAD:
        raise RuntimeError(f"a day of {A_DAY} orders would take {costs.load:.0%} of the machine, more than it may")
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
        load=costs.load,
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _table(counts: Mapping[str, int]) -> str:
    return "".join(f"  {count:6} {name}\n" for name, count in counts.items())


def _spread(seconds: Sequence[float]) -> str:
    most = max(seconds, default=0.0)
    return f"{percentile(seconds, 0.5) / 1000:.2f} {percentile(seconds, 0.99) / 1000:.2f} {most:.2f}"
