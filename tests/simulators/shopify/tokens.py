"""Access tokens: exchange of id tokens, expiry, and rotation of refresh tokens.

Public apps must use expiring offline tokens; each lives an hour. A refresh token lives 90 days and is replaced at each
use. The old one can be used again, in case the answer was lost, until the app uses its replacement, and for 30 days at
most: https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import jwt

from tests.simulators.shopify.clock import Clock
from tests.simulators.shopify.config import SimulatorConfig
from tests.simulators.shopify.shop import Shop

ACCESS_LIFETIME = timedelta(hours=1)
REFRESH_LIFETIME = timedelta(days=90)
_RETRY_WINDOW = timedelta(days=30)
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
_LEEWAY = 10


class TokenRefused(Exception):
    """The token endpoint says no, with the status and the error code of RFC 6749."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


@dataclass(slots=True)
class _Refresh:
    token: str
    shop: str
    install: int
    expires_at: datetime
    first_used_at: datetime | None = None
    replacements: list[_Refresh] = field(default_factory=list)

    @property
    def superseded(self) -> bool:
        return any(one.first_used_at is not None for one in self.replacements)


@dataclass(frozen=True, slots=True)
class Access:
    """A valid access token's grant."""

    shop: str
    install: int
    scopes: frozenset[str]
    expires_at: datetime


class TokenOffice:
    """Issues and checks the tokens of all shops."""

    def __init__(self, clock: Clock, config: SimulatorConfig) -> None:
        self._clock = clock
        self._config = config
        self._lock = Lock()
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, _Refresh] = {}

    def grant(self, shop: Shop, form: Mapping[str, object]) -> dict[str, object]:
        """Answer ``POST /admin/oauth/access_token``. Raises TokenRefused."""
        if form.get("client_id") != self._config.client_id or form.get("client_secret") != self._config.client_secret:
            raise TokenRefused(400, "invalid_client", "Client authentication failed.")
        if shop.installation is None:
            raise TokenRefused(400, "application_cannot_be_found", "The app is not installed on this shop.")
        kind = form.get("grant_type")
        with self._lock:
            if kind == _EXCHANGE:
                return self._exchange(shop, form)
            if kind == "refresh_token":
                return self._rotate(shop, str(form.get("refresh_token") or ""))
            if kind == "client_credentials":
                # What an app of the shop's own organisation gets: a token for a day, and nothing to renew it with.
                pair = self._pair(shop)[0]
                return {name: pair[name] for name in ("access_token", "scope", "expires_in") if name in pair}
        raise TokenRefused(400, "unsupported_grant_type", "The grant type is not supported.")

    def access(self, token: str, shop: Shop) -> Access | None:
        """The grant behind an access token; None when it is unknown, expired, or of an earlier install."""
        found = self._access.get(token)
        current = shop.installation
        if found is None or current is None or found.shop != shop.domain or found.install != current.number:
            return None
        return found if found.expires_at > self._clock.now() else None

    def issue(self, shop: Shop) -> dict[str, object]:
        """A pair of tokens without asking for proof, for tests that don't care for the exchange."""
        with self._lock:
            return self._pair(shop)[0]

    def _exchange(self, shop: Shop, form: Mapping[str, object]) -> dict[str, object]:
        if form.get("subject_token_type") != _ID_TOKEN:
            raise TokenRefused(400, "invalid_request", "The subject token type is invalid.")
        if form.get("requested_token_type") != _OFFLINE:
            raise TokenRefused(400, "invalid_request", "Only offline access tokens are modelled.")
        self._check_subject(shop, str(form.get("subject_token") or ""))
        if str(form.get("expiring")) not in ("1", "true", "True"):
            raise TokenRefused(
                403, "access_denied", "Non-expiring access tokens are no longer accepted for the Admin API."
            )
        return self._pair(shop)[0]

    def _check_subject(self, shop: Shop, token: str) -> None:
        try:
            claims = jwt.decode(
                token,
                self._config.client_secret,
                algorithms=["HS256"],
                audience=self._config.client_id,
                leeway=_LEEWAY,
                # Its times follow the simulated clock, which the library does not know.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "dest"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(400, "invalid_subject_token", f"The id token is invalid: {error}") from None
        now = self._clock.now().timestamp()
        if claims["exp"] + _LEEWAY < now or claims.get("nbf", now) > now + _LEEWAY:
            raise TokenRefused(400, "invalid_subject_token", "The id token has expired.")
        if claims["dest"] != f"https://{shop.domain}":
            raise TokenRefused(400, "invalid_subject_token", "The id token is for another shop.")

    def _rotate(self, shop: Shop, token: str) -> dict[str, object]:
        held = self._refresh.get(token)
        now = self._clock.now()
        install = shop.installation
        if held is None or install is None or held.shop != shop.domain or held.install != install.number:
            raise TokenRefused(401, "invalid_grant", "This refresh token is unknown or was revoked.")
        if held.expires_at <= now:
            raise TokenRefused(401, "invalid_grant", "This refresh token has expired.")
        retried_too_late = held.first_used_at is not None and held.first_used_at + _RETRY_WINDOW < now
        if held.superseded or retried_too_late:
            raise TokenRefused(401, "invalid_grant", "This refresh token has been replaced.")
        held.first_used_at = held.first_used_at or now
        answer, replacement = self._pair(shop)
        held.replacements.append(replacement)
        return answer

    def _pair(self, shop: Shop) -> tuple[dict[str, object], _Refresh]:
        install = shop.installation
        assert install is not None
        now = self._clock.now()
        access, refresh = f"shpat_{secrets.token_hex(16)}", f"shprt_{secrets.token_hex(16)}"
        self._access[access] = Access(shop.domain, install.number, install.scopes, now + ACCESS_LIFETIME)
        held = _Refresh(refresh, shop.domain, install.number, now + REFRESH_LIFETIME)
        self._refresh[refresh] = held
        answer: dict[str, object] = {
            "access_token": access,
            "scope": ",".join(sorted(install.scopes)),
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFETIME.total_seconds()),
        }
        return answer, held
