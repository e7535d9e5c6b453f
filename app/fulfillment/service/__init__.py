"""Changes of parcels: announced, shipped, corrected, taken back, tracked, and what stores were told of them."""

from app.fulfillment.service.correcting import Correction, correct, void
from app.fulfillment.service.giving_up import (
    claim,
    end_claim,
    on_its_way,
    refund,
    resend,
    seen_to,
)
from app.fulfillment.service.parcels import NewParcel, QuantityExceedsOpen
from app.fulfillment.service.shipping import Shipped, announce, announced_units, hand_over, ship
from app.fulfillment.service.store import (
    compare_again,
    forget_places,
    note_nothing_to_tell,
    note_store_refused,
    note_store_told,
    note_store_told_delivered,
    note_store_withdrawn,
    note_trying,
    tell_store_again,
    tell_store_of_refused,
    told_of,
    told_of_others,
)
from app.fulfillment.service.tracking import (
    mark_delivered,
    poll_again,
    record_tracking,
    says_nothing_new,
    take_in,
)
from app.fulfillment.service.watching import (
    end_what_arrived,
    end_what_left,
    unanswered_claims,
    watch_leaving,
    watch_on_the_way,
)

__all__ = [
    "Correction",
    "NewParcel",
    "QuantityExceedsOpen",
    "Shipped",
    "announce",
    "announced_units",
    "claim",
    "compare_again",
    "correct",
    "end_claim",
    "end_what_arrived",
    "end_what_left",
    "forget_places",
    "hand_over",
    "mark_delivered",
    "note_nothing_to_tell",
    "note_store_refused",
    "note_store_told",
    "note_store_told_delivered",
    "note_store_withdrawn",
    "note_trying",
    "on_its_way",
    "poll_again",
    "record_tracking",
    "refund",
    "resend",
    "says_nothing_new",
    "seen_to",
    "ship",
    "take_in",
    "tell_store_again",
    "tell_store_of_refused",
    "told_of",
    "told_of_others",
    "unanswered_claims",
    "void",
    "watch_leaving",
    "watch_on_the_way",
]
