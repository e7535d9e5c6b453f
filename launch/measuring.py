"""gunicorn's hooks: what the web server's workers have in common. They count into one folder, so that ``/metrics`` is
the sum of all of them, and remember answers of the catalogue together.

Given to gunicorn as ``--config python:launch.measuring``. The folder is the machine's own and begins empty.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

# Read before the workers are forked, which makes the memory in it theirs together.
import app.web.shared_answers  # noqa: F401

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_made: list[Path] = []


def on_starting(server: Any) -> None:  # noqa: ARG001
    """Before the first worker: prometheus-client looks for the variable when a worker imports it."""
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        folder = Path(chosen)
        folder.mkdir(parents=True, exist_ok=True)
        for counted in folder.glob("*.db"):
            counted.unlink()
        return
    _made.append(Path(tempfile.mkdtemp(prefix="crossdock-metrics-")))
    os.environ[_VARIABLE] = str(_made[0])


def on_exit(server: Any) -> None:  # noqa: ARG001
    """Leave nothing behind."""
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)
