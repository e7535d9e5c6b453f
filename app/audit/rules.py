"""How events become leaves, leaves a root, and roots a chain.

SHA-256 with the domain separation of RFC 6962: ``0x00`` before a leaf, ``0x01`` before a node; an odd node is
carried up as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

#: What the first seal of an organisation hangs on.
GENESIS = hashlib.sha256(b"crossdock audit").digest()


def leaf_hash(
    *,
    event_id: UUID,
    organisation_id: UUID,
    at: datetime,
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    details: dict[str, Any],
    request_id: str,
) -> bytes:
    """The hash of one event in its canonical form (keys sorted, UTC to the microsecond)."""
    canonical = orjson.dumps(
        {
            "id": str(event_id),
            "organisation_id": str(organisation_id),
            "at": int(at.timestamp() * 1_000_000),
            "actor": actor,
            "action": action,
            "object_type": object_type,
            "object_id": object_id,
            "details": details,
            "request_id": request_id,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(b"\x00" + canonical).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves in their order. Raises ``ValueError`` for none."""
    if not leaves:
        raise ValueError("a batch has at least one leaf")
    level = list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def seal_hash(previous: bytes, n: int, rows: int, root: bytes) -> bytes:
    """The hash that chains batch ``n`` to the one before."""
    return hashlib.sha256(previous + f"{n}|{rows}".encode() + root).digest()


def pieces(joined: bytes, size: int) -> list[bytes]:
    """What was joined, in pieces of ``size`` bytes."""
    return [joined[start : start + size] for start in range(0, len(joined), size)]
