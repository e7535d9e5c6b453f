"""Puts the resolvers onto the schema: what is modelled answers, everything else says that it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from tests.simulators.shopify.graphql.fields import OBJECTS, QUERIES, TYPE_NAMES
from tests.simulators.shopify.graphql.idempotency import check_key
from tests.simulators.shopify.graphql.mutations import MUTATIONS, Mutate
from tests.simulators.shopify.graphql.problems import AccessDenied, BadInput, NotModelled
from tests.simulators.shopify.graphql.schema import Published, Requirement, published
from tests.simulators.shopify.records import ProductOperation
from tests.simulators.shopify.refusals import Refused, RefusedAll

Resolve = Callable[..., Any]
LONGEST_LIST = 250
#: Lists that may be longer, by mutation and path.
_LONG_LISTS = {("productSet", "input", "variants"), ("productSet", "input", "inventoryQuantities")}
_PAGE: dict[str, Resolve] = {
    "nodes": lambda page, _info: page.nodes,
    "edges": lambda page, _info: page.edges,
    "pageInfo": lambda page, _info: page.info,
}


@lru_cache(maxsize=1)
def executable() -> GraphQLSchema:
    """The published schema with resolvers."""
    source = published()
    for name, kind in source.schema.type_map.items():
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = _type_name
            continue
        modelled = _PAGE if name.endswith("Connection") else OBJECTS.get(name, {})
        for field, definition in kind.fields.items():
            definition.resolve = _guarded(
                source, name, field, _resolver(source, name, field, modelled), get_named_type(definition.type).name
            )
    for kind in source.schema.type_map.values():
        if hasattr(kind, "types") and hasattr(kind, "resolve_type"):
            kind.resolve_type = _type_name
    return source.schema


def _type_name(value: Any, *_: Any) -> str:
    if isinstance(value, dict):
        return str(value["__typename"])
    return str(value.kind) if isinstance(value, ProductOperation) else TYPE_NAMES[type(value)]


def _resolver(source: Published, name: str, field: str, modelled: Mapping[str, Resolve]) -> Resolve:
    if name == "QueryRoot":
        return QUERIES.get(field) or _not_modelled(f"the query {field}")
    if name == "Mutation":
        run = MUTATIONS.get(field)
        return _mutation(source, field, run) if run else _not_modelled(f"the mutation {field}")
    return modelled.get(field) or _plain(name, field)


def _not_modelled(what: str) -> Resolve:
    def refuse(_source: Any, _info: Any, **_arguments: Any) -> None:
        raise NotModelled(what)

    return refuse


def _plain(name: str, field: str) -> Resolve:
    """Values that are given as dictionaries, such as money, answer for the fields that they have."""

    def read(source: Any, info: Any, **_arguments: Any) -> Any:
        if type(source) is dict or isinstance(source, dict):
            if field in source:
                return source[field]
            if field == "shop":
                return info.context.shop
            if source.get("refused"):
                return None
        raise NotModelled(f"{name}.{field}")

    return read


def _guarded(source: Published, name: str, field: str, resolve: Resolve, returned: str) -> Resolve:
    needs = _requirements(source, name, field, returned)
    if not needs:
        return resolve

    def guard(record: Any, info: Any, **arguments: Any) -> Any:
        scopes = info.context.scopes
        for need in needs:
            if not (scopes & need.any_of):
                raise AccessDenied(field, need.text)
        return resolve(record, info, **arguments)

    return guard


def _requirements(source: Published, name: str, field: str, returned: str) -> list[Requirement]:
    node = returned.removesuffix("Connection") if returned.endswith("Connection") else returned
    found = [source.fields.get((name, field)), source.types.get(node)]
    if name.endswith(("Connection", "Edge")):
        # The field that returned the connection was checked already.
        return []
    return [one for one in found if one is not None]


def _mutation(source: Published, field: str, run: Mutate) -> Resolve:
    root = source.schema.mutation_type
    assert root is not None
    payload = get_named_type(root.fields[field].type)
    lists = {
        name: _codes(definition.type)
        for name, definition in payload.fields.items()
        if name.lower().endswith("usererrors")
    }

    def resolve(_root: Any, info: Any, **arguments: Any) -> Any:
        call = info.context
        _check_lists(field, arguments)
        key = _key(info)
        check_key(field, key)
        with call.world.lock:
            return _with_errors(lists, lambda: _once(call, field, key, arguments, run))

    return resolve


def _once(call: Any, field: str, key: str | None, arguments: Mapping[str, Any], run: Mutate) -> Mapping[str, Any]:
    if key is None:
        return run(call, arguments)
    if key in call.busy_keys:
        raise Refused("This request is currently in progress, please try again.", code="IDEMPOTENCY_CONCURRENT_REQUEST")
    keys = call.world.idempotency
    held = keys.replay(call.shop.domain, key, field, arguments)
    if held is not None:
        return held  # type: ignore[no-any-return]
    try:
        made = run(call, arguments)
    except (Refused, RefusedAll):
        keys.keep(call.shop.domain, key, field, arguments, None)
        raise
    keys.keep(call.shop.domain, key, field, arguments, made)
    return made


def _with_errors(lists: Mapping[str, frozenset[str] | None], run: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    reasons: list[Refused] = []
    made: Mapping[str, Any] = {"refused": True}
    try:
        made = run()
    except Refused as refusal:
        reasons = [refusal]
    except RefusedAll as refusals:
        reasons = refusals.reasons
    return {**{name: [_user_error(one, codes) for one in reasons] for name, codes in lists.items()}, **made}


def _user_error(reason: Refused, codes: frozenset[str] | None) -> dict[str, Any]:
    shaped = reason.as_user_error()
    if codes is not None and shaped["code"] not in codes:
        shaped["code"] = None
    return {**shaped, "elementIndex": _index(reason)}


def _index(reason: Refused) -> int | None:
    return next((int(part) for part in reason.field or [] if part.isdigit()), None)


def _codes(kind: Any) -> frozenset[str] | None:
    error = get_named_type(kind)
    code = error.fields.get("code")
    named = None if code is None else get_named_type(code.type)
    return frozenset(named.values) if isinstance(named, GraphQLEnumType) else None


def _key(info: Any) -> str | None:
    for directive in info.field_nodes[0].directives or ():
        if directive.name.value == "idempotent":
            value = directive.arguments[0].value
            named = getattr(value, "name", None)
            found = info.variable_values.coerced.get(named.value) if named is not None else value.value
            return str(found) if found is not None else ""
    return None


def _check_lists(field: str, value: Any, path: tuple[str, ...] = ()) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if type(inner) is dict or type(inner) is list:
                _check_lists(field, inner, (*path, name))
    elif isinstance(value, list):
        if len(value) > LONGEST_LIST and (field, *path) not in _LONG_LISTS:
            raise BadInput(
                f"The input array size of {len(value)} is greater than the maximum allowed of {LONGEST_LIST}.",
                "MAX_INPUT_SIZE_EXCEEDED",
            )
        for inner in value:
            if type(inner) is dict:
                _check_lists(field, inner, path)
