"""Serving the shop in a thread of a test."""

from __future__ import annotations

import base64
import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.woocommerce.world import Refused, World

_ROOT = "/wp-json/wc/v3/"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._run(lambda path, params, _body: _read(self.server.world, path, params), changes=False)

    def do_POST(self) -> None:
        self._run(lambda path, _params, body: _write(self.server.world, path, body), changes=True)

    def _run(self, work: Any, *, changes: bool) -> None:
        world = self.server.world
        parts = urlsplit(self.path)
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        expected = base64.b64encode(f"{world.key}:{world.secret}".encode()).decode()
        with world.lock:
            fault = world.faults.pop(0) if changes and world.faults else ""
            if fault == "drop_before":
                return self._hang_up()
            try:
                if self.headers.get("Authorization") != f"Basic {expected}":
                    raise Refused(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
                if not parts.path.startswith(_ROOT):
                    raise Refused(404, "rest_no_route", "No route was found matching the URL and request method.")
                status, content = 200, work(parts.path.removeprefix(_ROOT), params, json.loads(raw) if raw else {})
            except Refused as refused:
                status, content = refused.status, {"code": refused.code, "message": refused.message}
            body = json.dumps(content).encode()
        if fault == "drop_after":
            return self._hang_up()
        if fault == "error_after":
            status, body = 502, b"<html>Bad gateway</html>"
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_args: Any) -> None:
        pass


def _read(world: World, path: str, params: dict[str, str]) -> Any:
    match path.split("/"):
        case ["data", "currencies", "current"]:
            return {"code": world.currency, "name": world.currency}
        case ["products"]:
            wanted = {one.lower() for one in params["sku"].split(",")} if params.get("sku") else None
            found = [one for one in world.products.values() if wanted is None or one["sku"].lower() in wanted]
            return _page(found, params)
        case ["orders"]:
            found = list(world.orders.values())
            for name, shown in (("after", "date_created_gmt"), ("modified_after", "date_modified_gmt")):
                if name in params:
                    found = [one for one in found if one[shown] > params[name].rstrip("Z")]
            by = "date_modified_gmt" if params.get("orderby") == "modified" else "date_created_gmt"
            found.sort(key=lambda one: one[by], reverse=params.get("order", "desc") == "desc")
            shown = copy.deepcopy(_page(found, params))
            if "modified_after" in params and world.after_reading:
                world.after_reading.pop(0)()
            return shown
        case ["orders", number]:
            return world.order(int(number))
        case ["orders", number, "fulfillments"] if world.with_fulfillments:
            world.order(int(number))
            return world.fulfillments.get(int(number), [])
    raise Refused(404, "rest_no_route", "No route was found matching the URL and request method.")


def _write(world: World, path: str, body: dict[str, Any]) -> Any:
    match path.split("/"):
        case ["orders"]:
            return world.create_order(body)
        case ["orders", number]:
            return world.change_order(int(number), body)
    raise Refused(404, "rest_no_route", "No route was found matching the URL and request method.")


def _page(found: list[Any], params: dict[str, str]) -> list[Any]:
    size, page = int(params.get("per_page", 10)), int(params.get("page", 1))
    if not 1 <= size <= 100:
        raise Refused(400, "rest_invalid_param", "Invalid parameter(s): per_page")
    return found[(page - 1) * size : page * size]


class Server(ThreadingHTTPServer):
    """On loopback."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.world = world

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no trouble of the shop's."""

    @property
    def url(self) -> str:
        """The shop's address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(world: World) -> Iterator[Server]:
    """The shop, while the block runs."""
    server = Server(world)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
