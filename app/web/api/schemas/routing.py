"""Shapes of routing's answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import MoneyOut, Output


class RoutingObjectiveOut(Output):
    name: str
    value: int


class RoutingRuleOut(Output):
    kind: str
    required: bool
    supplier_ids: list[UUID]
    limit: int | None


class RoutingCandidateOut(Output):
    """``status``: chosen, excluded, beaten, equal or unfit; ``reason`` says by what, ``explanation`` in a sentence.
    ``distance_km``: between the supplier's and the order's country, as the crow flies."""

    variant_id: UUID
    supplier_id: UUID
    supplier_name: str
    kind: str
    status: str
    reason: str
    explanation: str
    quantity: int
    unit_cost: MoneyOut
    order_fee: MoneyOut = Field(description="What the supplier asks once for the whole order.")
    available_quantity: int
    reliability: int | None
    days: int | None
    distance_km: int | None
    order_cost: MoneyOut | None


class RoutingNeedOut(Output):
    line_id: UUID | None
    component: int
    units: int
    candidates: list[RoutingCandidateOut]


class RoutingRunnerUpOut(Output):
    line_id: UUID | None
    component: int
    variant_id: UUID
    objectives: list[RoutingObjectiveOut]


class RoutingOut(Output):
    """A choice of an order's suppliers, with what it was made from. ``proven`` is false for a search that ended
    at its limit; ``replays`` tells whether the stored inputs lead to the stored choice again."""

    order_id: UUID
    attempt: int
    decided_at: datetime
    occasion: Literal["placed", "taken_up", "replaced"] | None = Field(
        description="What brought it about: the order came in, went on after a hold, or units of it did not come as "
        "ordered. Null of old orders."
    )
    occasion_explanation: str = Field(description="The same in sentences.")
    rules_version: int
    rules: list[RoutingRuleOut]
    routed: bool
    proven: bool
    replays: bool
    objectives: list[RoutingObjectiveOut]
    lines: list[RoutingNeedOut]
    runner_up: RoutingRunnerUpOut | None


class RoutingPage(Output):
    items: list[RoutingOut]
    next_cursor: str | None
