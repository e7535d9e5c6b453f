"""Who may do what: permissions, the roles that bundle them, and the scopes of API keys."""

from __future__ import annotations

import ipaddress
import unicodedata
from datetime import timedelta

#: Idle and absolute life of a browser session (OWASP ASVS 5.0, 7.3).
SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
INVITATION_LIFE = timedelta(days=7)
RESET_LIFE = timedelta(minutes=30)
API_KEY_LIFE = timedelta(days=90)
#: Days before the end of a key at which its owner is told.
API_KEY_NOTICES = (14, 7, 1)
#: How long a key may go on beside the one that takes its place.
LONGEST_OVERLAP = timedelta(days=30)

#: NIST SP 800-63B-4: at least 15 characters where a password is the only factor; no composition rules.
PASSWORD_MIN, PASSWORD_MAX_BYTES = 15, 256

_RETAILER_ALL = frozenset(
    {
        "catalog.read",
        "listings.read",
        "listings.write",
        "prices.write",
        "orders.read",
        "orders.write",
        "orders.read_address",
        "stores.write",
        "billing.read",
        "billing.write",
        "analytics.read",
        "settings.write",
        "team.write",
        "keys.write",
    }
)
_SUPPLIER_ALL = frozenset(
    {
        "products.read",
        "products.write",
        "inventory.write",
        "purchase_orders.read",
        "purchase_orders.write",
        "purchase_orders.read_address",
        "statements.read",
        "payouts.write",
        "analytics.read",
        "settings.write",
        "team.write",
        "keys.write",
    }
)
_PLATFORM_READ = frozenset({"console.read", "orders.read_all", "jobs.read", "analytics.read"})

#: Role → its permissions.
ROLES: dict[str, frozenset[str]] = {
    "platform_admin": _PLATFORM_READ
    | {
        "suppliers.approve",
        "jobs.write",
        "orders.hold_any",
        "plans.write",
        "reconciliation.write",
        "settlement.write",
        "audit.read",
        "team.write",
        "keys.write",
    },
    "support_agent": _PLATFORM_READ,
    "supplier_owner": _SUPPLIER_ALL,
    "supplier_catalogue": frozenset({"products.read", "products.write", "inventory.write"}),
    "supplier_fulfilment": frozenset(
        {"products.read", "purchase_orders.read", "purchase_orders.write", "purchase_orders.read_address"}
    ),
    "supplier_finance": frozenset({"purchase_orders.read", "statements.read", "payouts.write", "analytics.read"}),
    "retailer_owner": _RETAILER_ALL,
    "retailer_manager": _RETAILER_ALL - {"team.write", "keys.write", "billing.write"},
    "retailer_fulfilment": frozenset(
        {"catalog.read", "listings.read", "orders.read", "orders.write", "orders.read_address"}
    ),
    "retailer_readonly": frozenset({"catalog.read", "listings.read", "orders.read", "billing.read", "analytics.read"}),
}

#: Kind of organisation → the roles that its members may have, the most powerful first.
ROLES_OF_KIND = {
    "platform": ("platform_admin", "support_agent"),
    "supplier": ("supplier_owner", "supplier_catalogue", "supplier_fulfilment", "supplier_finance"),
    "retailer": ("retailer_owner", "retailer_manager", "retailer_fulfilment", "retailer_readonly"),
}

#: Kind of organisation → the scopes that its API keys may have.
SCOPES_OF_KIND: dict[str, tuple[str, ...]] = {
    "retailer": (
        "read:catalog",
        "read:listings",
        "write:listings",
        "read:orders",
        "write:orders",
        "write:stores",
        "read:sync",
        "read:analytics",
        "read:events",
        "read:webhooks",
        "write:webhooks",
    ),
    "supplier": (
        "read:catalog",
        "write:catalog",
        "write:inventory",
        "write:closures",
        "read:documents",
        "write:documents",
        "read:purchase_orders",
        "write:purchase_orders",
        "read:addresses",
        "read:analytics",
        "read:events",
        "read:webhooks",
        "write:webhooks",
    ),
    "platform": ("read:catalog", "read:analytics"),
}


def password_problem(password: str, email: str) -> str | None:
    """Why a password can't be taken, in a sentence; None when it can."""
    if len(password) < PASSWORD_MIN:
        return f"Use at least {PASSWORD_MIN} characters; a few unrelated words do well."
    if len(password.encode()) > PASSWORD_MAX_BYTES:
        return f"Use at most {PASSWORD_MAX_BYTES} bytes."
    folded = password.casefold()
    if email.casefold() in folded or folded in email.casefold():
        return "Don't use your e-mail address as the password."
    if len(set(folded)) < 5:
        return "Use more than a few different characters."
    return None


def normalised_password(password: str) -> str:
    """The same password however a keyboard composed it (NFKC, as NIST SP 800-63B-4 asks)."""
    return unicodedata.normalize("NFKC", password)


def normalised_email(email: str) -> str:
    """The form in which e-mail addresses are compared and stored."""
    return email.strip().lower()


def address_allowed(address: str, networks: list[str]) -> bool:
    """Whether an address lies in one of the networks; an empty list allows all."""
    if not networks:
        return True
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in ipaddress.ip_network(network, strict=False) for network in networks)


def notice_due(left: timedelta, told: int | None) -> int | None:
    """Which of ``API_KEY_NOTICES`` a key's owner is to be told now; None where that was done, or is too early.

    ``left``: how long the key lives on; ``told``: the notice that went out last. A notice that was slept through is
    not made up for: only the nearest counts.
    """
    due = min((days for days in API_KEY_NOTICES if left <= timedelta(days=days)), default=None)
    if due is None or left <= timedelta(0) or (told is not None and told <= due):
        return None
    return due


#: Failures allowed within the window, then the first pause; it doubles with each further failure.
THROTTLE_WINDOW = timedelta(minutes=15)
THROTTLE_FIRST_PAUSE = timedelta(seconds=30)
THROTTLE_LONGEST_PAUSE = timedelta(minutes=15)
#: Per address-and-network pair, and per network over all addresses: nobody can lock an owner out from elsewhere.
THROTTLE_PAIR, THROTTLE_NETWORK = 5, 50


def pause_after(failures: int, allowed: int) -> timedelta | None:
    """How long to wait after so many failures; None while they are allowed."""
    if failures < allowed:
        return None
    doublings = 1 << min(failures - allowed, 10)
    return min(THROTTLE_FIRST_PAUSE * doublings, THROTTLE_LONGEST_PAUSE)
