"""Refunds that a retailer's store gives to its customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Input, Money, MoneyOut, Output, Text, Units


class RefundLineInput(Input):
    line_id: UUID
    quantity: Units


class StoreRefundInput(Input):
    """``amount``: left out, the store works it out; no more than the customer paid for the lines, their taxes and, with
    ``shipping``, the delivery, less what was refunded (422 ``too_much``). ``by_hand``: you have refunded it in your
    store yourself, and only say so."""

    lines: Annotated[list[RefundLineInput], Field(min_length=1, max_length=500)]
    amount: Money | None = None
    shipping: bool = False
    notify: bool = True
    return_id: UUID | None = None
    by_hand: bool = False


class RefundReportInput(Input):
    """``made``: what your store gave back is ``amount``. Else ``reason`` says why it did not."""

    made: bool
    amount: Money | None = None
    external_id: Text | None = None
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] | None = None


class RefundLineOut(Output):
    line_id: UUID
    external_line_id: str | None
    quantity: int


class StoreRefundOut(Output):
    """``amount``: what is to be given back, null for what the store works out; ``refunded``: what it gave."""

    id: UUID
    order_id: UUID
    external_order_id: str
    return_id: UUID | None
    reference: str = Field(description="Stands in the store's note of the refund.")
    state: Literal["ASKED", "MADE", "REFUSED", "BY_HAND"]
    lines: list[RefundLineOut]
    amount: MoneyOut | None
    worth: MoneyOut | None = Field(description="What the customer paid for these units, without delivery.")
    shipping: bool
    notify: bool
    refunded: MoneyOut | None
    cancelled: bool = Field(description="The store cancelled the whole order for it.")
    external_id: str | None
    refusal: str | None
    refusal_text: str
    created_at: datetime
    updated_at: datetime


class StoreRefundList(Output):
    """``owed``: units that will not come, and whose money the store's customer has not got back."""

    items: list[StoreRefundOut]
    owed: list[RefundLineOut]
    owed_worth: MoneyOut | None
