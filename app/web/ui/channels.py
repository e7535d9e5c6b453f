"""Suppliers' channels as people call them."""

from __future__ import annotations

from app.adapters import registries
from app.web.ui.rendering import gettext


def channel_label(name: str) -> str:
    """A channel's name in the reader's language; one that is no longer there by the name it had."""
    channel = registries.channels.all().get(name)
    return gettext(channel.label) if channel is not None else name
