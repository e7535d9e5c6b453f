"""A price rule has changed: everything it prices is priced again."""

from __future__ import annotations

from app.listings import service as listings
from app.pricing.service import PriceRuleChanged
from workers.job import Run, job


@job(queue="quick", on=PriceRuleChanged)
def follow_price_rule(run: Run, event: PriceRuleChanged) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_price_rule(session, event.rule_id)
