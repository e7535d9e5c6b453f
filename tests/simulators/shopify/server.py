"""The web application, and the server it runs on."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from tests.simulators.shopify.admin_api import admin_api
from tests.simulators.shopify.config import AppConfig, SimulatorConfig
from tests.simulators.shopify.control import control
from tests.simulators.shopify.front import blueprint_for
from tests.simulators.shopify.graphql.resolving import executable
from tests.simulators.shopify.world import World

_THREADS = 16


def create_app(config: SimulatorConfig) -> Flask:
    """A simulator's application with a world of its own."""
    executable()
    world = World(config, AppConfig.read(config.app_config))
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["world"] = world
    app.register_blueprint(control(world))
    app.register_blueprint(blueprint_for(world))
    app.register_blueprint(admin_api(world))

    @app.get("/")
    def index() -> Response:
        return Response("A simulated Shopify. See /_sim/shops.\n", content_type="text/plain")

    return app


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with one process, since the world is in memory, and threads that keep connections open."""

    def __init__(self, config: SimulatorConfig, *, host: str, port: int) -> None:
        self._config = config
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": _THREADS,
            "keepalive": 30,
            "timeout": 0,
            "graceful_timeout": 1,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Set what the constructor was given; no file is read."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the world in the worker process, whose threads it uses."""
        return create_app(self._config)
