"""The API's surface: keys, forms, lists, expansions, idempotency, errors; what each call does is elsewhere.

https://docs.stripe.com/api
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, request

from tests.simulators.stripe import connect, disputes, payments
from tests.simulators.stripe.contract import Operation
from tests.simulators.stripe.errors import StripeProblem, missing
from tests.simulators.stripe.world import API_VERSION, PLATFORM, Fault, Object, World

_KEY_SECONDS = 24 * 3600
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_LISTED = {
    "/v1/customers": "customer",
    "/v1/payment_methods": "payment_method",
    "/v1/setup_intents": "setup_intent",
    "/v1/checkout/sessions": "checkout_session",
    "/v1/payment_intents": "payment_intent",
    "/v1/charges": "charge",
    "/v1/refunds": "refund",
    "/v1/disputes": "dispute",
    "/v1/transfers": "transfer",
    "/v1/payouts": "payout",
    "/v1/events": "event",
}
_READ = {
    "/v1/customers/{customer}": "customer",
    "/v1/payment_methods/{payment_method}": "payment_method",
    "/v1/setup_intents/{intent}": "setup_intent",
    "/v1/checkout/sessions/{session}": "checkout_session",
    "/v1/payment_intents/{intent}": "payment_intent",
    "/v1/charges/{charge}": "charge",
    "/v1/refunds/{refund}": "refund",
    "/v1/disputes/{dispute}": "dispute",
    "/v1/transfers/{transfer}": "transfer",
    "/v1/balance_transactions/{id}": "balance_transaction",
    "/v1/events/{id}": "event",
}
_DONE: Mapping[tuple[str, str], Callable[..., Object]] = {
    ("post", "/v1/customers"): payments.create_customer,
    ("post", "/v1/customers/{customer}"): payments.update_customer,
    ("post", "/v1/payment_methods/{payment_method}/attach"): payments.attach,
    ("post", "/v1/payment_methods/{payment_method}/detach"): payments.detach,
    ("post", "/v1/setup_intents"): payments.create_setup_intent,
    ("post", "/v1/setup_intents/{intent}/confirm"): payments.confirm_setup_intent,
    ("post", "/v1/payment_intents"): payments.create_payment_intent,
    ("post", "/v1/payment_intents/{intent}/confirm"): payments.confirm_payment_intent,
    ("post", "/v1/payment_intents/{intent}/cancel"): payments.cancel_payment_intent,
    ("post", "/v1/refunds"): payments.create_refund,
    ("post", "/v1/disputes/{dispute}/close"): disputes.close_dispute,
    ("post", "/v1/transfers"): connect.create_transfer,
    ("post", "/v1/transfers/{id}/reversals"): connect.reverse_transfer,
    ("post", "/v1/topups"): connect.create_topup,
    ("post", "/v2/core/accounts"): connect.create_account,
    ("post", "/v2/core/account_links"): connect.create_account_link,
}
_EXPANSIONS = {
    "latest_charge": "charge",
    "balance_transaction": "balance_transaction",
    "payment_method": "payment_method",
    "setup_intent": "setup_intent",
}


def add_api(app: Flask, world: World, secret_key: str) -> None:
    """Serve the API."""

    @app.route("/v1/<path:_path>", methods=["GET", "POST", "DELETE"])
    @app.route("/v2/<path:_path>", methods=["GET", "POST", "DELETE"])
    def call(_path: str) -> Response:
        request_id = world.new_id("req")
        fault = _fault(world, request)
        if fault is not None and fault.delay_ms:
            time.sleep(fault.delay_ms / 1000)
        if fault is not None and fault.kind == "timeout_before":
            return _hang_up()
        if fault is not None and fault.kind.startswith("http_"):
            return _injected(int(fault.kind.removeprefix("http_")), request_id)
        replayed = False
        try:
            _authenticate(request, secret_key)
            status, body, replayed = _carry_out(world, request)
        except StripeProblem as problem:
            status, body = problem.status, {"error": {**problem.body, "request_log_url": f"{world.public_url}/"}}
        if fault is not None and fault.kind == "timeout_after_commit":
            return _hang_up()
        answer = Response(json.dumps(body), status=status, content_type="application/json")
        answer.headers["Request-Id"] = request_id
        answer.headers["Stripe-Version"] = API_VERSION
        if request.headers.get("Idempotency-Key"):
            answer.headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
        if replayed:
            answer.headers["Idempotent-Replayed"] = "true"
        return answer


def _authenticate(sent: Request, secret_key: str) -> None:
    header = sent.headers.get("Authorization", "")
    key = header.removeprefix("Bearer ")
    if header.startswith("Basic "):
        key = base64.b64decode(header.removeprefix("Basic ")).decode(errors="replace").partition(":")[0]
    if key != secret_key:
        raise StripeProblem(401, "Invalid API Key provided.")


def _carry_out(world: World, sent: Request) -> tuple[int, Any, bool]:
    found = world.contract.find(sent.method.lower(), sent.path)
    if found is None:
        raise StripeProblem(404, f"Unrecognized request URL ({sent.method}: {sent.path}).")
    operation, values = found
    account = sent.headers.get("Stripe-Account", PLATFORM)
    if account != PLATFORM and account not in world.kinds.get("account", ()):
        raise StripeProblem(403, "The provided key does not have access to this account.", code="account_invalid")
    body = _body(world, sent, operation)
    key = sent.headers.get("Idempotency-Key", "")
    if sent.method != "POST" or not key:
        with world.lock:
            return 200, _answer(world, operation, values, body, account), False
    return _once(world, operation, values, body, account, key, sent)


def _once(
    world: World, operation: Operation, values: dict[str, str], body: Object, account: str, key: str, sent: Request
) -> tuple[int, Any, bool]:
    """A repeated key gets the first outcome (https://docs.stripe.com/api/idempotent_requests)."""
    fingerprint = hashlib.sha256(f"{sent.method} {sent.path} ".encode() + sent.get_data()).hexdigest()
    slot = (account, key)
    with world.lock:
        known = world.keys.get(slot)
        if known is not None and world.now() - known[3] < _KEY_SECONDS:
            if known[0] != fingerprint:
                raise StripeProblem(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                    kind="idempotency_error",
                )
            if known[1] is None:
                raise StripeProblem(
                    409,
                    "There is currently another in-progress request using this Idempotent Key.",
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                )
            return known[1], known[2], True
        world.keys[slot] = (fingerprint, None, None, world.now())
        try:
            answer = _answer(world, operation, values, body, account)
        except StripeProblem as problem:
            if problem.kept:
                world.keys[slot] = (fingerprint, problem.status, {"error": problem.body}, world.now())
            else:
                del world.keys[slot]
            raise
        except BaseException:
            del world.keys[slot]
            raise
        world.keys[slot] = (fingerprint, 200, answer, world.now())
        return 200, answer, False


def _body(world: World, sent: Request, operation: Operation) -> Object:
    if sent.method == "GET":
        nested = nest(parse_qsl(sent.query_string.decode(), keep_blank_values=True))
    elif operation.is_json:
        nested = sent.get_json(silent=True) or {}
    else:
        nested = nest(parse_qsl(sent.get_data(as_text=True), keep_blank_values=True))
    body: Object = world.contract.coerced(operation.request, nested)
    for code, param in world.contract.wrong_in_request(operation, body):
        message = {
            "parameter_missing": f"Missing required param: {param}.",
            "parameter_unknown": f"Received unknown parameter: {param}",
            "parameter_invalid_integer": f"Invalid integer: {param}",
        }.get(code, f"Invalid {param}")
        raise StripeProblem(400, message, code=None if code == "invalid" else code, param=param)
    return body


def nest(pairs: list[tuple[str, str]]) -> Object:
    """``a[b][0]=c`` as nested objects and lists."""
    nested: Object = {}
    for name, value in pairs:
        steps = [name.split("[", 1)[0], *_BRACKETS.findall(name)]
        place: Any = nested
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            last = following is None
            fresh: Any = value if last else {}
            if step == "":
                step = str(len(place))
            if last:
                place[step] = fresh
            else:
                place = place.setdefault(step, fresh)
    listed = _lists(nested)
    return listed if isinstance(listed, dict) else {}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}


def _answer(world: World, operation: Operation, values: dict[str, str], body: Object, account: str) -> Any:
    expand = body.pop("expand", []) if operation.template.startswith("/v1/") else []
    answer = _made(world, operation, values, body, account)
    answer = json.loads(json.dumps(answer))
    for path in expand:
        _expand(world, answer, path.split("."))
    wrong = world.contract.wrong_in_answer(operation, answer)
    if wrong is not None:
        raise StripeProblem(500, f"The simulator's own answer is not Stripe's: {wrong}", kind="api_error")
    return answer


def _made(world: World, operation: Operation, values: dict[str, str], body: Object, account: str) -> Object:
    template = operation.template
    do = _DONE.get((operation.method, template))
    if do is not None:
        return do(world, body, **values)
    if operation.method == "post" and template == "/v1/checkout/sessions":
        from tests.simulators.stripe.checkout import create_session

        return create_session(world, body)
    if template == "/v1/balance":
        return _balance(world, account)
    if template == "/v1/balance_transactions":
        return _list(world, template, list(reversed(world.lines(account))), body)
    if template in _LISTED:
        return _list(world, template, world.all(_LISTED[template]), body)
    if template in _READ:
        (object_id,) = values.values()
        return world.get(_READ[template], object_id)
    if template == "/v2/core/accounts/{id}":
        return connect.account(world, body, values["id"])
    if template == "/v2/core/events":
        since = (body.get("created") or {}).get("gte", "")
        told = [event for event in reversed(world.thin_events) if event["created"] >= since]
        return {"data": told, "next_page_url": None, "previous_page_url": None}
    if template == "/v2/core/accounts":
        made = [connect.shown_account(world, one, []) for one in world.all("account")]
        return {"data": made, "next_page_url": None, "previous_page_url": None}
    raise StripeProblem(501, f"The simulator does not model {template}.", kind="api_error")


def _balance(world: World, account: str) -> Object:
    buckets = world.balance(account) or {"usd": (0, 0)}

    def side(index: int) -> list[Object]:
        return [
            {"amount": amounts[index], "currency": currency, "source_types": {"card": amounts[index]}}
            for currency, amounts in buckets.items()
        ]

    return {"object": "balance", "livemode": False, "available": side(0), "pending": side(1)}


_FILTERS = (
    "customer",
    "payment_intent",
    "charge",
    "transfer_group",
    "destination",
    "type",
    "source",
    "currency",
    "payout",
    "status",
)


def _list(world: World, url: str, items: list[Object], query: Object) -> Object:
    if query.get("starting_after") and query.get("ending_before"):
        raise StripeProblem(400, "Use starting_after or ending_before, not both.", code="parameters_exclusive")
    limit = query.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeProblem(
            400, "This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit"
        )
    for name in _FILTERS:
        if name in query:
            items = [item for item in items if item.get(name) == query[name]]
    if "types" in query:
        items = [item for item in items if item["type"] in query["types"]]
    if "delivery_success" in query:
        items = [
            item for item in items if world.hidden[item["id"]].get("delivered", False) == query["delivery_success"]
        ]
    items = [item for item in items if _within(item["created"], query.get("created"))]
    if query.get("starting_after"):
        ids = [item["id"] for item in items]
        if query["starting_after"] not in ids:
            raise missing("object", query["starting_after"], "starting_after")
        items = items[ids.index(query["starting_after"]) + 1 :]
    return {"object": "list", "url": url, "has_more": len(items) > limit, "data": items[:limit]}


def _within(created: int, wanted: Any) -> bool:
    if wanted is None:
        return True
    if not isinstance(wanted, dict):
        return created == int(wanted)
    compare: dict[str, Callable[[int, int], bool]] = {
        "gt": lambda one, other: one > other,
        "gte": lambda one, other: one >= other,
        "lt": lambda one, other: one < other,
        "lte": lambda one, other: one <= other,
    }
    return all(compare[name](created, int(value)) for name, value in wanted.items())


def _expand(world: World, thing: Any, path: list[str]) -> None:
    if not path or thing is None:
        return
    if isinstance(thing, list):
        for one in thing:
            _expand(world, one, path)
        return
    field = path[0]
    if field == "data" and isinstance(thing.get("data"), list):
        _expand(world, thing["data"], path[1:])
        return
    if field not in _EXPANSIONS or field not in thing:
        raise StripeProblem(400, f"This property cannot be expanded ({field}).", param="expand")
    if isinstance(thing[field], str):
        thing[field] = json.loads(json.dumps(world.objects[thing[field]]))
    _expand(world, thing[field], path[1:])


def _fault(world: World, sent: Request) -> Fault | None:
    with world.lock:
        for fault in world.faults:
            if fault.times > 0 and fault.path in sent.path and fault.method in ("", sent.method):
                fault.times -= 1
                return fault
    return None


def _injected(status: int, request_id: str) -> Response:
    kinds = {409: ("idempotency_error", "idempotency_key_in_use"), 429: ("invalid_request_error", "rate_limit")}
    kind, code = kinds.get(status, ("api_error", None))
    body = {"error": {"type": kind, "message": "Injected.", **({"code": code} if code else {})}}
    answer = Response(json.dumps(body), status=status, content_type="application/json")
    answer.headers["Request-Id"] = request_id
    return answer


def _hang_up() -> Response:
    """Close the connection without an answer."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
