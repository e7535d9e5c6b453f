"""Events that Stripe sends, signed, as snapshots (v1) or thin (v2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import stripe

from app.config import settings
from app.kit.clock import parse_iso
from app.settlement.processor import ForgedHook, ProcessorHook

#: What the endpoint for the platform's own account is to listen to (Stripe's *enabled events*). Others are taken and
#: put away unread, at the cost of a request each.
PLATFORM_EVENTS = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.canceled",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.refund.updated",
    "checkout.session.completed",
    "setup_intent.succeeded",
)

#: Stripe's ids and names of events.
_WORD = re.compile(r"[!-~]{1,255}")
#: Seconds after which a signature is stale.
_TOLERANCE = 300


def verified(headers: Mapping[str, str], body: bytes) -> ProcessorHook:
    """The hook, if any of our secrets made its signature: each endpoint has its own, and two while one is rolled."""
    signature = headers.get("stripe-signature", "")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ForgedHook("the body is not text") from error
    if not any(_signed_by(secret, text, signature) for secret in _secrets()):
        raise ForgedHook("no secret of ours made this signature, or too long ago")
    try:
        event = _event(orjson.loads(body))
        return ProcessorHook.from_stored(event["id"], event["type"], _created(event), body)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise ForgedHook("the body is not an event") from error


def from_event(event: Mapping[str, Any]) -> ProcessorHook:
    """An event that was read from Stripe."""
    body = orjson.dumps(event, default=str)
    return ProcessorHook.from_stored(str(event["id"]), str(event["type"]), _created(event), body)


def _event(parsed: Any) -> dict[str, Any]:
    """The event, whose parts have the kinds that we rely on. Raises ``ValueError``."""
    if not isinstance(parsed, dict):
        raise ValueError("no object")
    data = parsed.get("data") or {}
    about = [data.get("object") if isinstance(data, dict) else data, parsed.get("related_object")]
    if not all(isinstance(one, dict) for one in about if one is not None):
        raise ValueError("what it is about is no object")
    words = [parsed["id"], parsed["type"], *(one["id"] for one in about if one and one.get("id") is not None)]
    if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in words):
        raise ValueError("its words are none")
    return parsed


def _secrets() -> list[str]:
    listed = settings().stripe_webhook_secrets.get_secret_value().split(",")
    return [secret.strip() for secret in listed if secret.strip()]


def _signed_by(secret: str, body: str, signature: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, signature, secret, _TOLERANCE))
    except stripe.SignatureVerificationError:
        return False


def _created(event: Mapping[str, Any]) -> datetime:
    """Seconds in snapshot events, ISO 8601 in thin ones."""
    created = event["created"]
    if isinstance(created, datetime):
        return created.astimezone(UTC)
    return parse_iso(created) if isinstance(created, str) else datetime.fromtimestamp(int(created), UTC)
