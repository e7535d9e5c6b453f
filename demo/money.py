"""The money side of the demo: saving a card, opening payout accounts, and looking whether the books agree."""

from __future__ import annotations

import requests
from sqlalchemy import func, select

from app import db
from app.adapters import registries
from app.config import settings
from app.identity.models import Organisation
from app.settlement.models import Earning
from app.settlement.processor import Processor
from app.settlement.service import (
    reconcile as reconcile_books,
)
from app.settlement.service import (
    record_account,
    record_balance_lines,
    record_customer,
    record_method,
    start_setup,
)
from app.settlement.service.reconciling import open_breaks
from demo.people import SignIn


def save_card(retailer: SignIn, card: str) -> None:
    """The retailer saves one of Stripe's test cards on Stripe's hosted page."""
    processor = _processor()
    reference = str(retailer.organisation_id)
    customer = processor.create_customer(
        reference=reference, name="Northwind Home", email=retailer.email, key=f"customer:{reference}"
    )
    setup = processor.start_method_setup(
        customer_ref=customer, return_url=f"{settings().public_url}/app/billing", key=f"setup:{reference}"
    )
    with db.system_scope(actor="demo"), db.transaction() as session:
        record_customer(session, retailer.organisation_id, processor=processor.name, customer_ref=customer)
        start_setup(session, retailer.organisation_id, setup.setup_ref)
    requests.post(setup.url, data={"card": card}, allow_redirects=False, timeout=10).raise_for_status()
    method = processor.finished_method_setup(setup.setup_ref)
    assert method is not None
    with db.system_scope(actor="demo"), db.transaction() as session:
        record_method(session, retailer.organisation_id, method)


def open_payout_account(supplier: SignIn) -> None:
    """A supplier opens its account at Stripe and answers Stripe's questions."""
    processor = _processor()
    reference = str(supplier.organisation_id)
    with db.system_scope(actor="demo"), db.transaction() as session:
        organisation = session.get_one(Organisation, supplier.organisation_id)
        name, country, currency = organisation.name, organisation.country, organisation.currency
    account = processor.create_account(
        reference=reference,
        name=name,
        email=supplier.email,
        country=country,
        currency=currency,
        key=f"account:{reference}",
    )
    page = f"{settings().public_url}/supplier/statements"
    url = processor.onboarding_url(account_ref=account.account_ref, return_url=page, refresh_url=page)
    requests.post(url, allow_redirects=False, timeout=10).raise_for_status()
    with db.system_scope(actor="demo"), db.transaction() as session:
        record_account(session, supplier.organisation_id, processor.name, processor.account_status(account.account_ref))


def paid_out(supplier: SignIn) -> bool:
    """Whether everything the supplier earned was paid."""
    with db.system_scope(actor="demo"), db.transaction() as session:
        states = session.execute(
            select(Earning.state, func.count())
            .where(Earning.supplier_id == supplier.organisation_id)
            .group_by(Earning.state)
        ).all()
    return [state for state, _ in states] == ["PAID"]


def reconcile() -> list[str]:
    """Copy the processor's account of our balance, compare it with everything, and say what does not agree."""
    from datetime import timedelta

    from app.kit import clock

    processor = _processor()
    lines = list(processor.balance_lines(since=clock.now() - timedelta(days=1)))
    with db.system_scope(actor="demo"), db.transaction() as session:
        record_balance_lines(session, processor.name, lines)
        session.flush()
        reconcile_books(session)
        session.flush()
        return [f"{one.kind} {one.reference} {one.detail}" for one in open_breaks(session)]


def _processor() -> Processor:
    return registries.processors.get(settings().processor)
