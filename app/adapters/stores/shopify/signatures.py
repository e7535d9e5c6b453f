"""Proof of where a message comes from: hooks, ID tokens and shop domains.

The strict decoding of ID tokens and the cleaning of shop domains are the ``shopifyapi`` library's; the rest of the
code never imports it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopify import session_token
from shopify.utils import shop_url

from app.config import settings
from app.kit.clock import parse_iso
from app.stores.hooks import ForgedHook, HookEnvelope

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_ADMIN = re.compile(r"(?:https?://)?admin\.shopify\.com/store/([a-z0-9][a-z0-9-]*)(?:[/?#].*)?")
_LONGEST_DOMAIN = 255
_KEPT_HEADERS = ("api-version", "event-id", "triggered-at")


class InvalidIdToken(Exception):
    """An ID token that proves nothing: forged, expired, for another app, or for no shop."""


@dataclass(frozen=True, slots=True)
class EmbeddedUser:
    """Who opened the app inside a shop's admin. ``user_id`` is the shop's own number of that person."""

    shop: str
    user_id: str
    session_id: str


def valid_shop(text: str) -> str | None:
    """The myshopify.com domain that a text names: ``northwind``, a domain, an address or an admin address."""
    cleaned = text.strip().lower()
    if len(cleaned) > _LONGEST_DOMAIN or "@" in cleaned:
        return None
    admin = _ADMIN.fullmatch(cleaned)
    if admin:
        cleaned = admin.group(1)
    try:
        found = shop_url.sanitize_shop_domain(cleaned)
    except ValueError:
        return None
    return found if found and _SHOP.fullmatch(found) else None


def verify_id_token(token: str) -> EmbeddedUser:
    """Check an ID token: HS256 with our secret, for this app, in its time (10 s of leeway), issuer and destination
    the same shop. The secret before the last rotation counts while it is set. Raises ``InvalidIdToken``.

    https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens
    """
    claims: Mapping[str, Any] | None = None
    for secret in _secrets():
        try:
            claims = session_token.decode_from_header(
                authorization_header=f"Bearer {token}",
                api_key=settings().shopify_client_id,
                secret=secret.decode(),
            )
            break
        except (session_token.SessionTokenError, ValueError, TypeError, AttributeError):
            continue
    if claims is None or "exp" not in claims:
        raise InvalidIdToken("the token does not prove a shop's user")
    shop = str(claims["dest"]).removeprefix("https://").rstrip("/")
    if not _SHOP.fullmatch(shop):
        raise InvalidIdToken("the token names no shop")
    return EmbeddedUser(shop, str(claims["sub"]), str(claims["sid"]))


def verify_hook(headers: Mapping[str, str], body: bytes) -> HookEnvelope:
    """Check a delivery: base64 HMAC-SHA256 of the raw body by our secret. Headers come with or without ``X-``.

    https://shopify.dev/docs/apps/build/webhooks/verify-deliveries. Raises ``ForgedHook``.
    """
    sent = _header(headers, "hmac-sha256")
    try:
        signature = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ForgedHook("no signature") from error
    if not any(hmac.compare_digest(signature, hmac.digest(secret, body, hashlib.sha256)) for secret in _secrets()):
        raise ForgedHook("the signature does not fit")
    shop, topic, message_id = (_header(headers, name) for name in ("shop-domain", "topic", "webhook-id"))
    if not _SHOP.fullmatch(shop) or not topic or not 0 < len(message_id) <= _LONGEST_DOMAIN:
        raise ForgedHook("no shop, topic or id")
    return HookEnvelope(
        shop=shop,
        topic=topic.lower(),
        message_id=message_id,
        event_id=_header(headers, "event-id") or None,
        triggered_at=_moment(_header(headers, "triggered-at")),
        headers={name: _header(headers, name) for name in _KEPT_HEADERS if _header(headers, name)},
    )


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


def _secrets() -> Iterator[bytes]:
    yield settings().shopify_client_secret.get_secret_value().encode()
    old = settings().shopify_old_client_secret
    if old is not None:
        yield old.get_secret_value().encode()


def _moment(text: str) -> datetime | None:
    try:
        return parse_iso(text)
    except ValueError:
        return None
