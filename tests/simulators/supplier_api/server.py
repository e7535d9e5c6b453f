"""Serving the supplier's system: in a thread of a test, or as a process of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.supplier_api.world import Reply, World

PATH = "/orders"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path == PATH:
            self._reply(self.server.world.post(self._given(), body))
        elif path == "/_sim/faults":
            self.server.world.fail_next(*json.loads(body)["faults"])
            self._reply(Reply(200))
        else:
            self._reply(Reply(404))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        world = self.server.world
        if parts.path == PATH:
            number = parse_qs(parts.query).get("number", [""])[0]
            self._reply(world.get(self._given(), number))
        elif parts.path == "/_sim/health":
            self._reply(Reply(200))
        elif parts.path == "/_sim/orders":
            self._reply(Reply(200, {"orders": [asdict(one) for one in world.orders.values()]}))
        else:
            self._reply(Reply(404))

    def _given(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _reply(self, reply: Reply) -> None:
        if reply.status == 0:
            self.close_connection = True
            self.connection.close()
            return
        body = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """On loopback."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, world: World, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.world = world

    @property
    def url(self) -> str:
        """Where orders are posted to."""
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"

    def handle_error(self, *_args: Any) -> None:
        """A dropped connection is what was asked for."""


@contextmanager
def serving(world: World) -> Iterator[Server]:
    """The system until the block ends."""
    server = Server(world)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
