"""Decisions about purchase orders, on plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.kit.days import end_of_day
from app.kit.money import Money
from app.kit.texts import zone_of
from app.orders.rules import (
    BACKORDERED,
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    ON_HOLD,
    PARTIALLY_SHIPPED,
    PENDING,
    PROCESSING,
    RETURNED,
    SHIPPED,
)
from app.suppliers.rules import Closure, order_day, working_days_from

ANSWERS = ("accepted", "backordered", "rejected")
#: Reasons for rejecting a line (the names of Orderful's X12 855 list, in our spelling).
REJECT_REASONS = (
    "out_of_stock",
    "discontinued",
    "invalid_price",
    "invalid_item",
    "undeliverable_address",
    "invalid_shipping_method",
    "other",
)
#: How many working days a supplier has to answer.
ANSWER_WITHIN_DAYS = 1

#: Status → the statuses it may become. Every other move is refused; staying is always allowed.
MOVES: Mapping[str, frozenset[str]] = {
    PENDING: frozenset({ON_HOLD, CONFIRMED, BACKORDERED, PROCESSING, PARTIALLY_SHIPPED, SHIPPED, CANCELLED}),
    ON_HOLD: frozenset({PENDING, CANCELLED}),
    CONFIRMED: frozenset({PROCESSING, BACKORDERED, PARTIALLY_SHIPPED, SHIPPED, CANCELLED}),
    # Back to PENDING when what was backordered is there (or was rejected) and another line has no answer yet.
    BACKORDERED: frozenset({PENDING, CONFIRMED, PROCESSING, PARTIALLY_SHIPPED, SHIPPED, CANCELLED}),
    PROCESSING: frozenset({BACKORDERED, PARTIALLY_SHIPPED, SHIPPED, CANCELLED}),
    # With the rest cancelled, what was shipped is all there is; it may even have arrived, or come back, by then.
    PARTIALLY_SHIPPED: frozenset({SHIPPED, DELIVERED, RETURNED}),
    SHIPPED: frozenset({DELIVERED, RETURNED}),
    DELIVERED: frozenset({RETURNED}),
    CANCELLED: frozenset(),
    RETURNED: frozenset(),
}


#: The moves back, and no others: what was said to have left has not (a parcel was taken back, or held less), or was
#: lost and is given up.
UNDONE: Mapping[str, frozenset[str]] = {
    PARTIALLY_SHIPPED: frozenset({PENDING, CONFIRMED, BACKORDERED, PROCESSING, CANCELLED}),
    SHIPPED: frozenset({PENDING, CONFIRMED, BACKORDERED, PROCESSING, PARTIALLY_SHIPPED, CANCELLED}),
}


def may_move(current: str, wanted: str, *, undone: bool = False) -> bool:
    """Whether a purchase order's status may change so; ``undone``: because what was said of a parcel was not so."""
    if wanted == current or wanted in MOVES[current]:
        return True
    return undone and wanted in UNDONE.get(current, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCounts:
    """The counts of one line, from which its status follows."""

    quantity: int
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returned: int = 0
    answer: str | None = None
    #: Of a backordered line: units that go at once all the same, those included that have left.
    at_once: int = 0

    @property
    def open(self) -> int:
        """Units still to leave the house."""
        return self.quantity - self.shipped - self.cancelled

    @property
    def later(self) -> int:
        """Units still to come that its supplier sends later than ordered. What leaves is first of the others; what is
        cancelled is first of these."""
        if self.answer != "backordered":
            return 0
        return max(0, self.quantity - self.cancelled - max(self.at_once, self.shipped))

    @property
    def now(self) -> int:
        """Units still to leave the house that do not come later."""
        return self.open - self.later

    @property
    def said(self) -> str | None:
        """The answer as far as it still says something: with nothing left to come later, the rest is accepted."""
        return "accepted" if self.answer == "backordered" and not self.later else self.answer

    @property
    def answerable(self) -> bool:
        """Whether it waits for an answer, or for another one: what comes later may get another day, or be there."""
        return self.said in (None, "backordered") and self.open > 0


def line_status(line: LineCounts) -> str:
    """A line's status for people and the API."""
    wanted = line.quantity - line.cancelled
    if wanted == 0:
        return "rejected" if line.answer == "rejected" else "cancelled"
    if line.delivered >= wanted:
        return "delivered"
    if line.shipped >= wanted:
        return "shipped"
    if line.shipped:
        return "partially_shipped"
    return line.said or "open"


def combined_status(lines: Sequence[LineCounts]) -> str:
    """The status of an order line that several purchase orders' lines fill: that of the one which is least far."""
    statuses = [line_status(line) for line in lines]
    live = [status for status in statuses if status not in ("cancelled", "rejected")]
    if not live:
        return statuses[0]
    return min(live, key=_PROGRESS.index)


_PROGRESS = ("open", "backordered", "accepted", "partially_shipped", "shipped", "delivered")


def whole_units(units: Iterable[tuple[int, int, int]]) -> int:
    """How many units of an order line can be made of its components: of ``component, units, per_unit`` each."""
    components: defaultdict[int, int] = defaultdict(int)
    for component, count, per_unit in units:
        components[component] += count // per_unit
    return min(components.values(), default=0)


def beyond_whole(units: Sequence[tuple[int, int, int]]) -> list[int]:
    """Of ``component, units, per_unit`` each: the units of which no unit of the order line can be made. What stands
    first is used first."""
    whole = whole_units(units)
    left: defaultdict[int, int] = defaultdict(lambda: whole)
    found = []
    for component, count, per_unit in units:
        used = min(left[component], count // per_unit)
        left[component] -= used
        found.append(count - used * per_unit)
    return found


def purchase_order_status(lines: Sequence[LineCounts], *, released: bool, held: bool, processing: bool) -> str:
    """A purchase order's status from its lines."""
    live = [line for line in lines if line.quantity > line.cancelled]
    if not live:
        return CANCELLED
    if not released:
        return ON_HOLD if held else PENDING
    if all(line.returned >= line.quantity - line.cancelled for line in live):
        return RETURNED
    if all(line.delivered >= line.quantity - line.cancelled for line in live):
        return DELIVERED
    if all(line.open == 0 for line in live):
        return SHIPPED
    if any(line.shipped for line in live):
        return PARTIALLY_SHIPPED
    if any(line.later for line in live):
        return BACKORDERED
    if processing:
        return PROCESSING
    if all(line.said == "accepted" for line in live):
        return CONFIRMED
    return PENDING


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a purchase order's money: goods and shipping for the supplier, of which the platform keeps the fee."""

    goods: Money
    shipping: Money
    fee: Money

    @property
    def supplier(self) -> Money:
        """What the supplier gets of it."""
        return self.goods + self.shipping - self.fee

    @property
    def charged(self) -> Money:
        """What the retailer pays for it."""
        return self.goods + self.shipping


def share_of(
    *, goods: Money, settled_goods: Money, total_goods: Money, shipping: Money, fee: Money, settled: Share
) -> Share:
    """The shipping and fee that belong to ``goods``, when ``settled`` has been shared out before.

    Shipping and fee follow the value of the goods cumulatively, so that all shares together are exactly the
    purchase order's totals, however often it is split.
    """
    done = settled_goods + goods
    if not total_goods:
        # Free goods: everything belongs to the first share.
        return Share(goods, shipping - settled.shipping, fee - settled.fee)
    basis = Money(done.minor, goods.currency)

    def cumulative(whole: Money) -> Money:
        if done == total_goods:
            return whole
        return Money((2 * whole.minor * basis.minor + total_goods.minor) // (2 * total_goods.minor), whole.currency)

    return Share(goods, cumulative(shipping) - settled.shipping, cumulative(fee) - settled.fee)


def answer_by(
    released_at: datetime, closed: Sequence[Closure] = (), *, timezone: str = "UTC", cutoff_hour: int | None = None
) -> datetime:
    """When a supplier should have answered: a working day (Monday to Friday, outside its closures) after the day for
    which the order counts by its cut-off hour, at the hour at which the order came."""
    day = working_days_from(order_day(released_at, timezone, cutoff_hour), ANSWER_WITHIN_DAYS, closed)
    hour = released_at.astimezone(zone_of(timezone)).time()
    return datetime.combine(day, hour, zone_of(timezone)).astimezone(UTC)


def ship_by(
    released_at: datetime,
    handling_days: int,
    closed: Sequence[Closure] = (),
    *,
    timezone: str = "UTC",
    cutoff_hour: int | None = None,
) -> datetime:
    """When a supplier should have shipped: the end of a day of its own. Handling counts working days (Monday to Friday)
    outside its closures, from the day for which the order counts by its cut-off hour. Whoever asks whether it is late
    by this moment, or by the day that it is where the supplier is, gets the same answer."""
    begins = order_day(released_at, timezone, cutoff_hour)
    return end_of_day(working_days_from(begins, max(1, handling_days), closed), timezone).astimezone(UTC)
