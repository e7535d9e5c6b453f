"""Changes of identity: organisations and people, signing in, one-time links, API keys."""

from app.identity.service.keys import (
    KeyHolder,
    KeyNotice,
    issue_key,
    keys_to_tell_of,
    principal_of_key,
    revoke_key,
    rotate_key,
    set_networks,
)
from app.identity.service.links import (
    accept_invitation,
    appoint_admin,
    checked_email,
    find_link,
    invite,
    request_reset,
    reset_password,
    withdraw_invitation,
)
from app.identity.service.people import (
    add_member,
    change_role,
    create_organisation,
    create_user,
    platform_organisation,
    remove_member,
    set_timezone,
)
from app.identity.service.sessions import end_session, principal_of_session, sign_in, start_session

__all__ = [
    "KeyHolder",
    "KeyNotice",
    "accept_invitation",
    "add_member",
    "appoint_admin",
    "change_role",
    "checked_email",
    "create_organisation",
    "create_user",
    "end_session",
    "find_link",
    "invite",
    "issue_key",
    "keys_to_tell_of",
    "platform_organisation",
    "principal_of_key",
    "principal_of_session",
    "remove_member",
    "request_reset",
    "reset_password",
    "revoke_key",
    "rotate_key",
    "set_networks",
    "set_timezone",
    "sign_in",
    "start_session",
    "withdraw_invitation",
]
