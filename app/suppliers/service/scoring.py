"""Scorecards: keeping what was counted each day, and the score that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import add_rows
from app.kit import clock
from app.outbox.service import emit
from app.suppliers.events import SupplierBelowGoal
from app.suppliers.models import Supplier, SupplierCard, SupplierMeasure, SupplierScore
from app.suppliers.rules.scorecards import (
    BELOW,
    MEASURES,
    NEW_UNTIL,
    SCORED_OVER,
    SHOWN_FROM,
    SPREADS,
    WARN_BELOW,
    WARNED_EVERY,
    WINDOWS,
    Tally,
    at_least,
    network_shares,
    parts_of,
    quantile,
    score_of,
    standing,
    stars,
)

#: A day's figures are needed for the scores of the days after it; scorecards are kept for their course.
MEASURES_KEPT, SCORES_KEPT = timedelta(days=2 * SCORED_OVER), timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Counted:
    """``met`` of ``counted`` cases of a supplier went as they should; a spread has its ``step``."""

    supplier_id: UUID
    measure: str
    step: int
    met: int
    counted: int


@dataclass(slots=True)
class _Figures:
    """Of one supplier, over the windows up to a day."""

    tallies: dict[int, dict[str, Tally]]
    steps: dict[str, dict[int, int]]

    @property
    def orders(self) -> int:
        return self.tallies[SCORED_OVER].get("at_once", Tally()).counted


def record_day(session: Session, day: date, counted: Iterable[Counted]) -> None:
    """What was counted of a day, in place of what was counted of it before. System scope."""
    session.execute(delete(SupplierMeasure).where(SupplierMeasure.day == day))
    add_rows(session, SupplierMeasure, [{**asdict(one), "day": day} for one in counted])


def score_suppliers(session: Session, day: date) -> None:
    """The scorecards as of the end of a day, in place of those of that day before. System scope."""
    figures = _figures(session, day)
    totals: defaultdict[str, Tally] = defaultdict(Tally)
    for one in figures.values():
        for name, tally in one.tallies[SCORED_OVER].items():
            totals[name] = Tally(totals[name].met + tally.met, totals[name].counted + tally.counted)
    network = network_shares(totals)
    for table in (SupplierScore, SupplierCard):
        session.execute(delete(table).where(table.day == day))
    now = clock.now()
    scores, cards = [], []
    for supplier_id, one in sorted(figures.items()):
        score = score_of(one.tallies[SCORED_OVER], network, one.orders)
        spreads = _spreads(one.steps)
        key = {"supplier_id": supplier_id, "day": day, "score": score}
        measures = _measures(one.tallies, network)
        scores.append({**key, "orders": one.orders, "measures": measures, "spreads": spreads, "computed_at": now})
        cards.append({**key, "orders": at_least(one.orders), **_public(one.tallies[SCORED_OVER], spreads)})
    add_rows(session, SupplierScore, scores)
    add_rows(session, SupplierCard, cards)


def publish_scores(session: Session, day: date) -> None:
    """Let the scores of a day be what suppliers are found and sorted by, and warn those that are below what is asked
    of them, once a week while they are. System scope."""
    rows = {row.supplier_id: row for row in session.scalars(select(SupplierScore).where(SupplierScore.day == day))}
    for supplier in session.scalars(select(Supplier).order_by(Supplier.id).with_for_update()):
        row = rows.get(supplier.id)
        supplier.score = row.score if row else None
        supplier.rating = stars(supplier.score)
        below = below_goal(row) if row else []
        low = supplier.score is not None and supplier.score < WARN_BELOW
        if not below and not low:
            supplier.score_warned_on = None
        elif supplier.score_warned_on is None or supplier.score_warned_on + timedelta(days=WARNED_EVERY) <= day:
            supplier.score_warned_on = day
            emit(session, SupplierBelowGoal(supplier_id=supplier.id, day=day.isoformat(), measures=tuple(below)))


def forget_old(session: Session, today: date) -> None:
    """Drop what no score needs any more, and scorecards of more than a year ago. System scope."""
    session.execute(delete(SupplierMeasure).where(SupplierMeasure.day < today - MEASURES_KEPT))
    for table in (SupplierScore, SupplierCard):
        session.execute(delete(table).where(table.day < today - SCORES_KEPT))


def below_goal(row: SupplierScore) -> list[str]:
    """The measures that are below their goals beyond chance, the heaviest first; none while it is new."""
    if row.orders < NEW_UNTIL:
        return []
    tallies = row.measures[str(SCORED_OVER)]
    return [
        name
        for name in MEASURES
        if name in tallies and standing(name, Tally(tallies[name]["met"], tallies[name]["counted"])) == BELOW
    ]


def measured_until(session: Session) -> date | None:
    """The last day that was counted; None before the first. System scope."""
    return session.scalar(select(func.max(SupplierScore.day)))


def _figures(session: Session, day: date) -> dict[UUID, _Figures]:
    """Of every supplier that something was counted of in the longest window."""
    within = {window: SupplierMeasure.day > day - timedelta(days=window) for window in WINDOWS}
    rows = session.execute(
        select(
            SupplierMeasure.supplier_id,
            SupplierMeasure.measure,
            SupplierMeasure.step,
            *(
                func.coalesce(func.sum(column).filter(condition), 0)
                for condition in within.values()
                for column in (SupplierMeasure.met, SupplierMeasure.counted)
            ),
        )
        .where(within[SCORED_OVER], SupplierMeasure.day <= day)
        .group_by(SupplierMeasure.supplier_id, SupplierMeasure.measure, SupplierMeasure.step)
    )
    found: dict[UUID, _Figures] = {}
    for supplier_id, measure, step, *sums in rows:
        one = found.setdefault(
            supplier_id, _Figures({window: {} for window in WINDOWS}, {name: {} for name in SPREADS})
        )
        for place, window in enumerate(WINDOWS):
            met, counted = sums[2 * place : 2 * place + 2]
            if measure in MEASURES and counted:
                one.tallies[window][measure] = Tally(met, counted)
            elif measure in SPREADS and window == SCORED_OVER:
                one.steps[measure][step] = counted
    return found


def _measures(tallies: Mapping[int, Mapping[str, Tally]], network: Mapping[str, float]) -> dict[str, Any]:
    parts = parts_of(tallies[SCORED_OVER], network)
    made: dict[str, Any] = {
        str(window): {name: asdict(tally) for name, tally in of_window.items()} for window, of_window in tallies.items()
    }
    for name, part in parts.items():
        made[str(SCORED_OVER)].setdefault(name, asdict(Tally())).update(asdict(part))
    return made


def _spreads(steps: Mapping[str, Mapping[int, int]]) -> dict[str, Sequence[int | None]]:
    """Half, nine of ten, and of how many."""
    return {
        name: (quantile(of, 50), quantile(of, 90), sum(of.values())) for name, of in steps.items() if sum(of.values())
    }


def _public(tallies: Mapping[str, Tally], spreads: Mapping[str, Sequence[int | None]]) -> dict[str, Any]:
    return {
        "shares": {
            name: tally.met * 100 // tally.counted * 100
            for name, tally in tallies.items()
            if tally.counted >= SHOWN_FROM
        },
        "spreads": {name: half for name, (half, _most, cases) in spreads.items() if (cases or 0) >= SHOWN_FROM},
    }
