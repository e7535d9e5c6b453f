"""A supplier's score or one of its measures is below what is asked: it is told what to mend, and the platform where the
score is low. Nothing is done to it: suspending is a person's decision."""

from __future__ import annotations

from datetime import date

from app.identity.service import platform_organisation
from app.notifications.service import notify
from app.suppliers.events import SupplierBelowGoal
from app.suppliers.queries import supplier
from app.suppliers.rules.scorecards import MEASURES, SCORED_OVER, WARN_BELOW, Tally, share_of
from app.suppliers.scorecards import own_scorecard
from workers.job import Run, job
from workers.telling import tell

_WORDS = {
    "sent": "orders shipped in time",
    "kept": "units not rejected",
    "answered": "orders answered in time",
    "stocked": "orders with all goods in stock",
    "arrived": "parcels delivered in time",
    "tracked": "parcels scanned within three days",
    "at_once": "orders without a backorder",
}


@job(queue="letters", on=SupplierBelowGoal)
def tell_of_low_score(run: Run, event: SupplierBelowGoal) -> None:
    """See the module. The figures told are those of the newest scorecard."""
    with run.closing() as session:
        card = own_scorecard(session, event.supplier_id)
        if card is None:
            return
        low = card.score is not None and card.score < WARN_BELOW
        tallies = card.measures[str(SCORED_OVER)]
        lines = []
        for name in event.measures:
            one = tallies.get(name)
            share = share_of(Tally(one["met"], one["counted"])) if one else None
            if share is not None:
                lines.append(
                    f"{_WORDS[name].capitalize()}: {share / 100:.0f} %, goal {MEASURES[name].goal / 100:.0f} %."
                )
        if not low and not lines:
            return
        title = f"Your score is {card.score} of 100" if low else "Some of your figures are below their goals"
        link = "/supplier/performance"
        closing = "Retailers see your score. Look at the orders behind each figure, and what helps."
        tell(
            session,
            event.supplier_id,
            "settings.write",
            kind="supplier_score",
            severity="warning",
            title=title,
            body=" ".join([*lines, closing]),
            paragraphs=[*lines, closing],
            link=link,
            button="See the orders behind it",
            dedupe=f"supplier_score:{event.supplier_id}",
            letter_dedupe=f"supplier_score:{event.supplier_id}:{date.fromisoformat(event.day)}",
        )
        if low:
            notify(
                session,
                platform_organisation(session).id,
                kind="supplier_score",
                severity="warning",
                title=f"{supplier(session, event.supplier_id).company_name}: score {card.score} of 100",
                body="It was told. Whether it may go on selling is yours to decide.",
                link=f"/console/suppliers/{event.supplier_id}",
                dedupe=f"low_supplier_score:{event.supplier_id}",
            )
