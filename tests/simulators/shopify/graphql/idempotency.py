"""``@idempotent(key:)``: the same intent twice has one effect.

For 24 hours a key answers for one mutation with one set of variables; the answer to a repeat is built anew from the
current state: https://shopify.dev/docs/api/usage/implementing-idempotency
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson

from tests.simulators.shopify.clock import Clock
from tests.simulators.shopify.graphql.problems import BadInput
from tests.simulators.shopify.refusals import Refused

#: Mutations that refuse to run without a key since 2026-04.
REQUIRED = frozenset(
    {
        "inventoryActivate", "inventoryAdjustQuantities", "inventoryMoveQuantities", "inventorySetQuantities",
        "inventorySetOnHandQuantities", "inventoryShipmentAddItems", "inventoryShipmentCreate",
        "inventoryShipmentCreateInTransit", "inventoryShipmentReceive", "inventoryTransferCreate",
        "inventoryTransferCreateAsReadyToShip", "inventoryTransferDuplicate", "inventoryTransferSetItems",
        "locationActivate", "locationDeactivate", "refundCreate",
    }
)  # fmt: skip
_WINDOW = timedelta(hours=24)


@dataclass(slots=True)
class _Attempt:
    mutation: str
    fingerprint: bytes
    at: datetime
    payload: Mapping[str, Any] | None


class Idempotency:
    """The keys that were used."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._attempts: dict[tuple[str, str], _Attempt] = {}
        self._running: set[tuple[str, str]] = set()

    def claim(self, shop: str, key: str) -> bool:
        """Mark a key as being worked on. False when another request does so."""
        with self._lock:
            if (shop, key) in self._running:
                return False
            self._running.add((shop, key))
            return True

    def release(self, shop: str, key: str) -> None:
        """The request with this key is answered."""
        with self._lock:
            self._running.discard((shop, key))

    def replay(self, shop: str, key: str, mutation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What the key's first use returned; None when this is the first. Raises Refused."""
        held = self._attempts.get((shop, key))
        if held is None or held.at + _WINDOW < self._clock.now():
            return None
        if (held.mutation, held.fingerprint) != (mutation, _fingerprint(arguments)):
            raise Refused(
                "The same idempotency key cannot be used with different operation parameters.",
                code="IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            )
        if held.payload is None:
            raise Refused(
                "A previous request with this idempotency key failed. Retry with a new idempotency key.",
                code="IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
            )
        return held.payload

    def keep(
        self, shop: str, key: str, mutation: str, arguments: Mapping[str, Any], payload: Mapping[str, Any] | None
    ) -> None:
        """Remember a use; ``payload`` is None when it was refused."""
        self._attempts[shop, key] = _Attempt(mutation, _fingerprint(arguments), self._clock.now(), payload)


def check_key(mutation: str, key: str | None) -> None:
    """Refuse a missing or blank key. Raises BadInput."""
    if key is None and mutation in REQUIRED:
        raise BadInput("The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST")
    if key is not None and not key.strip():
        raise BadInput("The idempotency key cannot be blank.", "BAD_REQUEST")


def _fingerprint(arguments: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(arguments, default=str, option=orjson.OPT_SORT_KEYS)).digest()
