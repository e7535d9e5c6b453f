"""A receiver of webhooks on loopback: it answers as a test wants, and remembers what came."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson

_DOCUMENTED = Path(__file__).parents[1] / "docs" / "api.md"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What stays the same at each attempt."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """What the body says."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver says to a message."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Answering = Callable[[Message], Answer]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = Message({name.lower(): value for name, value in self.headers.items()}, body)
        with self.server.lock:
            self.server.messages.append(message)
            answer = self.server.answering(message)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_args: Any) -> None:
        pass


class Receiver(ThreadingHTTPServer):
    """Takes everything unless ``answering`` says otherwise."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.messages: list[Message] = []
        self.answering: Answering = lambda _message: Answer()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"

    @property
    def types(self) -> list[str]:
        """The types of what came, in the order in which it came."""
        return [message.event["type"] for message in self.messages]

    def refuses(self, status: int = 500, **more: Any) -> None:
        """From now on."""
        self.answering = lambda _message: Answer(status, **more)

    def takes(self) -> None:
        """From now on."""
        self.answering = lambda _message: Answer()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver until the block ends."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@cache
def documented_check() -> Callable[..., bool]:
    """The function that ``docs/api.md`` gives to integrators for checking a signature."""
    (sample,) = re.findall(r"```python\n(.*?)```", _DOCUMENTED.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(sample, names)  # noqa: S102 - our own documentation
    found: Callable[..., bool] = names["verified"]
    return found
