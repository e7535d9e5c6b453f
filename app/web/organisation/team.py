"""The team of an organisation: who belongs to it and in which role, inviting and removing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.config import settings
from app.identity.queries import members, open_invitations
from app.identity.rules import ROLES_OF_KIND
from app.identity.service import change_role, invite, remove_member, withdraw_invitation
from app.kit.errors import Conflict, Invalid
from app.kit.texts import marked as _
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext

#: Role → how it is called within its organisation.
ROLE_LABELS = {
    "platform_admin": _("Administrator"),
    "support_agent": _("Support agent"),
    "supplier_owner": _("Owner"),
    "supplier_catalogue": _("Catalogue"),
    "supplier_fulfilment": _("Fulfilment"),
    "supplier_finance": _("Finance"),
    "retailer_owner": _("Owner"),
    "retailer_manager": _("Manager"),
    "retailer_fulfilment": _("Fulfilment"),
    "retailer_readonly": _("Read only"),
}

#: Role → what who has it may do.
ROLE_WORDS = {
    "platform_admin": _("Everything, also deciding on suppliers, money and keys."),
    "support_agent": _("Looks at everything, changes nothing."),
    "supplier_owner": _("Everything, also the team, keys, terms and the payout account."),
    "supplier_catalogue": _("Products, files and stock. No orders, no money."),
    "supplier_fulfilment": _("Answers and ships orders, with addresses. Looks at products; no money."),
    "supplier_finance": _("Statements, payouts and reports. Looks at orders without addresses; no products."),
    "retailer_owner": _("Everything, also the team, keys and the payment card."),
    "retailer_manager": _("Everything but the team, keys and the payment card."),
    "retailer_fulfilment": _("Orders with addresses. Looks at products and listings; no money."),
    "retailer_readonly": _("Looks at everything but addresses, changes nothing."),
}


def shown(pages: Pages, errors: dict[str, Any] | None = None) -> dict[str, Any]:
    """What ``team.html`` shows. ``errors`` are those of an invitation that was refused."""
    who = principal()
    with db.system_scope(actor=who.actor), db.transaction() as session:
        found, invitations = members(session, who.organisation_id), open_invitations(session, who.organisation_id)
    roles = [(role, gettext(ROLE_LABELS[role])) for role in ROLES_OF_KIND[who.organisation_kind]]
    return {
        "team_of": pages.name,
        "members": found,
        "invitations": invitations,
        "roles": roles,
        "role_names": dict(roles),
        "role_words": [(label, gettext(ROLE_WORDS[role])) for role, label in roles],
        "invite_errors": errors or {},
        "invite_sent": request.form if errors else {"role": roles[1][0]},
    }


def add_to(pages: Pages, path: str, *, page: str, show: Callable[..., Any]) -> None:
    """Add the changes to a folder's pages below ``path``. ``page`` is the endpoint to go back to, ``show(status,
    invite_errors=…)`` renders it again with what is wrong."""

    @pages.post(path, permission="team.write")
    def invite_member() -> Any:
        """Invite a colleague by e-mail."""
        try:
            _invite(request.form.get("email", ""), request.form.get("role", ""))
        except Invalid as error:
            return show(422, invite_errors=problems(error))
        return go(page_url(page, done="invited"))

    @pages.post(f"{path}/<uuid:user_id>/role", permission="team.write")
    def change_persons_role(user_id: UUID) -> Any:
        """Give a colleague another role; it holds from their next click on."""
        who = principal()
        if user_id == who.user_id:
            raise Conflict(gettext(_("Let another owner change your role.")), code="own_role")
        with db.system_scope(actor=who.actor), db.transaction() as session:
            change_role(session, who.organisation_id, user_id, request.form.get(f"role-{user_id}", ""))
        return go(page_url(page, done="role_changed"))

    @pages.post(f"{path}/invitations/<uuid:invitation_id>/withdraw", permission="team.write")
    def withdraw(invitation_id: UUID) -> Any:
        """Let an invitation work no longer, such as one that went to a wrong address."""
        who = principal()
        with db.system_scope(actor=who.actor), db.transaction() as session:
            withdraw_invitation(session, who.organisation_id, invitation_id)
        return go(page_url(page, done="invitation_withdrawn"))

    @pages.post(f"{path}/<uuid:user_id>/remove", permission="team.write")
    def remove_person(user_id: UUID) -> Any:
        """Take somebody out of the team; its sessions here end."""
        who = principal()
        with db.system_scope(actor=who.actor), db.transaction() as session:
            remove_member(session, who.organisation_id, user_id)
        return go(page_url(page, done="person_removed"))


def _invite(email: str, role: str) -> None:
    who = principal()
    with db.system_scope(actor=who.actor), db.transaction() as session:
        token = invite(session, who.organisation_id, email=email, role=role)
        queue_email(
            session,
            [email.strip()],
            Letter(
                subject=f"{who.organisation_name} invites you to Crossdock",
                paragraphs=(f"{who.name or 'A colleague'} invites you to work with {who.organisation_name}.",),
                button=("Accept the invitation", f"{settings().public_url}/invitation/{token}"),
                reason="You get this because somebody typed your address. If it means nothing to you, ignore it.",
            ),
            kind="invitation",
            dedupe=f"invitation:{token[:16]}",
            organisation_id=who.organisation_id,
        )
