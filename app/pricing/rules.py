"""How a retail price is made from cost, on plain values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from app.kit.money import Money, exponent


@dataclass(frozen=True, slots=True)
class Rule:
    """cost × (1 + markup); ``rounding`` is ``none`` or ``to_99``."""

    markup_bps: int
    rounding: str


#: What a retailer starts with.
DEFAULT_RULE = Rule(markup_bps=6000, rounding="to_99")


def retail_price(cost: Money, rule: Rule, *, rate: Decimal = Decimal(1), currency: str | None = None) -> Money:
    """The price by rule, in ``currency`` at ``rate`` units of it for one of the cost's. Never below cost."""
    target = currency or cost.currency
    digits = exponent(target)
    in_target = cost.decimal * rate
    marked = in_target * (10_000 + rule.markup_bps) / 10_000
    price = _to_99(marked, digits) if rule.rounding == "to_99" else _half_up(marked, digits)
    floor = in_target.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_CEILING)
    return Money.of_decimal(max(price, floor), target)


def converted(cost: Money, *, rate: Decimal, currency: str) -> Money:
    """A cost in another currency, rounded half up once."""
    return Money.of_decimal(cost.decimal * rate, currency)


def _to_99(amount: Decimal, digits: int) -> Decimal:
    """The next amount up that ends in .99; currencies without cents go up to the next that ends in 9."""
    if digits == 0:
        tens = ((amount + 1) / 10).to_integral_value(rounding=ROUND_CEILING)
        return tens * 10 - 1
    whole = (amount + Decimal("0.01")).to_integral_value(rounding=ROUND_CEILING)
    return whole - Decimal("0.01")


def _half_up(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
