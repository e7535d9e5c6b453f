"""Hooks accepted per second: verify, inbox, 200, at 8 clients on the production server.

The baseline is a bare Flask route with one INSERT on the same server. The percentiles are those at 200 hooks per
second offered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import os
from pathlib import Path

from app.config import settings
from benchmarks.ground import Ground, ground
from benchmarks.load import Load, Request, as_fast_as_it_goes, at_pace
from benchmarks.result import Result, percentile
from benchmarks.server import Server

CLIENTS = 8
EACH = 500
OFFERED = 200.0
_BODY = Path(__file__).with_name("order.json").read_bytes()
_numbers = itertools.count()


def measure() -> Result:
    """Baseline, then ours, then ours at the offered pace."""
    with ground() as place:
        baseline = _throughput(place, "benchmarks.bare_route:application", "/")
        value = _throughput(place, "launch.wsgi:application", "/hooks/shopify")
        paced = _paced(place)
    return Result(
        case="webhook_accept",
        value=value,
        unit="hooks/s",
        baseline=baseline,
        ratio=value / baseline,
        p50_ms=percentile(paced.seconds, 0.5),
        p99_ms=percentile(paced.seconds, 0.99),
        n=len(paced.seconds),
    )


def _throughput(place: Ground, application: str, path: str) -> float:
    with _server(place, application) as server:
        as_fast_as_it_goes(server.port, lambda _: _hook(path), clients=CLIENTS, each=50)
        load = as_fast_as_it_goes(server.port, lambda _: _hook(path), clients=CLIENTS, each=EACH)
    assert load.refused == 0
    return len(load.seconds) / load.duration


def _paced(place: Ground) -> Load:
    with _server(place, "launch.wsgi:application") as server:
        as_fast_as_it_goes(server.port, lambda _: _hook("/hooks/shopify"), clients=CLIENTS, each=50)
        load = at_pace(
            server.port, lambda _: _hook("/hooks/shopify"), clients=CLIENTS, each=EACH // 2, per_second=OFFERED
        )
    assert load.refused == 0
    return load


def _hook(path: str) -> Request:
    number = next(_numbers)
    secret = settings().shopify_client_secret.get_secret_value().encode()
    return Request(
        path,
        _BODY,
        {
            "Content-Type": "application/json",
            "X-Shopify-Topic": "orders/paid",
            "X-Shopify-Shop-Domain": "bench.myshopify.com",
            "X-Shopify-Webhook-Id": f"bench-{os.getpid()}-{number}",
            "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Triggered-At": "2026-11-23T10:00:00Z",
            "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(secret, _BODY, hashlib.sha256)).decode(),
        },
    )


def _server(place: Ground, application: str) -> Server:
    return Server(application, {"DATABASE_URL": place.database_url, "REDIS_URL": place.redis_url})
