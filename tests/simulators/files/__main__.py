"""``python -m tests.simulators.files --port 9100 --sftp-port 9101``."""

from __future__ import annotations

import argparse

from tests.simulators.files import sftp
from tests.simulators.files.server import make_app
from tests.simulators.files.world import World
from tests.simulators.serving import serve


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sftp-port", type=int, required=True)
    chosen = parser.parse_args()
    world = World()
    serve(make_app(world), chosen.port, started=lambda: sftp.serve(world, chosen.sftp_port) and None)


if __name__ == "__main__":
    main()
