"""Prices that suppliers send."""

from __future__ import annotations

from app.kit.errors import Invalid
from app.kit.money import LARGEST_MINOR
from app.web.api.schemas.shapes import Money


def minor_of(field: str, price: Money | None, currency: str, *, may_be_zero: bool = False) -> int | None:
    """Minor units of a supplier's price in its own ``currency``, above zero unless it ``may_be_zero``; None for none.
    Raises ``Invalid`` naming ``field``."""
    if price is None:
        return None
    if price.currency != currency:
        raise Invalid.field(f"{field}.currency", "wrong_currency", f"Your prices are in {currency}.")
    try:
        minor = price.value().minor
    except ValueError as error:
        raise Invalid.field(f"{field}.amount", "not_an_amount", f"{error}.") from error
    if not (0 if may_be_zero else 1) <= minor <= LARGEST_MINOR:
        told = "An amount is not below zero." if may_be_zero else "A price is above zero."
        raise Invalid.field(f"{field}.amount", "out_of_range", told)
    return minor
