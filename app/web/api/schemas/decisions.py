"""Decisions about units that do not come as ordered, and what is done when nobody decides."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.web.api.schemas.shapes import Input, Money, MoneyOut, Output, PageQuery

Choice = Literal["accept", "reroute", "wait", "substitute", "refund"]
State = Literal["OPEN", "CHOSEN", "PAYING", "WAITING", "DONE", "OVERTAKEN"]


class SubstituteOut(Output):
    sku: str
    title: str


class DecisionOut(Output):
    """``units`` are the purchase order line's. ``choices``: what can be chosen now; empty where it is decided."""

    id: UUID
    order_id: UUID
    line_id: UUID
    purchase_order_id: UUID
    purchase_order_line_id: UUID
    supplier_id: UUID
    kind: Literal["price", "rejected", "silent", "later"] = Field(
        description="The supplier asks another price, rejected the units, or has not answered."
    )
    units: int
    reason: str | None
    ordered_price: MoneyOut
    asked_price: MoneyOut | None
    state: State = Field(
        description="`CHOSEN` can be taken back until `acts_at`; `PAYING` waits for your card; `WAITING` for stock; "
        "`OVERTAKEN`: nothing was left to decide."
    )
    choices: list[Choice]
    choice: Choice | None
    chosen_by: str | None = Field(description="`rule`, `deadline`, or who it was.")
    wait_until: datetime | None = Field(description="For `WAITING`: until when at the latest.")
    line_units: int = Field(description="Units of the order's line that it is about.")
    substitute_variant_id: UUID | None
    substitute: SubstituteOut | None = Field(description="What is sent instead of the order's line.")
    store_told_at: datetime | None = Field(description="When your store's people were told last, where it takes notes.")
    refund_customer: bool | None = Field(description="For `refund`: whether the store refunds its customer.")
    trouble: str | None = Field(
        description="Why the last choice was not carried out: `card_declined`, `no_card` or `nobody_can`."
    )
    default: Choice = Field(description="What is done at `due_at` when nobody decides.")
    due_at: datetime
    acts_at: datetime | None = Field(description="When it is next done by itself.")
    created_at: datetime
    updated_at: datetime


class DecisionList(Output):
    items: list[DecisionOut]


class DecisionPage(Output):
    items: list[DecisionOut]
    next_cursor: str | None


class DecisionsQuery(PageQuery):
    state: State | None = None


class ChoiceInput(Input):
    """``variant_id``: what is sent instead, for `substitute`. ``refund_customer``: for `refund`, whether your store
    gives its customer the money back; left out, as the store's setting says."""

    choice: Choice
    variant_id: UUID | None = None
    refund_customer: bool | None = None


class DecisionPath(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID
    decision_id: UUID


class AnswerRulesIn(Input):
    """A price that is higher by no more than both tolerances is taken without asking: ``price_tolerance_percent`` of
    the unit's price, ``price_tolerance_amount`` for the line. ``decide_within_hours`` 0: you are not asked, and the
    default is done at once."""

    price_tolerance_percent: Annotated[float, Field(ge=0, le=50)]
    price_tolerance_amount: Money
    price_default: Literal["refund", "accept", "reroute"]
    reroute_rejected: bool
    reroute_silent: bool
    decide_within_hours: Annotated[int, Field(ge=0, le=336)]
    decision_default: Literal["refund", "wait"]
    wait_days: Annotated[int, Field(ge=1, le=180)]
    backorder_days: Annotated[int, Field(ge=0, le=365)] | None = Field(
        default=None,
        description="You are asked about what a supplier promises for a day that is further away. Left out: as it is.",
    )
    reminders: Annotated[int, Field(ge=0, le=5)]
    remind_hours: Annotated[int, Field(ge=1, le=72)]


class AnswerRulesOut(Output):
    price_tolerance_percent: float
    price_tolerance_amount: MoneyOut
    price_default: str
    reroute_rejected: bool
    reroute_silent: bool
    decide_within_hours: int
    decision_default: str
    wait_days: int
    backorder_days: int
    reminders: int
    remind_hours: int
