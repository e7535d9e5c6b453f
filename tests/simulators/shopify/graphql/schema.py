"""Shopify's published schema of the Admin API, and the scopes that its fields need.

Both come with the npm package ``@shopify/dev-mcp``, as does the table of what offline tokens need.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema, build_client_schema, value_from_ast_untyped

from tests.simulators.shopify.clock import iso
from tests.simulators.shopify.config import API_VERSION

_FILE = (
    Path(__file__).parents[4]
    / "node_modules"
    / "@shopify"
    / "dev-mcp"
    / "dist"
    / "data"
    / f"admin_{API_VERSION}.json.gz"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of these scopes; ``text`` is how Shopify words it."""

    any_of: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Published:
    """The schema, and what types and fields need: by type name, and by (type name, field name)."""

    schema: GraphQLSchema
    types: dict[str, Requirement]
    fields: dict[tuple[str, str], Requirement]


@lru_cache(maxsize=1)
def published() -> Published:
    """Read the schema; takes most of a second, once."""
    content = orjson.loads(gzip.decompress(_FILE.read_bytes()))
    # The schema has deprecated implementations of fields that their interface does not deprecate; graphql-core's own
    # check of schemas refuses that.
    schema = build_client_schema(content["data"], assume_valid=True)
    _give_scalars(schema)
    types: dict[str, Requirement] = {}
    fields: dict[tuple[str, str], Requirement] = {}
    for item in content["offline_scopes"]["items"]:
        if item["offlineScopes"]:
            needed = Requirement(frozenset(item["offlineScopes"]), item["requiredAccess"])
            if item["type"] == "type":
                types[item["typeName"]] = needed
            else:
                fields[item["typeName"], item["fieldName"]] = needed
    # The table leaves it out; the mutation's own page names it.
    fields["Mutation", "refundCreate"] = Requirement(frozenset({"write_orders"}), "`write_orders` access scope.")
    return Published(schema, types, fields)


def with_implied(scopes: frozenset[str]) -> frozenset[str]:
    """A write scope includes the read scope of the same name."""
    return scopes | {f"read_{scope.removeprefix('write_')}" for scope in scopes if scope.startswith("write_")}


def _give_scalars(schema: GraphQLSchema) -> None:
    for name, serialize, parse in (
        ("DateTime", _show_time, _read_time),
        ("Decimal", _show_decimal, _read_decimal),
        ("Money", _show_money, _read_decimal),
        ("URL", str, _read_url),
        ("UnsignedInt64", str, int),
    ):
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        _replace(scalar, serialize, parse)


def _replace(scalar: GraphQLScalarType, show: Callable[[Any], Any], read: Callable[[Any], Any]) -> None:
    scalar.coerce_output_value = show
    scalar.coerce_input_value = read
    scalar.coerce_input_literal = lambda literal: read(value_from_ast_untyped(literal))


def _show_time(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value


def _read_time(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise GraphQLError(f"invalid DateTime '{value}'") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _show_decimal(value: Any) -> str:
    text = format(Decimal(str(value)).normalize(), "f")
    return text if "." in text else f"{text}.0"


def _show_money(value: Any) -> str:
    return f"{Decimal(str(value)):.2f}"


def _read_decimal(value: Any) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise GraphQLError(f"invalid decimal '{value}'") from None
    if not found.is_finite():
        raise GraphQLError(f"invalid decimal '{value}'")
    return found


def _read_url(value: Any) -> str:
    text = str(value)
    if "://" not in text:
        raise GraphQLError(f"Invalid url '{text}', missing scheme")
    return text
