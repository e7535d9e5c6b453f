"""Decisions about shipments, on plain values.

A parcel has two axes that never move backwards: what the supplier did with it, and where the carrier has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.fulfillment.carrier import Carrier

ANNOUNCED, SHIPPED, RETURNED, LOST, VOIDED = "announced", "shipped", "returned", "lost", "voided"
#: What became of a parcel on its sender's side → what may still become of it. Nothing leads back.
SHIPMENT_MOVES: Mapping[str, frozenset[str]] = {
    ANNOUNCED: frozenset({SHIPPED, VOIDED}),
    SHIPPED: frozenset({RETURNED, LOST, VOIDED}),
    RETURNED: frozenset(),
    LOST: frozenset(),
    VOIDED: frozenset(),
}
SHIPMENT_STATUSES = tuple(SHIPMENT_MOVES)
#: Those that left for the shopper, whatever became of them.
LEFT = frozenset({SHIPPED, RETURNED, LOST})

#: Who tells where a parcel is, besides carriers that can be asked.
LABEL, TRACKER = "label", "tracker"

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
#: Who told that a parcel arrived: its carrier (or a gateway that was asked, or whose word its supplier can't forge),
#: its retailer, or its supplier alone, whose own payout begins with it.
BY_CARRIER, BY_RETAILER, BY_SUPPLIER = "carrier", "retailer", "supplier"
ARRIVAL_TOLD_BY = (BY_CARRIER, BY_RETAILER, BY_SUPPLIER)

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


def scanned(delivery_status: str) -> bool:
    """Whether a parcel of this status is in its carrier's hands, or has been."""
    return DELIVERY_RANK[delivery_status] > DELIVERY_RANK["pre_transit"]


def may_become(current: str, wanted: str, delivery_status: str) -> bool:
    """Whether a parcel's ``shipment_status`` may change so: what is taken back was never handed over, what is lost or
    went back did not arrive."""
    if wanted == current:
        return True
    if wanted not in SHIPMENT_MOVES[current]:
        return False
    if wanted == VOIDED:
        return not scanned(delivery_status)
    if wanted in (LOST, RETURNED):
        return delivery_status != "delivered"
    return True


def lines_fingerprint(lines: Mapping[str, int], package_ref: str = "") -> str:
    """The same lines and quantities (and word of the supplier's for the package) give the same word: with the tracking
    number it tells a parcel apart."""
    text = "|".join(f"{line_id}:{quantity}" for line_id, quantity in sorted(lines.items()))
    if package_ref:
        text += f"|{package_ref}"
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


#: What may be wrong with a parcel, or with one that should have left.
LATE, NO_SCAN, STUCK, LOST_TRACK = "late", "no_scan", "stuck", "lost"
GOES_BACK, SCANNED_VOID, SENT_CANCELLED = "returned_to_sender", "scanned_after_void", "sent_though_cancelled"
#: Nobody reports its way, and it should have arrived by now.
UNREPORTED = "unreported"
EXCEPTION_KINDS = (LATE, NO_SCAN, STUCK, LOST_TRACK, GOES_BACK, SCANNED_VOID, SENT_CANCELLED, UNREPORTED)
#: Those that a scan ends.
ENDED_BY_SCAN = frozenset({NO_SCAN, STUCK, LOST_TRACK, UNREPORTED})
#: Those of which nothing is left once the parcel's goods have come with another one, or count as arrived.
OVER_BY_ARRIVAL = ENDED_BY_SCAN | {GOES_BACK}
#: How an exception may have ended: it was sent after all or moved again, became a worse one, the parcel was taken back,
#: its supplier says that it comes, sent another one, gave the money back, or somebody has seen to it; or nobody
#: complained of a parcel that nobody reports, so that it counts as arrived; or its goods came with another parcel.
RESOLUTIONS = (
    "sent",
    "moved",
    "worse",
    "voided",
    "on_its_way",
    "resent",
    "refunded",
    "seen",
    "cancelled",
    "assumed",
    "arrived",
)

#: What a store's refusal says (``shipments.store_error``) of units that the merchant would send itself, where we may
#: not tell it of their parcel.
NOT_PERMITTED = (
    "Your store sends these units from a location of its own, as it does with articles that you linked to a supplier "
    "by hand. Crossdock needs a permission to put tracking numbers there: allow it on your settings page. Then the "
    "store is told by itself."
)
