"""gunicorn as production runs it, with any application."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping

import requests

from launch.children import free_port, spawn, stop
from launch.processes import web


class Server:
    """The real command with ``application`` in place of ours, as a context; ``port`` and ``pid`` are its own."""

    def __init__(self, application: str, env: Mapping[str, str]) -> None:
        self.port = free_port()
        self._argv = [application if part == "launch.wsgi:application" else part for part in web(self.port, {}).argv]
        self._env = {**os.environ, **env}

    def __enter__(self) -> Server:
        self._child = spawn(self._argv, env=self._env, output=sys.stderr.fileno())
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                requests.get(f"http://127.0.0.1:{self.port}/livez", timeout=1)
            except requests.RequestException:
                time.sleep(0.05)
                continue
            return self
        raise RuntimeError("the server did not start")

    def __exit__(self, *_: object) -> None:
        stop(self._child, gently=signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Of gunicorn's first process; its workers are its children."""
        return self._child.pid
