"""GraphQL calls to one supplier's shop, signed in by the shop's own app.

Apps of a shop's own get a token for a day by their client credentials; older ones have one that stays.
https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.adapters._http import HttpClient
from app.adapters._shopify import API_VERSION, data_of, is_throttled
from app.config import settings as configured
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.purchasing.channel import ChannelSettings

_FOLDER = Path(__file__).parent / "graphql"
_DOCUMENTS = {file.stem: file.read_text() for file in sorted(_FOLDER.glob("*.graphql"))}
#: A token is renewed so many seconds before its end.
_EARLY = 300.0
#: Where a shop's budget is spent: when it is asked again.
_PAUSE = 10.0


class ShopClient:
    """Calls to suppliers' shops."""

    def __init__(self) -> None:
        self._http = HttpClient(read_seconds=20)
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def call(self, settings: ChannelSettings, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run the document ``name``. Returns its data. Raises the four errors; ``RateLimited`` means that nothing was
        done."""
        shop = settings.get("shop")
        answer = self._http.send(
            "POST",
            f"{_base(shop)}/admin/api/{API_VERSION}/graphql.json",
            headers={"X-Shopify-Access-Token": self._token(settings), "Accept": "application/json"},
            json={"query": _DOCUMENTS[name], "variables": dict(variables)},
        ).json()
        if not isinstance(answer, dict):
            raise Unavailable(f"{shop} answered no object to {name}")
        if is_throttled(answer):
            raise RateLimited(f"{shop} asks to slow down", retry_after=_PAUSE)
        return data_of(shop, name, answer)

    def _token(self, settings: ChannelSettings) -> str:
        fixed = settings.get("access_token")
        if fixed:
            return fixed
        shop, app, secret = settings.get("shop"), settings.get("client_id"), settings.get("client_secret")
        key = hashlib.sha256(f"{shop}\n{app}\n{secret}".encode()).hexdigest()
        with self._lock:
            token, until = self._tokens.get(key, ("", 0.0))
        if token and time.monotonic() < until:
            return token
        try:
            answer = self._http.send(
                "POST",
                f"{_base(shop)}/admin/oauth/access_token",
                form={"grant_type": "client_credentials", "client_id": app, "client_secret": secret},
            ).json()
            token, seconds = str(answer["access_token"]), float(answer.get("expires_in", 3600))
        except Rejected as error:
            raise CredentialsRefused(f"{shop} gives its app no token") from error
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"{shop} answered no token") from error
        with self._lock:
            self._tokens[key] = token, time.monotonic() + max(0.0, seconds - _EARLY)
        return token


def _base(shop: str) -> str:
    return configured().shopify_admin_url.format(shop=shop)
