"""``python -m tests.simulators.carrier --port 9301 [--seconds-per-step 5]``"""

from __future__ import annotations

import argparse

from tests.simulators.carrier.server import make_app
from tests.simulators.carrier.world import World
from tests.simulators.serving import serve


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.carrier")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds-per-step", type=float, default=0.0, help="parcels move by themselves; 0: on request")
    wanted = parser.parse_args()
    serve(make_app(World(seconds_per_step=wanted.seconds_per_step)), wanted.port, threads=8)


if __name__ == "__main__":
    main()
