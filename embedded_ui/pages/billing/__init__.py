"""Billing: the card that pays suppliers, and what it paid."""

from __future__ import annotations

from typing import Any

from flask import request

from app import db
from app.adapters import registries
from app.billing.queries import usage_of
from app.config import settings
from app.identity.queries import recipients
from app.kit.ids import new_id
from app.kit.texts import marked as _
from app.orders.lists import of_ids
from app.purchasing.service import waiting_for_plan
from app.settlement import queries as settlement
from app.settlement.service import record_customer, record_method, start_setup
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, leave, page_url, way_back

pages = Pages(__name__, nav=Nav(_("Billing"), "billing", 50, permission="billing.read"))


@pages.get("/billing", permission="billing.read")
def billing() -> Any:
    """The saved card, charges and refunds. Coming back from the processor's page, the card is taken over."""
    retailer_id = principal().organisation_id
    if request.args.get("setup"):
        return _take_over_method()
    with db.transaction() as session:
        page = settlement.charges(session, retailer_id, cursor=request.args.get("cursor"))
        charges = page.items
        context: dict[str, Any] = {
            "usage": usage_of(session, retailer_id),
            "waiting": waiting_for_plan(session, retailer_id),
            "profile": settlement.payment_profile(session, retailer_id),
            "charges": charges,
            "carried": settlement.carried(session, retailer_id),
            "refunds": settlement.refunds_of(session, [one.id for one in charges]),
            "next_cursor": page.next_cursor,
            "orders": {one.id: one for one in of_ids(session, retailer_id, [one.order_id for one in charges])},
        }
    return pages.render("billing.html", **context)


@pages.post("/billing/card", permission="billing.write")
def add_card() -> Any:
    """Go to the processor's hosted page; card numbers never pass through us."""
    who = principal()
    with db.system_scope(actor=who.actor), db.transaction() as session:
        profile = settlement.payment_profile(session, who.organisation_id)
        emails = recipients(session, who.organisation_id, "billing.write")
    # A customer is known where it was made, whichever processor new ones go to by now.
    processor = registries.processors.get(profile.processor if profile else settings().processor)
    customer = profile.customer_ref if profile else None
    if customer is None:
        reference = str(who.organisation_id)
        customer = processor.create_customer(
            reference=reference,
            name=who.organisation_name,
            email=emails[0] if emails else "",
            key=f"customer:{reference}",
        )
    setup = processor.start_method_setup(
        customer_ref=customer, return_url=way_back("billing.billing"), key=f"setup:{new_id()}"
    )
    with db.transaction() as session:
        record_customer(session, who.organisation_id, processor=processor.name, customer_ref=customer)
        start_setup(session, who.organisation_id, setup.setup_ref)
    return leave(setup.url)


def _take_over_method() -> Any:
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        profile = settlement.payment_profile(session, retailer_id)
    # Only the set-up that this retailer began; what the address says is not believed.
    if profile is not None and profile.setup_ref is not None:
        method = registries.processors.get(profile.processor).finished_method_setup(profile.setup_ref)
        if method is None:
            return go(page_url("billing.billing", unfinished=1))
        with db.transaction() as session:
            record_method(session, retailer_id, method)
    return go(page_url("billing.billing", done="card_saved"))
