"""The whole web application, put together from its parts: what gunicorn runs."""

from __future__ import annotations

from flask import Flask
from gunicorn.errors import AppImportError

import embedded_ui
from app.config import SettingsRefused
from app.factory import create_app
from launch.children import StartError
from launch.privileges import refuse_privileged_login


def build() -> Flask:
    """The platform's application with the retailer's pages."""
    app = create_app()
    embedded_ui.register(app)
    return app


try:
    refuse_privileged_login()
    application = build()
except (SettingsRefused, StartError) as error:
    # gunicorn prints the line and ends, instead of starting worker after worker.
    raise AppImportError(str(error)) from error
