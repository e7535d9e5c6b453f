"""The whole web application, put together from its parts: what gunicorn runs."""

from __future__ import annotations

from flask import Flask

import embedded_ui
from app.factory import create_app


def build() -> Flask:
    """The platform's application with the retailer's pages."""
    app = create_app()
    embedded_ui.register(app)
    return app


application = build()
