"""``python -m tests.simulators.supplier_api --port 9302 --secret whsec_…``"""

from __future__ import annotations

import argparse

from tests.simulators.supplier_api.server import Server
from tests.simulators.supplier_api.world import World


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.supplier_api")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secret", required=True, help="the signing secret of the supplier's channel")
    parser.add_argument("--authorization", default="", help="the Authorization header that messages must have")
    wanted = parser.parse_args()
    Server(World(wanted.secret, authorization=wanted.authorization), wanted.port).serve_forever()


if __name__ == "__main__":
    main()
