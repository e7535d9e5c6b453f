"""Returns, as both sides see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Input, MoneyOut, Name, Output, PageQuery, Text, Units

Reason = Literal["damaged", "wrong_item", "not_as_described", "late", "changed_mind"]
Found = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class ReturnsQuery(PageQuery):
    state: Text | None = None
    order_id: UUID | None = None


class ReturnLineInput(Input):
    line_id: UUID
    quantity: Units


class ReturnInput(Input):
    purchase_order_id: UUID
    reason: Reason
    note: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | None = None
    lines: Annotated[list[ReturnLineInput], Field(min_length=1, max_length=500)]


class ReturnShipInput(Input):
    carrier: Name
    tracking_number: Name


class DeclineInput(Input):
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class FindingInput(Input):
    line_id: UUID
    received: Found
    accepted: Found
    condition: Literal["as_new", "opened", "damaged", "missing"]
    restock: bool = False


class InspectInput(Input):
    lines: Annotated[list[FindingInput], Field(min_length=1, max_length=500)]
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] | None = None


class ReturnLineOut(Output):
    id: UUID
    purchase_order_line_id: UUID
    sku: str
    title: str
    quantity: int
    received: int
    accepted: int
    condition: str | None
    restocked: bool


class CreditMemoOut(Output):
    id: UUID
    number: str
    goods: MoneyOut
    restocking_fee: MoneyOut
    amount: MoneyOut
    #: What goes to the retailer's card, once it is booked.
    refund: MoneyOut | None
    refunded_at: datetime | None
    created_at: datetime


class ReturnOut(Output):
    id: UUID
    number: str
    order_id: UUID
    purchase_order_id: UUID
    state: str
    reason: str
    note: str
    #: Who pays for sending it back: supplier, retailer or shopper.
    return_shipping_paid_by: str
    policy_version: int
    restocking_fee_bps: int
    #: The supplier's words where it declined, or did not accept all of it.
    answer: str
    carrier: str
    tracking_number: str
    goods_kept: bool
    #: The order that sends the same again; yours to see, not the supplier's.
    exchange_order_id: UUID | None
    #: When its state ends by itself.
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    lines: list[ReturnLineOut]
    credit_memo: CreditMemoOut | None


class ReturnList(Output):
    items: list[ReturnOut]
    next_cursor: str | None
