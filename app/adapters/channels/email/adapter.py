"""E-mail as a channel. It tells what came and where to look; a shopper's address never leaves by e-mail."""

from __future__ import annotations

from app.purchasing.channel import Composed, PurchaseOrderNote


class Email:
    """The ``SupplierChannel`` port for e-mail."""

    name = "email"

    def compose(self, note: PurchaseOrderNote) -> Composed | None:
        """Nothing for a supplier that has nobody to write to."""
        if not note.recipients:
            return None
        units = sum(line.quantity for line in note.lines)
        items = "1 item" if units == 1 else f"{units} items"
        by = f", ship by {note.ship_by:%-d %b}" if note.ship_by else ""
        return Composed(
            subject=f"New order {note.number}: {items}{by}",
            paragraphs=(
                (
                    f"{note.retailer_name} ordered {items} to be sent to {note.country}. "
                    f"You get {note.total.amount} {note.total.currency} for it, before fees."
                ),
                (
                    "Open the order to see the address, to say what you can send and when, and to add tracking "
                    "numbers. If you can't send it, say so soon: the shopper waits."
                ),
            ),
        )
