"""``python -m tests.simulators.labels --port 9401``"""

from __future__ import annotations

import argparse

from tests.simulators.labels.server import make_app
from tests.simulators.labels.world import World
from tests.simulators.serving import serve


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.labels")
    parser.add_argument("--port", type=int, required=True)
    wanted = parser.parse_args()
    serve(make_app(World()), wanted.port, threads=8)


if __name__ == "__main__":
    main()
