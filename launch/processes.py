"""The processes that make up Crossdock, and the servers they need."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import config
from app.config import settings
from launch import postgres, valkey
from launch.postgres import Postgres
from launch.supervisor import Process
from launch.valkey import Valkey
from workers.job import QUEUES


@dataclass(slots=True)
class Servers:
    """PostgreSQL and Redis: those of the settings, or embedded ones of ours."""

    database_url: str
    redis_url: str
    postgres: Postgres | None = None
    valkey: Valkey | None = None

    def environment(self) -> dict[str, str]:
        """What processes need to reach them."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def stop(self) -> None:
        """Stop those that we started."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()


def ensure_servers(folder: Path | None = None, *, volatile: bool = False) -> Servers:
    """Use the servers of the settings; start embedded ones (or find them running) where none are set.

    The addresses are put into this process's environment. Raises ``StartError``.
    """
    where = folder or settings().data_dir
    found = Servers(settings().database_url, settings().redis_url)
    if not found.database_url:
        found.postgres = postgres.start(where, volatile=volatile)
        found.database_url = found.postgres.url
    if not found.redis_url:
        try:
            found.valkey = valkey.start(where)
        except BaseException:
            found.stop()
            raise
        found.redis_url = found.valkey.url
    os.environ.update(found.environment())
    config.reload()
    return found


def web(
    port: int, env: Mapping[str, str], log: Path | None = None, *, workers: int = 2, host: str = "127.0.0.1"
) -> Process:
    """The web server: gunicorn's threaded workers."""
    return Process(
        "web",
        [
            sys.executable,
            "-m",
            "gunicorn",
            "launch.wsgi:application",
            "--config=python:launch.measuring",
            f"--bind={host}:{port}",
            "--worker-class=gthread",
            f"--workers={workers}",
            "--threads=8",
            "--timeout=30",
            "--graceful-timeout=10",
            "--keep-alive=5",
            "--log-level=warning",
            "--no-control-socket",
        ],
        env,
        log,
    )


def background(env: Mapping[str, str], logs: Path | None = None) -> list[Process]:
    """The relay, the clock, and a worker for each queue, several for ``money`` and ``webhooks`` where settings say so.
    The worker of the quick queue is called ``worker``, the second one for money ``worker-money-2``."""

    def one(name: str, *command: str) -> Process:
        return Process(
            name, [sys.executable, "-m", "launch.cli", *command], env, logs / f"{name}.log" if logs else None
        )

    workers = [one("worker" if queue == "quick" else f"worker-{queue}", "worker", queue) for queue in QUEUES]
    for queue, count in (("money", settings().money_workers), ("webhooks", settings().webhook_workers)):
        workers += [one(f"worker-{queue}-{number}", "worker", queue) for number in range(2, count + 1)]
    return [one("relay", "relay"), one("clock", "clock"), *workers]
