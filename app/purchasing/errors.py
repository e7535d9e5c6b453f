"""Errors of purchasing."""

from __future__ import annotations

from app.kit.errors import NotFound


class NoSuchOrder(NotFound):
    """An answer names no order of this supplier's: of several that use one folder it may be another's."""
