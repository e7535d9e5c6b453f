"""The supplier portal."""

from __future__ import annotations

from flask import Flask

from app.web.pages import CROSSDOCK, Area, cookie_guard
from app.web.portal import pages


def register(app: Flask) -> None:
    """Add the portal at /supplier."""
    Area("portal", "/supplier", CROSSDOCK, "supplier", cookie_guard("supplier")).register(app, pages)
