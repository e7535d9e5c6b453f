"""Changes of refunds in stores. Everything takes the session and never commits."""

from app.store_refunds.service.asking import Asked, ask, ask_again, settle_order, settle_return, wish_for, wish_of
from app.store_refunds.service.ending import (
    by_hand,
    match,
    note_made,
    note_pending,
    note_refused,
    report,
)

__all__ = [
    "Asked",
    "ask",
    "ask_again",
    "by_hand",
    "match",
    "note_made",
    "note_pending",
    "note_refused",
    "report",
    "settle_order",
    "settle_return",
    "wish_for",
    "wish_of",
]
