"""Decisions about shipments, on plain values.

A parcel has two axes that never move backwards: what the supplier did with it, and where the carrier has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.fulfillment.carrier import Carrier

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


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """What a tracking number says of its carrier.

    ``verdict``: ``fits`` (form and check digit are the carrier's), ``other`` (they are ``carrier``'s, not those of the
    carrier that was named), ``misfit`` (they are not those of the carrier that was named, and nobody's for sure),
    ``unknown`` (nobody can tell). ``carrier``: an adapter's name; None when there is none to name."""

    verdict: str
    carrier: str | None


def check_number(
    tracking_number: str, carriers: Mapping[str, Carrier], *, named: str | None = None, between: Collection[str] = ()
) -> NumberCheck:
    """Judge a number by the forms of all ``carriers`` (by name). ``named``: the carrier that the supplier says it is.
    ``between``: the countries that the parcel leaves and reaches; forms that several carriers share are believed where
    only one of them serves these."""
    number = tracking_number.strip()
    if not number:
        return NumberCheck("unknown", None)
    sure = [name for name, carrier in carriers.items() if carrier.recognises(number)]
    if named is not None and named in carriers:
        fits = carriers[named].may_have(number)
        if fits or fits is None:
            return NumberCheck("fits" if fits else "unknown", named)
        return NumberCheck("other", sure[0]) if len(sure) == 1 else NumberCheck("misfit", None)
    if sure:
        return NumberCheck("fits", sure[0]) if len(sure) == 1 else NumberCheck("unknown", None)
    wanted = set(between)
    near = [
        name
        for name, carrier in carriers.items()
        if wanted and wanted <= carrier.countries and carrier.may_have(number)
    ]
    return NumberCheck("fits", near[0]) if len(near) == 1 else NumberCheck("unknown", None)
