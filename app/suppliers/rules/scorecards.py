"""How a supplier's reliability is judged: what is measured, what each measure weighs, and one score of all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of ``counted`` went as they should."""

    met: int = 0
    counted: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured. Shares in basis points: at ``floor`` it earns no points, at 100 % all of its ``weight``;
    below ``goal`` its supplier is asked to mend it."""

    weight: int
    goal: int
    floor: int


#: The measures, each a share of what fell due, the heaviest first. The weights add up to 100.
#:
#: ``sent``: orders whose goods all left by their day (a carrier's first scan where it tells scans, else when we were
#: told). ``kept``: units that the supplier did not reject. ``answered``: orders answered within the time for it.
#: ``stocked``: orders of which everything was there. ``arrived``: parcels delivered within the promised days, as their
#: carrier says. ``tracked``: parcels with a scan within three days. ``at_once``: orders without a backorder.
MEASURES: Mapping[str, Measure] = {
    "sent": Measure(30, 9_500, 7_000),
    "kept": Measure(20, 9_800, 9_000),
    "answered": Measure(15, 9_500, 7_000),
    "stocked": Measure(15, 9_800, 9_000),
    "arrived": Measure(10, 9_500, 7_000),
    "tracked": Measure(5, 9_800, 9_000),
    "at_once": Measure(5, 9_500, 7_000),
}
#: Kept beside them, by steps: hours to the answer, and days from the order to its last parcel.
ANSWER_HOURS, SENT_DAYS = "answer_hours", "sent_days"
SPREADS = (ANSWER_HOURS, SENT_DAYS)
#: The last step of each, which stands for all that took longer.
LAST_STEP = {ANSWER_HOURS: 73, SENT_DAYS: 31}

#: Days that figures are summed over; the score is of the longest.
WINDOWS = (30, 90)
SCORED_OVER = 90
#: Before so many orders fell due a supplier has no score.
NEW_UNTIL = 20
#: A share of fewer is told to nobody but the supplier.
SHOWN_FROM = 30
#: Every share is mixed with so many imagined cases that went as on average in the network.
PRIOR = 20
#: Days within which a parcel's number must have been scanned.
SCANNED_WITHIN = 3
#: Below this score the supplier is warned and the platform told.
WARN_BELOW = 60
#: A supplier that stays below is told again after so many days.
WARNED_EVERY = 7

FEW, GOOD, NEAR, BELOW = "few", "good", "near", "below"


@dataclass(frozen=True, slots=True)
class Part:
    """What one measure brings: its share in basis points after mixing, the network's, and its points of the most it
    could bring, in tenths of a point of the score."""

    share: int
    network: int
    points: int
    most: int


def network_shares(totals: Mapping[str, Tally]) -> dict[str, float]:
    """The average of all suppliers for each measure, itself mixed with its goal; those that nothing was counted of are
    left out."""
    return {
        name: _mixed(totals[name], MEASURES[name].goal / 10_000)
        for name in MEASURES
        if name in totals and totals[name].counted
    }


def parts_of(tallies: Mapping[str, Tally], network: Mapping[str, float]) -> dict[str, Part]:
    """What each measure brings. A measure that nobody has figures of counts for nobody; one that only this supplier
    has none of counts as the network's average."""
    whole = sum(MEASURES[name].weight for name in network)
    parts = {}
    for name, average in network.items():
        share = _mixed(tallies.get(name, Tally()), average)
        most = 1_000 * MEASURES[name].weight / whole
        parts[name] = Part(
            round(share * 10_000), round(average * 10_000), round(most * _earned(name, share)), round(most)
        )
    return parts


def score_of(tallies: Mapping[str, Tally], network: Mapping[str, float], orders: int) -> int | None:
    """0 to 100; None for a supplier that is still new."""
    if orders < NEW_UNTIL or not network:
        return None
    whole = sum(MEASURES[name].weight for name in network)
    earned = sum(
        MEASURES[name].weight * _earned(name, _mixed(tallies.get(name, Tally()), average))
        for name, average in network.items()
    )
    return round(100 * earned / whole)


def stars(score: int | None) -> Decimal | None:
    """The score as a rating from 0 to 5 with one decimal: coarse, so that it moves seldom."""
    return None if score is None else (Decimal(score) / 20).quantize(Decimal("0.1"), ROUND_HALF_UP)


def upper_bound(tally: Tally) -> float:
    """The end of Wilson's 95 % interval of the share: with few cases it is far above it."""
    if not tally.counted:
        return 1.0
    z, n = 1.96, tally.counted
    share = tally.met / n
    middle, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return min(1.0, (middle + spread) / (1 + z * z / n))


def standing(name: str, tally: Tally) -> str:
    """``good`` at its goal, ``below`` where it is so beyond chance, ``near`` between; ``few`` before there are enough
    cases to say."""
    goal = MEASURES[name].goal
    if tally.counted and upper_bound(tally) * 10_000 < goal:
        return BELOW
    if tally.counted < SHOWN_FROM:
        return FEW
    return GOOD if tally.met * 10_000 >= goal * tally.counted else NEAR


def share_of(tally: Tally) -> int | None:
    """The plain share in basis points; None of nothing."""
    return tally.met * 10_000 // tally.counted if tally.counted else None


def quantile(steps: Mapping[int, int], percent: int) -> int | None:
    """The step within which so many percent of the cases lie; None without any."""
    cases = sum(steps.values())
    seen = 0
    for step in sorted(steps):
        seen += steps[step]
        if seen * 100 >= cases * percent and seen:
            return step
    return None


def at_least(count: int) -> int:
    """A count as others may know it: the next lower of 30, 50, 100, 200, 500, 1000 …; 0 below."""
    if count < 50:
        return 30 if count >= 30 else 0
    scale: int = 10 ** (len(str(count)) - 1)
    return max(step for step in (scale, 2 * scale, 5 * scale) if step <= count)


def _mixed(tally: Tally, average: float) -> float:
    return (tally.met + PRIOR * average) / (tally.counted + PRIOR)


def _earned(name: str, share: float) -> float:
    floor = MEASURES[name].floor / 10_000
    return min(1.0, max(0.0, (share - floor) / (1 - floor)))
