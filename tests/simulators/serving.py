"""Serving a simulator: one process, many threads, connections kept open."""

from __future__ import annotations

from flask import Flask
from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, port: int, threads: int) -> None:
        self._app, self._port, self._threads = app, port, threads
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": [f"127.0.0.1:{self._port}"],
            "worker_class": "gthread",
            "workers": 1,
            "threads": self._threads,
            "keepalive": 30,
            "timeout": 120,
            "graceful_timeout": 1,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def serve(app: Flask, port: int, *, threads: int = 16) -> None:
    """Serve until told to stop. State is kept in one worker; its threads share it."""
    _Server(app, port, threads).run()
