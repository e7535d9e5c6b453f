"""The one HTTP client of all adapters: connection pools, bounded waits, and errors in our four words.

Retries do not happen here: a job's task is tried again as a whole, with the same idempotency keys. Nothing that
goes through is logged but method, host, status and time.
"""

from __future__ import annotations

import email.utils
import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import certifi
import orjson
import urllib3

from app import log
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable

CONNECT_SECONDS = 3.0
#: An answer larger than this is not read.
LARGEST_ANSWER = 32 * 1024 * 1024

logger = log.get("adapters.http")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, with a status below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ``Unavailable`` for anything else: the other side is not itself."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise Unavailable("the answer is not JSON") from error


class HttpClient:
    """Calls to one outside party. ``read_seconds`` bounds the wait for the answer's beginning, and for each next piece
    of it; one that keeps coming in small pieces is cut off by the job's own time."""

    def __init__(self, *, read_seconds: float, pool: int = 16) -> None:
        # Proxies and credentials of the environment are not used.
        self._connections = urllib3.PoolManager(
            num_pools=pool,
            maxsize=pool,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
            retries=False,
            ca_certs=certifi.where(),
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call. Raises ``Unavailable`` (no answer, 5xx), ``RateLimited`` (429), ``CredentialsRefused`` (401, 403)
        or ``Rejected`` (other 4xx, with the body's beginning as its text; ``bad_header``: nothing was sent)."""
        sent_headers = {
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "Crossdock",
            **(headers or {}),
        }
        data: bytes | None = None
        if json is not None:
            data = orjson.dumps(json)
            sent_headers["Content-Type"] = "application/json"
        elif form is not None:
            data = urlencode(form).encode()
            sent_headers["Content-Type"] = "application/x-www-form-urlencoded"
        if params:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
        started = time.monotonic()
        try:
            response = self._connections.request(
                method, url, body=data, headers=sent_headers, redirect=False, preload_content=False
            )
            try:
                body = response.read(LARGEST_ANSWER + 1, decode_content=True)
            except BaseException:
                # What is left of it would be read as the next answer, also where the job's time is over.
                response.close()
                raise
            if len(body) > LARGEST_ANSWER:
                # The same.
                response.close()
            response.release_conn()
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            logger.info("call failed", method=method, host=_host(url), reason=type(error).__name__)
            # Its text may hold the address with its parameters.
            raise Unavailable(f"{_host(url)}: {type(error).__name__}") from None
        except ValueError:
            raise bad_header() from None
        seconds = round(time.monotonic() - started, 3)
        logger.debug("called", method=method, host=_host(url), status=response.status, seconds=seconds)
        if len(body) > LARGEST_ANSWER:
            raise Unavailable(f"{_host(url)}: the answer is too large")
        _raise_for(response.status, response.headers, body, _host(url))
        return Answer(response.status, response.headers, body)


def bad_header() -> Rejected:
    """A header can't be sent as it is, mostly a key with a line's end: the same again is no use. What urllib3 raises
    tells its value, which may be a secret."""
    return Rejected("bad_header", "What is sent to sign in has signs that no header may have.")


def _raise_for(status: int, headers: Mapping[str, str], body: bytes, host: str) -> None:
    if status < 400:
        return
    if status == 429:
        raise RateLimited(f"{host} asks to slow down", retry_after=retry_after(headers))
    if status in (401, 403):
        raise CredentialsRefused(f"{host} answered {status}")
    if status >= 500 or status == 408:
        raise Unavailable(f"{host} answered {status}")
    raise Rejected(f"http_{status}", body[:300].decode(errors="replace"))


def retry_after(headers: Mapping[str, str], *, default: float = 5.0) -> float:
    """Seconds to wait as ``Retry-After`` says, in seconds or as a date (RFC 9110, 10.2.3); at most an hour."""
    value = headers.get("Retry-After", "")
    try:
        return min(3600.0, max(0.0, float(value)))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return default
    return min(3600.0, max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _host(url: str) -> str:
    return url.split("/", 3)[2] if "//" in url else url
