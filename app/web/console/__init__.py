"""The console of platform admins and support agents."""

from __future__ import annotations

from typing import Any

from flask import Flask, g

from app import db
from app.kit.errors import NotFound
from app.web import auth
from app.web.console import pages
from app.web.pages import CROSSDOCK, Area, cookie_guard

_by_cookie = cookie_guard("platform")


def guard() -> Any | None:
    """The platform's people look across organisations; everything they see is behind a permission."""
    instead = _by_cookie()
    if instead is not None:
        return instead
    who = auth.principal()
    if not who.may("console.read"):
        raise NotFound("page")
    g.scopes.enter_context(db.system_scope(actor=who.actor, request_id=g.get("request_id", "")))
    return None


def register(app: Flask) -> None:
    """Add the console at /console."""
    Area("console", "/console", CROSSDOCK, "platform", guard).register(app, pages)
