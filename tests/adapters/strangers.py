"""Strangers' web servers on loopback, which a guard reaches as if they were on the public internet."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.adapters._addresses import AddressGuard

#: An address of the public internet; the guard's dialler leads it to loopback.
PUBLIC = "93.184.216.34"

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request; what is answered is looked up by path."""

    protocol_version = "HTTP/1.1"
    server: Stranger

    def do_GET(self) -> None:
        self.server.asked.append((self.headers.get("Host", ""), self.path, dict(self.headers)))
        self.server.answers[self.path](self)

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


class Stranger(ThreadingHTTPServer):
    """A server; ``asked`` holds (Host, path, headers) of each request, ``names`` what clients asked for by SNI."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answers: dict[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.names: list[str | None] = []
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_args: Any) -> None:
        """Clients that hang up are what the tests are about."""

    def speak_tls(self, certificate: Path) -> None:
        """Serve https with this certificate and its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


@contextmanager
def serving(answers: dict[str, Answer], certificate: Path | None = None) -> Iterator[Stranger]:
    """A stranger's server until the block ends."""
    server = Stranger(answers)
    if certificate is not None:
        server.speak_tls(certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()


def certificate_for(name: str, folder: Path) -> Path:
    """A self-signed certificate of a host with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@dataclass
class Internet:
    """Names and addresses as a test wants them. ``names`` holds, per host, the answers to one question after another
    (the last one is repeated); ``routes`` where a public address really leads. ``dialled`` is what was connected to."""

    names: dict[str, list[list[str]]]
    routes: dict[str, int]
    asked: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        """What the name server says this time."""
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def dial(self, address: str, port: int, seconds: float) -> socket.socket:
        """The route's server; an address without one can't be reached."""
        self.dialled.append((address, port))
        if address not in self.routes:
            raise ConnectionRefusedError(address)
        return socket.create_connection(("127.0.0.1", self.routes[address]), timeout=seconds)

    def guard(self, *allowed: str) -> AddressGuard:
        """A guard that lives on this internet."""
        return AddressGuard(frozenset(allowed), resolve=self.resolve, dial=self.dial)
