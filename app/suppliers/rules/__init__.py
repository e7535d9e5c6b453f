"""Decisions about suppliers, on plain values."""

from __future__ import annotations

from app.suppliers.rules.shipping import (
    METHODS,
    PRICE_BY,
    Closure,
    Parcel,
    Rate,
    Tier,
    delivery_range,
    order_day,
    rate_for,
    rates_by_method,
    shipping_cost,
    working_days_from,
)
from app.suppliers.rules.states import (
    ACTIVE,
    APPLIED,
    BUSINESS_TYPES,
    IN_REVIEW,
    MOVES,
    NEEDS_INFO,
    OWN_MOVES,
    REJECTED,
    SUSPENDED,
    TERMINATED,
    TESTING,
    may_move,
)

__all__ = [
    "ACTIVE",
    "APPLIED",
    "BUSINESS_TYPES",
    "IN_REVIEW",
    "METHODS",
    "MOVES",
    "NEEDS_INFO",
    "OWN_MOVES",
    "PRICE_BY",
    "REJECTED",
    "SUSPENDED",
    "TERMINATED",
    "TESTING",
    "Closure",
    "Parcel",
    "Rate",
    "Tier",
    "delivery_range",
    "may_move",
    "order_day",
    "rate_for",
    "rates_by_method",
    "shipping_cost",
    "working_days_from",
]
