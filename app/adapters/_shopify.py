"""What every caller of Shopify's GraphQL Admin API keeps to: its version, and how answers are read.

https://shopify.dev/docs/api/admin-graphql
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.kit.errors import CredentialsRefused, Rejected, Unavailable

#: The Admin API's version that all documents are written for.
API_VERSION = "2026-10"
_CONCURRENT = "IDEMPOTENCY_CONCURRENT_REQUEST"


def is_throttled(answer: Mapping[str, Any]) -> bool:
    """Whether the call was refused because the shop's budget is spent."""
    return any(_code(error) == "THROTTLED" for error in _errors(answer))


def data_of(shop: str, name: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an answer to the operation ``name``. Raises ``Unavailable``, ``Rejected``, ``CredentialsRefused``."""
    errors = _errors(answer)
    if not errors:
        data: dict[str, Any] | None = answer.get("data")
        if not data:
            raise Unavailable(f"{shop} answered nothing to {name}")
        if _still_at_work(data):
            raise Unavailable(f"{shop} is still at work on the same {name}")
        return data
    code, message = _code(errors[0]), str(errors[0].get("message", ""))[:300]
    if code == "ACCESS_DENIED":
        raise Rejected("access_denied", message)
    if code == "SHOP_INACTIVE":
        raise CredentialsRefused(f"{shop} is not active")
    if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT", _CONCURRENT):
        raise Unavailable(f"{shop} answered {code} to {name}")
    raise Rejected(code.lower() or "graphql", message)


def _still_at_work(data: Mapping[str, Any]) -> bool:
    """Whether a request with the same idempotency key has not ended: the same key is for trying again with."""
    payloads = (payload for payload in data.values() if isinstance(payload, dict))
    return any(error.get("code") == _CONCURRENT for payload in payloads for error in payload.get("userErrors") or [])


def _errors(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = answer.get("errors") or []
    if isinstance(found, str):
        return [{"message": found}]
    return [error for error in found if isinstance(error, dict)]


def _code(error: Mapping[str, Any]) -> str:
    return str((error.get("extensions") or {}).get("code") or "")
