"""Calls to the REST API (wc/v3) of a shop that its supplier names: guarded addresses, Basic sign-in, one at a time."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import orjson

from app import config
from app.adapters._addresses import AddressGuard
from app.adapters._guarded_http import GuardedHttp
from app.adapters._http import retry_after
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.texts import cut
from app.purchasing.channel import ChannelSettings

#: Shops on small machines take their time.
READ_SECONDS = 60.0
TOTAL_SECONDS = 90.0
LARGEST = 8 * 1024 * 1024
_SAID = 300


def get(settings: ChannelSettings, path: str, **params: str | int) -> Any:
    """Read. Raises the four errors; ``Rejected`` with ``http_404`` for what is not there."""
    url = f"{_base(settings)}/{path}" + (f"?{urlencode(params)}" if params else "")
    into = BytesIO()
    _client().fetch(url, into=into, largest=LARGEST, total_seconds=TOTAL_SECONDS, secret_headers=_sign_in(settings))
    return _json(into.getvalue())


def post(settings: ChannelSettings, path: str, content: Mapping[str, Any]) -> Any:
    """Make or change. Raises the four errors; after ``Unavailable`` it may have been done."""
    headers = {"Content-Type": "application/json", **_sign_in(settings)}
    answer = _client().post(
        f"{_base(settings)}/{path}",
        orjson.dumps(content),
        headers=headers,
        kept=LARGEST,
        total_seconds=TOTAL_SECONDS,
    )
    if 200 <= answer.status < 300:
        return _json(answer.body)
    if answer.status in (401, 403):
        raise CredentialsRefused(f"the shop answered {answer.status}")
    if answer.status == 429:
        raise RateLimited("the shop asks to slow down", retry_after=retry_after(answer.headers))
    if answer.status >= 500 or answer.status in (408, 425) or answer.status < 400:
        raise Unavailable(f"the shop answered {answer.status}")
    try:
        told = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        told = {}
    told = told if isinstance(told, dict) else {}
    raise Rejected(str(told.get("code") or f"http_{answer.status}"), cut(str(told.get("message") or ""), _SAID))


def _client() -> GuardedHttp:
    settings = config.settings()
    return GuardedHttp(AddressGuard(settings.allowed_hosts), read_seconds=READ_SECONDS)


def _base(settings: ChannelSettings) -> str:
    return f"{settings.get('url').rstrip('/')}/wp-json/wc/v3"


def _sign_in(settings: ChannelSettings) -> Mapping[str, str]:
    pair = f"{settings.get('consumer_key')}:{settings.get('consumer_secret')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unavailable("the shop's answer is not JSON") from error
