"""Amounts as Stripe counts them.

Stripe counts in a currency's smallest unit, but by its own list: ISK and UGX have no cents any more and still count
in hundredths there. https://docs.stripe.com/currencies
"""

from __future__ import annotations

from typing import Any

from app.kit.errors import Rejected
from app.kit.money import Money, exponent

_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def _their_exponent(currency: str) -> int:
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def to_stripe(amount: Money) -> int:
    """The amount as Stripe counts it.

    Raises ``Rejected`` (``amount_not_representable``) for what Stripe can't move: parts of its unit, and thousandths,
    of which the last digit must be 0. It is not rounded, because the books hold the exact amount.
    """
    theirs = _their_exponent(amount.currency)
    shift = theirs - exponent(amount.currency)
    counted, rest = _shifted(amount.minor, shift)
    if rest or (theirs == 3 and counted % 10):
        raise Rejected("amount_not_representable", f"Stripe can't move {amount}")
    return counted


def minor_units(counted: Any, currency: Any) -> int:
    """What Stripe counted, in the minor units of our books."""
    code = str(currency).upper()
    shift = exponent(code) - _their_exponent(code)
    return _shifted(int(counted), shift)[0]


def money(counted: Any, currency: Any) -> Money:
    """What Stripe counted, as money."""
    return Money(minor_units(counted, currency), str(currency).upper())


def _shifted(count: int, places: int) -> tuple[int, int]:
    """The count with its point moved, and what is left over."""
    whole: int = 10 ** abs(places)
    return (count * whole, 0) if places >= 0 else divmod(count, whole)
