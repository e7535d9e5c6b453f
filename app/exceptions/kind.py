"""What a kind of exception is: a query of stuck things as plain rows, and how they are told.

A kind is a module of ``app.exceptions.kinds`` that offers its ``KIND``, or ``KINDS``; it is found by walking. What is
no longer stuck is not found any more, so exceptions go by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import DateTime, Select, Text, Uuid, cast, literal, null, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import ColumnElement


class Party(StrEnum):
    """Who has the ball. The first three are kinds of organisations, who also read the inbox."""

    RETAILER = "retailer"
    SUPPLIER = "supplier"
    PLATFORM = "platform"
    #: A carrier, a store or a bank: nobody in the house can do more than ask.
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a thing is told. ``advice``: what each reader can do, in a sentence; who has none is not shown it.
    ``meanwhile``: the same for a reader that waits for another one, where that is something else."""

    heading: str
    advice: Mapping[Party, str]
    meanwhile: Mapping[Party, str] = field(default_factory=dict)
    severity: Literal["info", "warning", "critical"] = "warning"
    #: Reader → another heading for it.
    headings: Mapping[Party, str] = field(default_factory=dict)

    def heading_for(self, reader: Party) -> str:
        """What it is called to a reader."""
        return self.headings.get(reader, self.heading)

    def advice_for(self, reader: Party, *, ball: Party) -> str:
        """What a reader can do while it is up to ``ball``; empty where it is not shown it."""
        advice = self.advice.get(reader, "")
        return advice if ball is reader else self.meanwhile.get(reader, advice)


Query = Callable[[datetime], Select[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind. ``query`` gives the rows (made by ``rows``) that are stuck at a moment; ``told`` says what a row of
    each ``about`` is, with ``""`` for all others. ``label`` names many of them. ``subject`` is what the rows' ids are
    of: ``order``, ``purchase_order``, ``shipment``, ``return`` or anything else."""

    name: str
    label: str
    subject: str
    query: Query
    told: Mapping[str, Told]

    def words(self, about: str) -> Told:
        """How a row is told."""
        return self.told.get(about) or self.told[""]

    def shown_to(self, reader: Party) -> bool:
        """Whether any of its rows are the reader's business."""
        return any(reader in one.advice for one in self.told.values())


#: The columns of every kind's query, in their order.
_COLUMNS: Mapping[str, Any] = {
    "subject_id": Uuid(),
    "order_id": Uuid(),
    "purchase_order_id": Uuid(),
    "retailer_id": Uuid(),
    "supplier_id": Uuid(),
    "since": DateTime(timezone=True),
    "due": DateTime(timezone=True),
    "ball": Text(),
    "about": Text(),
    "name": Text(),
    "reference": Text(),
    "detail": JSONB(),
}
Value = ColumnElement[Any] | Any


def rows(kind: str, **values: Value) -> Select[Any]:
    """The beginning of a kind's query. Needed are ``subject_id``, ``since`` and ``ball``; ``name`` is what people call
    the thing, ``reference`` what it belongs to, ``about`` the key of its words, ``detail`` small plain values."""
    plain = {"about": "", "name": "", "reference": ""} | values
    columns = []
    for name, type_ in _COLUMNS.items():
        value = plain.get(name)
        element = null() if value is None else value if hasattr(value, "label") else literal(value)
        columns.append(cast(element, type_).label(name))
    return select(literal(kind).label("kind"), *columns)
