"""``python -m tests.simulators.shopify --port 9101 …``: run the simulated Shopify."""

from __future__ import annotations

import argparse
import ctypes
import signal
import sys
from pathlib import Path

from tests.simulators.shopify.config import ShopConfig, SimulatorConfig
from tests.simulators.shopify.server import Server

_PR_SET_PDEATHSIG = 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.shopify", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--app-url", required=True, help="where the app is, e.g. http://127.0.0.1:8000")
    parser.add_argument("--app-config", type=Path, default=Path("shopify.app.toml"))
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--shop", action="append", default=[], help="domain:name:currency:country, repeatable")
    parser.add_argument("--public-url", help="where browsers reach the simulator, e.g. http://localhost:9101")
    parser.add_argument("--bucket", type=float, default=1000.0, help="points of a full bucket")
    parser.add_argument("--restore-rate", type=float, default=100.0, help="points per second")
    parser.add_argument("--routing-delay", type=float, default=0.3, help="seconds until fulfilment orders exist")
    parser.add_argument("--media-delay", type=float, default=0.3, help="seconds until media are ready")
    parser.add_argument("--retry-scale", type=float, default=1.0, help="seconds before the first retry of a webhook")
    parser.add_argument("--webhook-timeout", type=float, default=5.0, help="seconds that a webhook may take")
    parser.add_argument("--location-limit", type=int, default=200)
    parser.add_argument("--no-customer-data", action="store_true", help="without protected customer data")
    parser.add_argument("--die-with-parent", action="store_true", help="end when the starting process ends (Linux)")
    return parser.parse_args()


def main() -> None:
    """Parse the command line and serve until told to stop."""
    given = _arguments()
    if given.die_with_parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    config = SimulatorConfig(
        client_id=given.client_id,
        client_secret=given.client_secret,
        app_url=given.app_url,
        app_config=given.app_config,
        shops=tuple(ShopConfig.parse(text) for text in given.shop or ["northwind.myshopify.com"]),
        public_url=given.public_url or f"http://localhost:{given.port}",
        bucket=given.bucket,
        restore_rate=given.restore_rate,
        routing_delay=given.routing_delay,
        media_delay=given.media_delay,
        retry_scale=given.retry_scale,
        webhook_timeout=given.webhook_timeout,
        location_limit=given.location_limit,
        customer_data=not given.no_customer_data,
    )
    Server(config, host=given.host, port=given.port).run()


if __name__ == "__main__":
    main()
