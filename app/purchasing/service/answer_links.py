"""Links in letters by which a supplier answers one purchase order without signing in: signed, with an end, naming
nobody. Whoever holds one sees that order without its address, and can answer it; nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.config import keyed_hash
from app.kit import clock, links

LASTS = timedelta(days=14)
_PURPOSE = "answer link"


def answer_token(purchase_order_id: UUID) -> str:
    """The link's last part, for a purchase order."""
    return links.signed(keyed_hash(), _PURPOSE, purchase_order_id, clock.now() + LASTS)


def opened_answer_token(token: str) -> UUID:
    """The purchase order of a link. Raises ``NotFound`` for one that we did not make, and ``LinkEnded``."""
    over = "Links in letters hold for two weeks. Sign in to answer the order."
    return links.opened(keyed_hash(), _PURPOSE, token, over=over)
