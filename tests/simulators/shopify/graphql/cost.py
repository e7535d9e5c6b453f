"""What a query costs, and the bucket that pays for it.

An object costs 1, a connection 2 and its size times its nodes, scalars nothing, a mutation 10; of interfaces and unions
the dearest selection counts: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

#: No single query may cost more, on any plan.
MOST_PER_QUERY = 1000
_MUTATION = 10.0
_CONNECTION = 2.0


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices one operation of a document, with its variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def price(self, operation: OperationDefinitionNode) -> float:
        """The requested cost."""
        if operation.operation is OperationType.MUTATION:
            root = self.schema.mutation_type
            assert root is not None
            return sum(self._mutation(root, node) for node in self._fields(operation.selection_set))
        query = self.schema.query_type
        assert query is not None
        return self._selection(query, operation.selection_set)

    def _mutation(self, root: GraphQLObjectType, node: FieldNode) -> float:
        given = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}
        payload = get_named_type(root.fields[node.name.value].type)
        return _MUTATION + self._connections(payload, node.selection_set) + _surcharge(node.name.value, given)

    def _connections(self, parent: GraphQLNamedType, selections: SelectionSetNode | None) -> float:
        """What a mutation's payload adds: its connections; plain objects are within the mutation's price."""
        total = 0.0
        for node, owner in self._typed(parent, selections):
            kind = _field_type(owner, node)
            if kind is None:
                continue
            if kind.name.endswith("Connection"):
                total += self._field(owner, node)
            else:
                total += self._connections(kind, node.selection_set)
        return total

    def _selection(self, parent: GraphQLNamedType, selections: SelectionSetNode | None) -> float:
        if selections is None:
            return 0.0
        common, branches = 0.0, [0.0]
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                common += self._field(parent, selection)
                continue
            condition, inner = self._branch(parent, selection)
            price = self._selection(condition, inner)
            if condition is not parent and isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
                branches.append(price)
            else:
                common += price
        return common + max(branches)

    def _field(self, parent: GraphQLNamedType, node: FieldNode) -> float:
        kind = _field_type(parent, node)
        if kind is None or node.selection_set is None:
            return 0.0
        if kind.name.endswith("Connection"):
            return _CONNECTION + self._size(node) * self._nodes(kind, node.selection_set)
        return 1.0 + self._selection(kind, node.selection_set)

    def _nodes(self, connection: GraphQLNamedType, selections: SelectionSetNode) -> float:
        """The price of one node of a connection, selected as ``nodes`` or as ``edges { node }``."""
        price = 0.0
        for node, owner in self._typed(connection, selections):
            kind = _field_type(owner, node)
            if kind is None:
                continue
            if node.name.value == "nodes":
                price = max(price, 1.0 + self._selection(kind, node.selection_set))
            elif node.name.value == "edges":
                inner = [self._field(edge, one) for one, edge in self._typed(kind, node.selection_set)]
                price = max(price, sum(inner))
        return price

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = self._value(argument.value)
                if isinstance(value, int):
                    return value
        return 0

    def _value(self, node: Any) -> Any:
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value)
        return int(node.value) if isinstance(node, IntValueNode) else None

    def _fields(self, selections: SelectionSetNode) -> list[FieldNode]:
        return [node for node in selections.selections if isinstance(node, FieldNode)]

    def _typed(
        self, parent: GraphQLNamedType, selections: SelectionSetNode | None
    ) -> list[tuple[FieldNode, GraphQLNamedType]]:
        if selections is None:
            return []
        found: list[tuple[FieldNode, GraphQLNamedType]] = []
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                found.append((selection, parent))
            else:
                found += self._typed(*self._branch(parent, selection))
        return found

    def _branch(self, parent: GraphQLNamedType, selection: Any) -> tuple[GraphQLNamedType, SelectionSetNode]:
        if isinstance(selection, FragmentSpreadNode):
            fragment = self.fragments[selection.name.value]
            return self.schema.type_map[fragment.type_condition.name.value], fragment.selection_set
        assert isinstance(selection, InlineFragmentNode)
        condition = selection.type_condition
        return (parent if condition is None else self.schema.type_map[condition.name.value]), selection.selection_set


def _field_type(parent: GraphQLNamedType, node: FieldNode) -> GraphQLNamedType | None:
    if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        return None
    known = parent.fields.get(node.name.value)
    return None if known is None else get_named_type(known.type)


def _surcharge(mutation: str, given: Mapping[str, Any]) -> float:
    """``productSet`` costs more by what it sets, as the descriptions of its input say."""
    if mutation != "productSet" or not isinstance(given.get("input"), Mapping):
        return 0.0
    wanted = given["input"]
    variants = wanted.get("variants") or []
    return (
        0.2 * len(variants)
        + 1.9 * len(wanted.get("files") or [])
        + 0.4 * len(wanted.get("metafields") or [])
        + sum(0.6 for one in variants if one.get("file"))
        + sum(0.4 * len(one.get("metafields") or []) for one in variants)
    )


def spent(data: Any) -> float:
    """The actual cost of a query's answer: its objects."""
    if isinstance(data, list):
        return sum(spent(one) for one in data)
    if not isinstance(data, Mapping):
        return 0.0
    if "nodes" in data or "edges" in data:
        nodes = data.get("nodes")
        if nodes is None:
            nodes = [edge.get("node") for edge in data["edges"]]
        return _CONNECTION + sum(spent(node) for node in nodes)
    return 1.0 + sum(spent(value) for value in data.values() if isinstance(value, dict | list))


@dataclass(slots=True)
class Bucket:
    """A shop's points for the app, refilled continuously."""

    size: float
    rate: float
    level: float
    at: float = field(default_factory=time.monotonic)

    def refill(self) -> None:
        """Add what came back since the last look."""
        now = time.monotonic()
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now


class Buckets:
    """The buckets of all shops."""

    def __init__(self, size: float, rate: float) -> None:
        self._size, self._rate = size, rate
        self._lock = Lock()
        self._buckets: dict[str, Bucket] = {}

    def take(self, shop: str, cost: float) -> bool:
        """Take the points if they are there."""
        with self._lock:
            bucket = self._of(shop)
            if bucket.level < cost:
                return False
            bucket.level -= cost
            return True

    def give_back(self, shop: str, points: float) -> None:
        """Return what was not spent after all."""
        with self._lock:
            bucket = self._of(shop)
            bucket.level = min(bucket.size, bucket.level + max(points, 0.0))

    def set_level(self, shop: str, level: float) -> None:
        """Fill or empty a bucket, for tests."""
        with self._lock:
            self._of(shop).level = level

    def status(self, shop: str) -> dict[str, float]:
        """``throttleStatus``."""
        with self._lock:
            bucket = self._of(shop)
            return {
                "maximumAvailable": bucket.size,
                "currentlyAvailable": float(int(bucket.level)),
                "restoreRate": bucket.rate,
            }

    def _of(self, shop: str) -> Bucket:
        bucket = self._buckets.get(shop)
        if bucket is None:
            bucket = self._buckets[shop] = Bucket(self._size, self._rate, self._size)
        bucket.refill()
        return bucket
