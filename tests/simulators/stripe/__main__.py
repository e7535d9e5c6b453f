"""``python -m tests.simulators.stripe --port 9201 --secret-key sk_test_… --endpoint scope=url=secret …``"""

from __future__ import annotations

import argparse

from flask import Flask

from tests.simulators.serving import serve
from tests.simulators.stripe.control import add_control
from tests.simulators.stripe.courier import Courier, Endpoint
from tests.simulators.stripe.pages import add_pages
from tests.simulators.stripe.server import add_api
from tests.simulators.stripe.world import World


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.stripe")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secret-key", default="sk_test_crossdock")
    parser.add_argument("--public-url", default="", help="how browsers reach this simulator")
    parser.add_argument("--endpoint", action="append", default=[], help="scope=url=secret; may be repeated")
    parser.add_argument(
        "--enabled-events", default="", help="types of events for the platform's endpoint, by commas; all if empty"
    )
    parser.add_argument("--bypass-pending", action="store_true", help="money is available at once")
    parser.add_argument("--retry-scale", type=float, default=0.001, help="share of Stripe's own waits between tries")
    wanted = parser.parse_args()
    world = World(wanted.public_url or f"http://127.0.0.1:{wanted.port}", bypass_pending=wanted.bypass_pending)
    enabled = frozenset(wanted.enabled_events.split(",")) if wanted.enabled_events else None
    endpoints = [
        Endpoint(scope, url, secret, enabled if scope == "platform" else None)
        for scope, url, secret in (text.split("=", 2) for text in wanted.endpoint)
    ]
    app = Flask(__name__)
    courier = Courier(world, endpoints, retry_scale=wanted.retry_scale)
    add_api(app, world, wanted.secret_key)
    add_pages(app, world)
    add_control(app, world, courier)
    serve(app, wanted.port, started=courier.start)


if __name__ == "__main__":
    main()
