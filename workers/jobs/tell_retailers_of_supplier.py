"""A supplier's products went off sale, or are back: the retailers that list them are told what their stores show."""

from __future__ import annotations

from app.listings.queries import listed_by
from app.notifications.service import resolve
from app.suppliers.events import SupplierStatusChanged
from app.suppliers.queries import history, supplier
from app.suppliers.rules import SUSPENDED, TERMINATED
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=SupplierStatusChanged)
def tell_retailers_of_supplier(run: Run, event: SupplierStatusChanged) -> None:
    """See the module. Events may come late: what counts is how the supplier stands now."""
    with run.closing() as session:
        found, moves = supplier(session, event.supplier_id), history(session, event.supplier_id)
        dedupe = f"supplier_off_sale:{found.id}"
        for retailer_id, count in listed_by(session, found.id).items():
            if found.status not in (SUSPENDED, TERMINATED):
                resolve(session, retailer_id, dedupe)
                continue
            shown = (
                "Your stores show 0 of the one product that you list"
                if count == 1
                else (f"Your stores show 0 of the {count} products that you list")
            )
            later = (
                "when it may sell again, stock comes back by itself"
                if found.status == SUSPENDED
                else ("it does not come back, so take them off or choose another supplier for them")
            )
            tell(
                session,
                retailer_id,
                "listings.write",
                kind="supplier_off_sale",
                severity="warning",
                title=f"{found.company_name}'s products are off sale",
                body=f"{shown}; {later}. What the supplier has accepted it still ships.",
                link="/app/listings",
                button="Open your listings",
                dedupe=dedupe,
                letter_dedupe=f"{dedupe}:{moves[0].id}",
            )
