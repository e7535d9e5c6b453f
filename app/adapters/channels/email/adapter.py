"""E-mail as a channel. It tells what came and where to look; a shopper's address never leaves by e-mail."""

from __future__ import annotations

from collections.abc import Sequence

from app.adapters.channels.email.translate import paragraphs, subject
from app.kit.texts import marked as _
from app.purchasing.channel import Composed, PurchaseOrderNote, SupplierChannel


class Email(SupplierChannel):
    """The ``SupplierChannel`` port for e-mail."""

    name = "email"
    label = _("E-mail")
    summary = _("Each order comes as an e-mail with a PDF and a CSV file, and with links to answer it.")

    def compose(self, notes: Sequence[PurchaseOrderNote]) -> Composed | None:
        """Nothing for a supplier that has nobody to write to."""
        if not notes or not notes[0].recipients:
            return None
        return Composed(subject=subject(notes), paragraphs=paragraphs(notes))
