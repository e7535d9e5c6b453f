"""E-mail as a channel. It tells what came and where to look; a shopper's address never leaves by e-mail."""

from __future__ import annotations

from app.adapters.channels.email.translate import paragraphs, subject
from app.purchasing.channel import Composed, PurchaseOrderNote


class Email:
    """The ``SupplierChannel`` port for e-mail."""

    name = "email"

    def compose(self, note: PurchaseOrderNote) -> Composed | None:
        """Nothing for a supplier that has nobody to write to."""
        if not note.recipients:
            return None
        return Composed(subject=subject(note), paragraphs=paragraphs(note))
