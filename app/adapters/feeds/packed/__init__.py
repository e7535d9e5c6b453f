"""Zipped files."""

from app.adapters.feeds.packed.adapter import PACKED

ADAPTER = PACKED
