"""Telling those of an organisation who may act on a matter: a notice in the app, and a letter to each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from app.config import settings
from app.identity.models import Organisation
from app.identity.queries import recipients
from app.kit import texts
from app.notifications.letters import BY_ROLE, Letter
from app.notifications.service import notify, queue_email

#: Why those who handle a company's orders get letters about them.
HANDLES_ORDERS = "You get this because you handle orders for your company at Crossdock."

Severity = Literal["info", "warning", "critical"]


def told_moment(session: Session, organisation_id: UUID, moment: datetime) -> str:
    """A moment as an organisation's own pages show it: in its zone, with the zone's name."""
    return texts.moment(moment, "en", session.get_one(Organisation, organisation_id).timezone)


def tell(
    session: Session,
    organisation_id: UUID,
    permission: str,
    *,
    kind: str,
    title: str,
    body: str,
    link: str,
    button: str,
    dedupe: str,
    letter_dedupe: str | None = None,
    severity: Severity = "info",
    subject: str | None = None,
    paragraphs: Sequence[str] | None = None,
    reason: str = BY_ROLE,
) -> None:
    """One notice for each ``dedupe``, brought back to the top with its new words when it is told again; and one letter
    for each ``letter_dedupe`` (of the notice, unless it is another) to everybody with the ``permission``.

    The letter says what the notice says where it has no ``subject`` and ``paragraphs`` of its own. ``link`` is the path
    of the page where both lead, ``button`` the letter's word for it. Needs a system scope.
    """
    notify(
        session,
        organisation_id,
        kind=kind,
        severity=severity,
        title=title,
        body=body,
        link=link,
        dedupe=dedupe,
    )
    queue_email(
        session,
        recipients(session, organisation_id, permission),
        Letter(
            subject=title if subject is None else subject,
            paragraphs=[body] if paragraphs is None else paragraphs,
            button=(button, f"{settings().public_url}{link}"),
            reason=reason,
        ),
        kind=kind,
        dedupe=dedupe if letter_dedupe is None else letter_dedupe,
        organisation_id=organisation_id,
    )
