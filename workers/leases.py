"""Keeping the leases of running tasks alive, from one thread beside the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import func, update

from app import db, log
from app.db import table_of
from app.outbox.models import Task
from workers.job import RUNS_LOCKED, Run, named

#: How long a claim lasts without being renewed: what a killed worker's task waits at most.
LEASE = timedelta(seconds=15)
_RENEWAL_SECONDS = 4.0

_RENEWED = update(table_of(Task)).where(table_of(Task).c.id == RUNS_LOCKED.c.id).values(lease_until=func.now() + LEASE)

logger = log.get("workers.leases")


class Leases:
    """The runs of this process whose leases are being renewed."""

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def held(self, runs: Sequence[Run]) -> Iterator[None]:
        """Renew the leases of ``runs`` until the block ends; those that finished meanwhile have none any more."""
        with self._lock:
            self._runs.update((id(run), run) for run in runs)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew_for_ever, daemon=True, name="leases")
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                for run in runs:
                    del self._runs[id(run)]

    def _renew_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(_RENEWAL_SECONDS):
            with self._lock:
                runs = list(self._runs.values())
            if not runs:
                continue
            try:
                self._renew(runs)
            except db.DATABASE_TROUBLE:
                logger.warning("leases not renewed")

    def _renew(self, runs: list[Run]) -> None:
        with db.system_scope(actor="lease"), db.transaction() as session:
            session.connection().execute(_RENEWED, named(runs))


leases = Leases()
