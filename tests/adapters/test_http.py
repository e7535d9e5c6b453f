"""What our own calls come to where something is wrong with them: one of four words, and nothing of what was sent."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.adapters._http import HttpClient
from app.kit.errors import Rejected, Unavailable
from tests.adapters.strangers import serving

TOKEN = "shpat_a4f1"


@contextmanager
def answering(raw: bytes) -> Iterator[int]:
    """A server that sends these bytes to the first who connects, whatever is asked; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("token", [f"{TOKEN}\r\n", f"{TOKEN}\u2026"], ids=["a line's end", "no letter of headers"])
def test_what_can_not_be_sent_is_refused_and_not_shown(token: str) -> None:
    http = HttpClient(read_seconds=5)
    with serving({}) as shop, pytest.raises(Rejected) as caught:
        http.send("GET", f"http://127.0.0.1:{shop.port}/orders?code={TOKEN}", headers={"X-Access-Token": token})
    assert caught.value.code == "bad_header"
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert shop.asked == []


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\nhalf",
    ],
    ids=["another protocol", "many headers", "a long header", "half an answer", "broken chunks", "no gzip"],
)
def test_what_is_no_answer_is_none(raw: bytes) -> None:
    with answering(raw) as port, pytest.raises(Unavailable):
        HttpClient(read_seconds=5).send("GET", f"http://127.0.0.1:{port}/orders")


def test_any_kind_of_answer_is_taken_unless_one_is_asked_for() -> None:
    with serving({"/": lambda handler: handler.answer(200, b"{}")}) as shop:
        http = HttpClient(read_seconds=5)
        http.send("GET", f"http://127.0.0.1:{shop.port}/")
        http.send("GET", f"http://127.0.0.1:{shop.port}/", headers={"Accept": "application/json"})
    assert [headers["Accept"] for _, _, headers in shop.asked] == ["*/*", "application/json"]
