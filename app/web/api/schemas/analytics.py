"""Sales."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from app.web.api.schemas.shapes import Currency, MoneyOut, Output, Query


class SalesQuery(Query):
    model_config = ConfigDict(populate_by_name=True)
    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    group_by: Literal["day", "week", "month", "supplier", "retailer", "product", "store"] = "day"
    currency: Currency | None = None


class FiguresOut(Output):
    orders: int
    units: int
    revenue: MoneyOut
    cost: MoneyOut
    fees: MoneyOut
    shipping: MoneyOut
    refunds: MoneyOut
    profit: MoneyOut


class SeriesOut(FiguresOut):
    key: str
    label: str


class SalesOut(Output):
    currency: str
    totals: FiguresOut
    series: list[SeriesOut]
