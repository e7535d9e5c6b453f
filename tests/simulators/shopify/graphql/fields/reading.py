"""The commonest resolvers."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from tests.simulators.shopify.gid import gid

Resolve = Callable[..., Any]


def attribute(name: str) -> Resolve:
    """The record's field."""
    get = attrgetter(name)
    return lambda record, _info, **_arguments: get(record)


def global_id(kind: str) -> Resolve:
    """The record's global id."""
    prefix = gid(kind, 0)[:-1]
    return lambda record, _info: f"{prefix}{record.id}"


def constant(value: Any) -> Resolve:
    """The same for every record, because the simulator has only this case."""
    return lambda _record, _info, **_arguments: value


def times() -> dict[str, Resolve]:
    """``createdAt`` and ``updatedAt``."""
    return {"createdAt": attribute("created_at"), "updatedAt": attribute("updated_at")}


#: ``legacyResourceId``: the number alone.
legacy_id: Resolve = attribute("id")
