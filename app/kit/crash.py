"""Named points at which a test can kill the process, to prove that a crash there loses nothing."""

from __future__ import annotations

import os
import signal

#: The environment variable that names the point to die at.
VARIABLE = "CROSSDOCK_CRASH_AT"


def crash_point(name: str) -> None:
    """Die by SIGKILL here if this is the point that the environment names; otherwise do nothing."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
