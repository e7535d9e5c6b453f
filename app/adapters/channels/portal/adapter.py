"""The portal as a channel."""

from __future__ import annotations

from app.purchasing.channel import Composed, PurchaseOrderNote


class Portal:
    """The ``SupplierChannel`` port for the portal."""

    name = "portal"

    def compose(self, note: PurchaseOrderNote) -> Composed | None:
        """A released purchase order is in the portal already."""
        return None
