"""Fetching what a stranger names (a supplier's file, a product's picture), and sending messages to such addresses.

The address may be meant to reach what stands behind our own walls, and the answer may be meant to fill our memory or to
keep us waiting. So only https, only public addresses (checked when connecting, see ``_addresses``), few redirects each
checked anew, bounded bytes before and after decompression, and one deadline over everything.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import urljoin

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout, Url, parse_url

from app import config, log
from app.adapters._addresses import AddressGuard
from app.adapters._http import bad_header, retry_after
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
MOST_REDIRECTS = 3
LONGEST_URL = 2000
_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"https": 443, "http": 80}

logger = log.get("adapters.guarded_http")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. ``status`` is 200 or 304; of a 304 nothing was written. ``url`` is where the redirects ended;
    ``size`` and ``sha256`` are of the written, decompressed bytes."""

    status: int
    url: str
    headers: Mapping[str, str]
    size: int
    sha256: str

    @property
    def changed(self) -> bool:
        """False when the other side says that what we know already still holds."""
        return self.status != 304


@dataclass(frozen=True, slots=True)
class Answered:
    """What a stranger answered to a message: ``body`` is the beginning of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedHttp:
    """Fetches from strangers. Nothing is kept between two fetches, and no setting of the environment (proxies,
    ``.netrc``) is used."""

    def __init__(
        self,
        guard: AddressGuard,
        *,
        allow_http: bool = False,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        trusted: str | None = None,
    ) -> None:
        """``trusted`` is a file of certificates that are trusted instead of the machine's."""
        self._guard = guard
        self._allow_http = allow_http
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._trusted = trusted

    def fetch_bytes(
        self, url: str, *, largest: int, total_seconds: float, headers: Mapping[str, str] | None = None
    ) -> tuple[Fetched, bytes]:
        """As ``fetch``, into memory."""
        into = BytesIO()
        fetched = self.fetch(url, into=into, largest=largest, total_seconds=total_seconds, headers=headers)
        return fetched, into.getvalue()

    def fetch(
        self,
        url: str,
        *,
        into: BinaryIO,
        largest: int,
        total_seconds: float,
        headers: Mapping[str, str] | None = None,
        secret_headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """GET ``url`` and write at most ``largest`` bytes ``into``. ``secret_headers`` go to the origin of ``url`` and
        to no other, wherever redirects lead.

        Raises ``Rejected`` with ``url_refused`` (scheme, credentials in the address, no host), ``address_refused``,
        ``certificate_refused``, ``too_many_redirects``, ``too_large``, ``not_readable`` (broken compression) or
        ``http_404`` and the like; ``CredentialsRefused`` (401, 403); ``RateLimited``; ``Unavailable`` (no answer in
        time, 5xx). What was written by then is not to be used.
        """
        with _Deadline(total_seconds) as deadline:
            place = self._checked(url)
            secrets_for = _origin(place)
            for _ in range(MOST_REDIRECTS + 1):
                sent = {"Accept-Encoding": "gzip, identity", "User-Agent": "Crossdock", **(headers or {})}
                if _origin(place) == secrets_for:
                    sent.update(secret_headers or {})
                answer = self._ask(place, sent, deadline)
                try:
                    if answer.status not in _REDIRECTS:
                        return self._taken(answer, place, into, largest, deadline)
                    place = self._checked(urljoin(place.url, answer.headers.get("Location", "")))
                finally:
                    answer.close()
            raise Rejected("too_many_redirects", "The address redirects too often.")

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str], kept: int, total_seconds: float) -> Answered:
        """POST a body, and read at most ``kept`` bytes of the answer, whatever its status; redirects are answers like
        others. Raises ``Rejected`` with ``url_refused``, ``address_refused`` or ``certificate_refused``, and
        ``Unavailable`` where no answer came in time: whether the message arrived is not known then."""
        with _Deadline(total_seconds) as deadline:
            sent = {"Accept-Encoding": "identity", "User-Agent": "Crossdock", **headers}
            answer = self._ask(self._checked(url), sent, deadline, method="POST", body=body)
            try:
                return Answered(answer.status, answer.headers, _beginning(answer, kept))
            finally:
                answer.close()

    def _checked(self, url: str) -> Url:
        """The parts of an address as the connection will use them. Raises ``Rejected``."""
        try:
            place = parse_url(url)
        except urllib3.exceptions.LocationParseError as error:
            raise Rejected("url_refused", "That is not an address.") from error
        if len(url) > LONGEST_URL or not place.host:
            raise Rejected("url_refused", "That is not an address.")
        if place.auth is not None:
            raise Rejected("url_refused", "The address holds a user name or password; give them apart.")
        if place.scheme == "http" and not self._allow_http and not self._guard.allows(_host(place), _port(place)):
            raise Rejected("url_refused", "The address must begin with https://.")
        if place.scheme not in _PORTS:
            raise Rejected("url_refused", "The address must begin with https://.")
        return place

    def _ask(
        self,
        place: Url,
        headers: Mapping[str, str],
        deadline: _Deadline,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> BaseHTTPResponse:
        pool = self._pool(place, deadline)
        started = time.monotonic()
        try:
            answer = pool.urlopen(
                method,
                place.request_uri,
                body=body,
                headers=dict(headers),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=self._connect_seconds, read=self._read_seconds),
            )
        except (Rejected, Unavailable):
            raise
        except (urllib3.exceptions.HTTPError, OSError) as error:
            logger.info("fetch failed", host=place.host, reason=type(error).__name__)
            if isinstance(error, urllib3.exceptions.SSLError) and _is_certificate(error):
                raise Rejected("certificate_refused", "The host's certificate is not valid for its name.") from error
            raise Unavailable(f"{place.host}: {deadline.reason(error)}") from error
        except ValueError:
            raise bad_header() from None
        seconds = round(time.monotonic() - started, 3)
        logger.debug("fetched", host=place.host, status=answer.status, seconds=seconds)
        return answer

    def _pool(self, place: Url, deadline: _Deadline) -> HTTPConnectionPool:
        """A pool for one connection, whose socket comes from the guard."""
        options: dict[str, Any] = {"guard": self._guard, "deadline": deadline}
        if place.scheme == "https":
            options["ssl_context"] = _tls(self._trusted)
            return _GuardedHttpsPool(_host(place), _port(place), maxsize=1, **options)
        return _GuardedHttpPool(_host(place), _port(place), maxsize=1, **options)

    def _taken(
        self, answer: BaseHTTPResponse, place: Url, into: BinaryIO, largest: int, deadline: _Deadline
    ) -> Fetched:
        _raise_for(answer, str(place.host))
        too_large = Rejected("too_large", f"The file is larger than {largest} bytes.")
        length = answer.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > largest:
            raise too_large
        size, digest = 0, hashlib.sha256()
        try:
            # What has arrived is handed over at once, so that the time between two pieces is bounded.
            while piece := answer.read1(_CHUNK, decode_content=True):
                size += len(piece)
                if size > largest or answer.tell() > largest:
                    raise too_large
                digest.update(piece)
                into.write(piece)
                deadline.check()
        except urllib3.exceptions.DecodeError as error:
            raise Rejected("not_readable", "The file's compression is broken.") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable(f"{place.host}: {deadline.reason(error)}") from error
        deadline.check()
        return Fetched(answer.status, place.url, answer.headers, size, digest.hexdigest())


class _Deadline:
    """One limit over connecting, waiting, redirects and reading: when it is over, the connection is shut, which ends
    whatever waits on it."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._watched:
                one.close()
            self._watched.clear()

    def watch(self, connection: socket.socket) -> None:
        """Shut this connection when time is over. A duplicate is kept, since TLS takes the first handle away."""
        with self._lock:
            self._watched.append(connection.dup())
        self.check()

    def check(self) -> None:
        """Raises ``Unavailable`` when time is over."""
        if self.over:
            raise Unavailable("the whole answer took too long")

    def reason(self, error: Exception) -> str:
        """Why a connection ended, without what the other side said."""
        return "the whole answer took too long" if self.over else type(error).__name__

    def _end(self) -> None:
        with self._lock:
            self.over = True
            for one in self._watched:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _Guarded(HTTPConnection):
    """A connection whose socket comes from the guard. Name, SNI, certificate and Host stay those of the address."""

    def __init__(self, *args: Any, guard: AddressGuard, deadline: _Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guard = guard
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if isinstance(self.timeout, int | float) else CONNECT_SECONDS
        connected = self._guard.connect(self._dns_host.strip("[]"), self.port, seconds)
        self._deadline.watch(connected)
        return connected


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _GuardedHttpPool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _GuardedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


def guarded_http() -> GuardedHttp:
    """The client of this installation, as its settings say."""
    chosen = config.settings()
    return GuardedHttp(AddressGuard(chosen.allowed_hosts), allow_http=chosen.outbound_allow_http)


def _tls(trusted: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=trusted)


def _is_certificate(error: BaseException) -> bool:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return True
        found = found.__cause__ or found.__context__ or next((a for a in found.args if isinstance(a, Exception)), None)
    return False


def _raise_for(answer: BaseHTTPResponse, host: str) -> None:
    status = answer.status
    if status in (200, 304):
        return
    if status == 429:
        raise RateLimited(f"{host} asks to slow down", retry_after=retry_after(answer.headers))
    if status in (401, 403):
        raise CredentialsRefused(f"{host} answered {status}")
    if status >= 500 or status == 408:
        raise Unavailable(f"{host} answered {status}")
    # Its words are not read: they could be of anything, and of any length.
    raise Rejected(f"http_{status}", f"The host answered {status}.")


def _beginning(answer: BaseHTTPResponse, kept: int) -> bytes:
    """What can be read of an answer, up to so many bytes. Its status has come already: that the rest does not come,
    or not in time, changes nothing."""
    found = b""
    with suppress(urllib3.exceptions.HTTPError, OSError):
        while len(found) < kept and (piece := answer.read1(kept - len(found), decode_content=False)):
            found += piece
    return found


def _host(place: Url) -> str:
    return str(place.host).strip("[]")


def _port(place: Url) -> int:
    return place.port or _PORTS.get(str(place.scheme), 0)


def _origin(place: Url) -> tuple[str, str, int]:
    return str(place.scheme), _host(place).lower(), _port(place)
