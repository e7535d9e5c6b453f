"""Expiring offline tokens: token exchange for the first, refresh for the next.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.adapters._http import HttpClient
from app.config import settings
from app.kit import clock
from app.kit.errors import CredentialsRefused, Rejected, Unavailable
from app.stores.platform import Credentials

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"

_http = HttpClient(read_seconds=10)


def exchange(shop: str, id_token: str) -> Credentials:
    """An offline token of our own for the ID token of a shop's user. Raises ``CredentialsRefused`` when the shop
    refuses it (it lives for about a minute)."""
    return _ask(
        shop,
        {
            "grant_type": _EXCHANGE,
            "subject_token": id_token,
            "subject_token_type": _ID_TOKEN,
            "requested_token_type": _OFFLINE,
            "expiring": 1,
        },
    )


def refresh(shop: str, refresh_token: str) -> Credentials:
    """The next pair of tokens. The old refresh token may be sent again until the new one is used."""
    return _ask(shop, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def _ask(shop: str, grant: dict[str, Any]) -> Credentials:
    configured = settings()
    secret = configured.shopify_client_secret.get_secret_value()
    try:
        answer = _http.send(
            "POST",
            f"{configured.shopify_admin_url.format(shop=shop)}/admin/oauth/access_token",
            headers={"Accept": "application/json"},
            json={"client_id": configured.shopify_client_id, "client_secret": secret, **grant},
        ).json()
    except Rejected as error:
        raise CredentialsRefused(f"{shop} refused the grant ({error.code})") from error
    if not isinstance(answer, dict):
        raise Unavailable(f"{shop} answered the grant with no object")
    now = clock.now()

    def ends(field: str) -> Any:
        seconds = answer.get(field)
        return now + timedelta(seconds=int(seconds)) if seconds is not None else None

    if not answer.get("access_token"):
        raise CredentialsRefused(f"{shop} gave no token")
    return Credentials(
        access_token=answer["access_token"],
        refresh_token=answer.get("refresh_token"),
        scopes=tuple(scope for scope in str(answer.get("scope", "")).split(",") if scope),
        expires_at=ends("expires_in"),
        refresh_expires_at=ends("refresh_token_expires_in"),
    )
