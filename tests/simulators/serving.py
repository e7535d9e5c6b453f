"""Serving a simulator: one process, many threads, connections kept open."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, port: int, threads: int, started: Callable[[], None] | None) -> None:
        self._app, self._port, self._threads, self._started = app, port, threads, started
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
        if self._started is not None:
            started = self._started
            self.cfg.set("post_worker_init", lambda _worker: started())

    def load(self) -> Flask:
        return self._app


def serve(app: Flask, port: int, *, threads: int = 16, started: Callable[[], None] | None = None) -> None:
    """Serve until told to stop. State is kept in one worker; its threads share it. ``started`` runs in that worker:
    threads that were made before it was forked would not live there."""
    _Server(app, port, threads, started).run()
