"""A supplier's payout account at the payment processor: opened, gone on with, and looked at again."""

from __future__ import annotations

from app import db
from app.adapters import registries
from app.config import settings
from app.identity.models import Organisation
from app.identity.queries import recipients
from app.settlement import queries as settlement
from app.settlement.service import record_account
from app.settlement.service.by_hand import PROCESSOR as BY_HAND
from app.web.auth import principal


def open_account(return_url: str) -> str | None:
    """Make the account where there is none. Returns the processor's page on which the supplier goes on, which leads
    back to ``return_url``; None where people pay by bank transfer."""
    who = principal()
    processor = registries.processors.get(settings().processor)
    with db.system_scope(actor=who.actor), db.transaction() as session:
        account = settlement.payout_account(session, who.organisation_id)
        organisation = session.get_one(Organisation, who.organisation_id)
        emails = recipients(session, who.organisation_id, "payouts.write")
        country, currency = organisation.country, organisation.currency
    reference = account.account_ref if account else None
    if reference is None:
        made = processor.create_account(
            reference=str(who.organisation_id),
            name=who.organisation_name,
            email=emails[0] if emails else "",
            country=country,
            currency=currency,
            key=f"account:{who.organisation_id}",
        )
        with db.transaction() as session:
            record_account(session, who.organisation_id, processor.name, made)
        reference = made.account_ref
    if processor.name == BY_HAND:
        return None
    return processor.onboarding_url(account_ref=reference, return_url=return_url, refresh_url=return_url)


def look_again() -> None:
    """Ask the processor how the account stands; its hooks tell too, but may be late."""
    who = principal()
    with db.transaction() as session:
        account = settlement.payout_account(session, who.organisation_id)
    if account is None or account.processor == BY_HAND:
        return
    processor = registries.processors.get(account.processor)
    status = processor.account_status(account.account_ref)
    with db.transaction() as session:
        record_account(session, who.organisation_id, processor.name, status)
