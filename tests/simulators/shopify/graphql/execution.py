"""A request to ``graphql.json``: parsed, checked against the schema, paid for, executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    get_variable_values,
    parse,
    validate,
)

from tests.simulators.shopify.graphql.call import Call
from tests.simulators.shopify.graphql.cost import MOST_PER_QUERY, Pricing, spent
from tests.simulators.shopify.graphql.problems import bare, formatted, refused_document
from tests.simulators.shopify.graphql.resolving import executable
from tests.simulators.shopify.graphql.schema import with_implied
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_MOST_DOCUMENTS = 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that fits the schema, or why it does not."""

    document: DocumentNode | None
    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    errors: list[dict[str, Any]]

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation with this name, or the only one."""
        if name:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None

    def names(self, operation: OperationDefinitionNode) -> list[str]:
        """The operation's own name, and its root fields."""
        fields = [one.name.value for one in operation.selection_set.selections if isinstance(one, FieldNode)]
        return ([operation.name.value] if operation.name else []) + fields


@lru_cache(maxsize=_MOST_DOCUMENTS)
def prepare(text: str) -> Prepared:
    """Parse and validate a document, once."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return Prepared(None, {}, {}, [formatted(error)])
    errors = validate(executable(), document)
    if errors:
        return Prepared(None, {}, {}, refused_document(errors))
    operations = {
        (one.name.value if one.name else ""): one
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode)
    }
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    return Prepared(document, operations, fragments, [])


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    prepared: Prepared
    operation: OperationDefinitionNode
    names: list[str]
    variables: dict[str, Any]
    operation_name: str | None


class Refusal(Exception):
    """The request is answered without being executed."""

    def __init__(self, answer: dict[str, Any], status: int = 200) -> None:
        super().__init__()
        self.answer = answer
        self.status = status


def read(body: Any) -> Request:
    """The request in a JSON body. Raises Refusal."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise Refusal({"errors": {"query": "Required parameter missing or invalid"}}, 400)
    prepared = prepare(body["query"])
    if prepared.errors:
        raise Refusal({"errors": prepared.errors})
    operation = prepared.operation(body.get("operationName"))
    if operation is None:
        raise Refusal({"errors": [{"message": "An operation name is required"}]})
    variables = body.get("variables") or {}
    if not isinstance(variables, dict):
        raise Refusal({"errors": {"variables": "Required parameter missing or invalid"}}, 400)
    return Request(prepared, operation, prepared.names(operation), variables, body.get("operationName"))


def run(
    world: World,
    shop: Shop,
    scopes: frozenset[str],
    request: Request,
    *,
    busy: frozenset[str] = frozenset(),
    throttle: bool = False,
) -> dict[str, Any]:
    """Pay for a request and execute it. ``busy`` are its idempotency keys that another request holds (``claimed``);
    ``throttle`` refuses it whatever the bucket holds."""
    name = request.names[0] if request.names else "anonymous"
    invalid = _invalid_variables(request)
    if invalid:
        return {"errors": invalid}
    price = round(Pricing(executable(), request.prepared.fragments, request.variables).price(request.operation))
    if price > MOST_PER_QUERY:
        message = f"Query cost is {price}, which exceeds the single query max cost limit ({MOST_PER_QUERY})."
        refused = bare("MAX_COST_EXCEEDED", message)
        refused["extensions"] |= {"cost": price, "maxCost": MOST_PER_QUERY}
        return {"errors": [refused], "extensions": {"cost": _cost(world, shop, price, None)}}
    if throttle:
        # As if another client of the app had spent it all.
        world.buckets.set_level(shop.domain, 0)
    if throttle or not world.buckets.take(shop.domain, price):
        world.counters.throttled(name)
        return {
            "errors": [bare("THROTTLED", "Throttled")],
            "extensions": {"cost": _cost(world, shop, price, None)},
        }
    answer = _execute(world, shop, scopes, request, busy)
    actual = price if request.operation.operation.value == "mutation" else min(price, _actual(answer.get("data")))
    world.buckets.give_back(shop.domain, price - actual)
    world.counters.executed(name, actual)
    answer["extensions"] = {"cost": _cost(world, shop, price, actual)}
    return answer


@contextmanager
def claimed(world: World, shop: Shop, request: Request) -> Iterator[frozenset[str]]:
    """Hold the request's idempotency keys while it is worked on. Yields those that another request holds."""
    keys = set(_keys(request))
    held = {key for key in keys if world.idempotency.claim(shop.domain, key)}
    try:
        yield frozenset(keys - held)
    finally:
        for key in held:
            world.idempotency.release(shop.domain, key)


def _keys(request: Request) -> Iterator[str]:
    for one in request.operation.selection_set.selections:
        for directive in one.directives or ():
            if directive.name.value != "idempotent":
                continue
            for argument in directive.arguments or ():
                named = getattr(argument.value, "name", None)
                literal = getattr(argument.value, "value", None)
                found = request.variables.get(named.value) if named is not None else literal
                if isinstance(found, str):
                    yield found


def _invalid_variables(request: Request) -> list[dict[str, Any]]:
    coerced = get_variable_values(executable(), request.operation.variable_definitions or (), request.variables)
    if not isinstance(coerced, list):
        return []
    problems = [formatted(error) for error in coerced]
    for problem in problems:
        problem["extensions"] = {"code": "INVALID_VARIABLE", "problems": [{"explanation": problem["message"]}]}
    return problems


def _execute(
    world: World, shop: Shop, scopes: frozenset[str], request: Request, busy: frozenset[str]
) -> dict[str, Any]:
    document = request.prepared.document
    assert document is not None
    call = Call(world, shop, with_implied(scopes), busy)
    with world.lock:
        result = execute_sync(
            executable(),
            document,
            context_value=call,
            variable_values=request.variables,
            operation_name=request.operation_name,
        )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [formatted(error) for error in result.errors]
    return answer


def _actual(data: Any) -> int:
    if not isinstance(data, Mapping):
        return 0
    return round(sum(spent(value) for value in data.values()))


def _cost(world: World, shop: Shop, price: int, actual: int | None) -> dict[str, Any]:
    return {
        "requestedQueryCost": price,
        "actualQueryCost": actual,
        "throttleStatus": world.buckets.status(shop.domain),
    }
