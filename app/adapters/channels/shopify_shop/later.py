"""What a shop's people let wait for goods, as units that come later.

Two things of a fulfilment order name a day: it is scheduled (``fulfillAt``), or it is on hold and its note says by when
(2026-12-24). A hold for want of stock without a day can't be taken over, and its supplier is told so; other holds say
nothing to a retailer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.adapters._coming_later import Later, day_in
from app.kit.clock import parse_iso
from app.kit.days import day_of

_NO_STOCK = "INVENTORY_OUT_OF_STOCK"


def later_lines(
    fulfillment_orders: Sequence[Mapping[str, Any]], lines: Mapping[str, str], timezone: str
) -> tuple[Later, bool]:
    """What comes later, and whether something waits for stock without a day. ``lines``: the shop's line item → ours;
    ``timezone`` is the shop's."""
    found: dict[str, tuple[int, date]] = {}
    without = False
    for one in fulfillment_orders:
        day = _day(one, timezone)
        if day is None:
            without = without or _waits_for_stock(one)
            continue
        for part in one["lineItems"]["nodes"]:
            line, units = lines.get(part["lineItem"]["id"], ""), int(part["remainingQuantity"])
            if line and units:
                before, until = found.get(line, (0, day))
                found[line] = before + units, max(until, day)
    return found, without


def _day(one: Mapping[str, Any], timezone: str) -> date | None:
    if one["status"] == "SCHEDULED" and one["fulfillAt"]:
        return day_of(parse_iso(one["fulfillAt"]), timezone)
    if one["status"] != "ON_HOLD":
        return None
    days = [day_in(hold["reasonNotes"] or "") for hold in one["fulfillmentHolds"]]
    return max((day for day in days if day is not None), default=None)


def _waits_for_stock(one: Mapping[str, Any]) -> bool:
    return one["status"] == "ON_HOLD" and any(hold["reason"] == _NO_STOCK for hold in one["fulfillmentHolds"])
