"""All of Crossdock with its simulators, as ``make demo`` runs it, for cases that measure a whole way through."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app import log
from demo.installation import Installation, Ports
from demo.people import People, settle_in
from demo.story import Story


@contextmanager
def full_stack(shopify: Sequence[str] = (), **more: str) -> Iterator[Story]:
    """Servers, processes and simulators on free ports; the people of the demo; gone afterwards. ``shopify`` are
    arguments of its simulator, ``more`` are settings of Crossdock's processes."""
    for name in [name for name in os.environ if name.startswith("CROSSDOCK_")]:
        del os.environ[name]
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="crossdock-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        installation = Installation(folder, Ports.free(), shopify, more)
        # Standard output is for the result.
        log.configure("ERROR")
        try:
            installation.start()
            people: People = settle_in()
            installation.wait_until_ready()
            yield Story(installation, people)
        finally:
            installation.stop()
