"""How the demo's suppliers go live: as any other, after a test order has passed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.insights.onboarding import progress_of
from app.suppliers.rules.round_trip import PORTAL
from app.suppliers.service import approve
from app.suppliers.service.onboarding import save_connection
from app.suppliers.service.round_trip import TestParcel, place_test_order, ship_test_order

_GOODS = (("SAMPLE-1", "Sample article"), ("SAMPLE-2", "Another sample article"))


def go_live(session: Session, supplier_id: UUID, *, reason: str) -> None:
    """A supplier that has applied connects by the portal, ships its test order, and is approved; its other steps are
    acknowledged."""
    save_connection(session, supplier_id, PORTAL, "")
    order = place_test_order(session, supplier_id, _GOODS)
    units = {UUID(line["id"]): int(line["quantity"]) for line in order.lines}
    ship_test_order(session, supplier_id, order.id, [TestParcel("manual", "TEST12345", None, units)], via=PORTAL)
    approve(session, supplier_id, reason=reason, gaps=progress_of(session, supplier_id).gaps, acknowledged=True)
