"""The far end of a wire: answers what a test has written down, and keeps what was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson


@dataclass(frozen=True)
class Asked:
    """A request: its form, query or JSON body as one mapping, and its headers in lower case."""

    method: str
    path: str
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer; with status 0 the connection is closed without one."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Wire:
    """Answers are given by method and path, in the order written; the last one of a path stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self.url = ""

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Write down what to answer."""
        self._replies[method, path] = list(replies)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._replies[asked.method, asked.path]
        return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def listening() -> Iterator[Wire]:
    """A far end on a free port of this machine."""
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            params: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
            if "json" in self.headers.get("Content-Type", ""):
                params |= orjson.loads(raw)
            else:
                params |= dict(parse_qsl(raw.decode(), keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = wire.answer(Asked(self.command, parts.path, params, headers, raw))
            if reply.status == 0:
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    wire.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
