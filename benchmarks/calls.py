"""A client for many quick GETs: one thread, no library, connections that stay open. It takes little of the processors
that it shares with what is measured."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.load import Load

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""
    #: Bytes of the whole answer, once its head has come.
    size: int = 0


def as_long_as(seconds: float, port: int, requests: Iterator[bytes], *, clients: int) -> Load:
    """``clients`` connections for so many seconds, each sending the next of all ``requests`` when its last one was
    answered."""
    load, begun = Load(), time.perf_counter()
    until = begun + seconds
    with selectors.DefaultSelector() as waiting:
        for _ in range(clients):
            one = _Connection(socket.create_connection(("127.0.0.1", port), timeout=30))
            one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(one.socket, selectors.EVENT_READ, one)
            _send(one, next(requests))
        while waiting.get_map():
            for event, _ in waiting.select(30):
                one = event.data
                if not _answered(one):
                    continue
                now = time.perf_counter()
                load.seconds.append(now - one.sent_at)
                load.refused += one.received[9:12] != b"200"
                if now < until:
                    _send(one, next(requests))
                else:
                    waiting.unregister(one.socket)
                    one.socket.close()
    load.duration = time.perf_counter() - begun
    return load


def _send(one: _Connection, request: bytes) -> None:
    one.received, one.size = b"", 0
    one.sent_at = time.perf_counter()
    one.socket.sendall(request)


def _answered(one: _Connection) -> bool:
    """Take what has come; whether the answer is whole."""
    part = one.socket.recv(262_144)
    if not part:
        raise ConnectionError("the server closed a connection before it answered")
    one.received += part
    if not one.size:
        end = one.received.find(b"\r\n\r\n")
        found = _LENGTH.search(one.received, 0, end + 2) if end >= 0 else None
        if found is None:
            return False
        one.size = end + 4 + int(found[1])
    return len(one.received) >= one.size
