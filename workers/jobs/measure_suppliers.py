"""Every night: what fell due yesterday is counted, the days before it again, and suppliers are scored.

A day is counted in place of what was counted of it before, so that a run twice, late or after a crash changes nothing.
"""

from __future__ import annotations

from datetime import timedelta

from app.adapters import registries
from app.insights.reliability import days_to_measure, measure
from app.kit import clock
from app.suppliers.service.scoring import forget_old, measured_until, publish_scores, score_suppliers
from workers.job import Run, job


@job(queue="bulk", every="25 3 * * *", coalesce=True, timeout=1800)
def measure_suppliers(run: Run, _event: object) -> None:
    """See the module. A commit for each day."""
    scanning = registries.scanning_carriers()
    today = clock.now().date()
    with run.transaction() as session:
        before = measured_until(session)
    days = days_to_measure(today, before)
    for day in days:
        with run.transaction() as session:
            measure(session, day, scanning=scanning)
    for day in days:
        with run.transaction() as session:
            score_suppliers(session, day)
    with run.closing() as session:
        publish_scores(session, today - timedelta(days=1))
        forget_old(session, today)
