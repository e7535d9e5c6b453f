"""The Admin API over HTTP: tokens and GraphQL, with the faults that are switched on."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, request

from tests.simulators.shopify.config import API_VERSION
from tests.simulators.shopify.faults import CALL_KINDS, Fault
from tests.simulators.shopify.graphql import execution
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.tokens import Access, TokenRefused

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_INVALID_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
_OUTRIGHT = tuple(kind for kind in CALL_KINDS if kind != "slow")
_STATUS = {"http_500": 500, "http_502": 502, "http_429": 429}


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    shown = {"X-Request-Id": str(uuid.uuid4()), "X-Shopify-API-Version": API_VERSION, **(headers or {})}
    return Response(orjson.dumps(content, default=str), status, shown, content_type="application/json; charset=utf-8")


def admin_api(world: World) -> Blueprint:
    """The routes under ``/<shop>/admin``."""
    routes = Blueprint("admin_api", __name__)

    @routes.post("/<domain>/admin/oauth/access_token")
    def access_token(domain: str) -> Response:
        world.counters.request("access_token")
        shop = world.shops.get(domain)
        if shop is None:
            return answer({"errors": "Not Found"}, 404)
        faults = _Faults(world, ["access_token"], domain)
        early = faults.before()
        if early is not None:
            return early
        form = request.get_json(silent=True) or request.form.to_dict()
        try:
            with world.lock:
                granted = world.tokens.grant(shop, form)
        except TokenRefused as refused:
            return answer({"error": refused.error, "error_description": refused.description}, refused.status)
        return faults.after(answer(granted))

    @routes.post("/<domain>/admin/api/<version>/graphql.json")
    def graphql(domain: str, version: str) -> Response:
        shop = world.shops.get(domain)
        if shop is None or version != API_VERSION:
            return answer({"errors": "Not Found"}, 404)
        access = world.tokens.access(request.headers.get("X-Shopify-Access-Token", ""), shop)
        if access is None:
            return answer({"errors": _INVALID_TOKEN}, 401)
        try:
            asked = execution.read(_body())
        except execution.Refusal as refusal:
            return answer(refusal.answer, refusal.status)
        return _run(world, shop, access, asked)

    return routes


def _body() -> Any:
    raw = request.get_data(cache=False)
    if request.mimetype == "application/graphql":
        return {"query": raw.decode(errors="replace")}
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _run(world: World, shop: Shop, access: Access, asked: execution.Request) -> Response:
    with execution.claimed(world, shop, asked) as busy:
        faults = _Faults(world, asked.names, shop.domain)
        early = faults.before()
        if early is not None:
            return early
        begun = time.perf_counter()
        content = execution.run(world, shop, access.scopes, asked, busy=busy, throttle=faults.throttles)
        took = f"{(time.perf_counter() - begun) * 1000:.2f}"
    # The work has ended before its answer leaves or is lost: who asks again finds its key free.
    return faults.after(answer(content, headers={"X-Simulator-Milliseconds": took}))


class _Faults:
    """What goes wrong with one call."""

    def __init__(self, world: World, operations: Sequence[str], shop: str) -> None:
        named = {"operations": operations, "path": request.path, "shop": shop}
        self._slow: Fault | None = world.faults.take(("slow",), **named)  # type: ignore[arg-type]
        self._fault: Fault | None = world.faults.take(_OUTRIGHT, **named)  # type: ignore[arg-type]

    @property
    def throttles(self) -> bool:
        """Whether the call is refused as if the bucket were empty."""
        return self._fault is not None and self._fault.kind == "throttled"

    def before(self) -> Response | None:
        """Wait if the call is slow; the answer if it fails without an effect."""
        if self._slow is not None:
            time.sleep(self._slow.delay_ms / 1000)
        if self._fault is None:
            return None
        if self._fault.kind == "drop_before":
            return _hang_up()
        status = _STATUS.get(self._fault.kind)
        if status is None:
            return None
        wait = self._fault.retry_after
        return answer({"errors": "Internal Server Error"}, status, {"Retry-After": str(wait)} if wait else None)

    def after(self, made: Response) -> Response:
        """The answer, unless it is lost on the way."""
        lost = self._fault is not None and self._fault.kind == "drop_after_effect"
        return _hang_up() if lost else made


def _hang_up() -> Response:
    """Close the connection without an answer."""
    connection = request.environ.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response("", 499)
