"""The whole web application, put together from its parts: what gunicorn runs."""

from __future__ import annotations

from flask import Flask

from app.factory import create_app


def build() -> Flask:
    """The platform's application with the retailer's pages."""
    return create_app()


application = build()
