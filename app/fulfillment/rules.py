"""Decisions about shipments, on plain values.

A parcel has two axes that never move backwards: what the supplier did with it, and where the carrier has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

#: What the supplier did, in order.
SHIPMENT_STATUSES = ("shipped", "returned")

#: Where the parcel is, in order of progress; those of one rank exclude each other but neither undoes the other.
DELIVERY_RANK: dict[str, int] = {
    "unknown": 0,
    "pre_transit": 1,
    "in_transit": 2,
    "failure": 3,
    "out_for_delivery": 3,
    "available_for_pickup": 4,
    "return_to_sender": 5,
    "delivered": 5,
}
FINAL = frozenset({"delivered", "return_to_sender"})

LABELS: Mapping[str, str] = {
    "unknown": "No scan yet",
    "pre_transit": "Label created",
    "in_transit": "In transit",
    "out_for_delivery": "Out for delivery",
    "available_for_pickup": "Ready to collect",
    "delivered": "Delivered",
    "return_to_sender": "Going back",
    "failure": "Delivery problem",
}


def progressed(current: str, seen: str) -> str:
    """The delivery status after another was seen: the further of the two; a final one stays."""
    if current in FINAL or DELIVERY_RANK[seen] < DELIVERY_RANK[current]:
        return current
    # A problem on the way is over once the parcel moves again, and new once it is reported again.
    return seen


def lines_fingerprint(lines: Mapping[str, int]) -> str:
    """The same lines and quantities give the same word: with the tracking number it tells a parcel apart."""
    text = "|".join(f"{line_id}:{quantity}" for line_id, quantity in sorted(lines.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def recognised(tracking_number: str, recognisers: Sequence[tuple[str, bool]]) -> str | None:
    """The first carrier that knows the number's form, of (name, whether it does)."""
    return next((name for name, knows in recognisers if knows and tracking_number), None)
