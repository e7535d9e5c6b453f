"""The portal as a channel."""

from __future__ import annotations

from app.kit.texts import marked as _
from app.purchasing.channel import SupplierChannel


class Portal(SupplierChannel):
    """The ``SupplierChannel`` port for the portal: a released purchase order is there already."""

    name = "portal"
    label = _("Portal only")
    summary = _("You look for new orders in the portal; nothing is sent.")
