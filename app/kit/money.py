"""Money: an integer count of a currency's minor units, and nothing else.

Minor units follow ISO 4217 as Babel's CLDR data gives them: 2 for USD, 0 for JPY, 3 for KWD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision

#: Amounts beyond this are a mistake in a file, not a price (minor units).
LARGEST_MINOR = 10**13

_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?")


@cache
def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 code in capital letters."""
    return len(code) == 3 and code.isupper() and code in get_global("all_currencies")


@cache
def exponent(currency: str) -> int:
    """Digits after the decimal point: 2 for USD, 0 for JPY."""
    if not is_currency(currency):
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code")
    return int(get_currency_precision(currency))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount. ``minor`` is in minor units: ``Money(1250, "USD")`` is 12.50 dollars."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("money is counted in whole minor units")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in ``currency``."""
        return cls(0, currency)

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """Read the wire form, a plain decimal such as ``"12.50"``.

        Raises ``ValueError`` for anything else, and for more digits than the currency has.
        """
        if not is_currency(currency):
            raise ValueError(f"{currency!r} is not an ISO 4217 currency code")
        if not _AMOUNT.fullmatch(amount):
            raise ValueError("an amount is a plain decimal number such as 12.50")
        try:
            scaled = Decimal(amount).scaleb(exponent(currency))
        except InvalidOperation as error:
            raise ValueError("an amount is a plain decimal number such as 12.50") from error
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{currency} has {exponent(currency)} digits after the point")
        if abs(scaled) > LARGEST_MINOR:
            raise ValueError("the amount is too large")
        return cls(int(scaled), currency)

    @classmethod
    def of_decimal(cls, amount: Decimal, currency: str) -> Money:
        """Round a decimal amount half up to the currency's minor unit."""
        scaled = amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls(int(scaled), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    @property
    def amount(self) -> str:
        """The wire form: ``"12.50"``."""
        return f"{self.decimal:.{exponent(self.currency)}f}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"can't combine {self.currency} with {other.currency}")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def share(self, basis_points: int) -> Money:
        """A part in basis points (1/100 of a percent), rounded half up once."""
        exact = Decimal(self.minor) * basis_points / 10_000
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)

    def to_json(self) -> dict[str, str]:
        """The API's shape."""
        return {"amount": self.amount, "currency": self.currency}


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, which is zero of ``currency`` for no amounts."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result


def apportion(whole: Money, weights: list[int]) -> list[Money]:
    """Split ``whole`` by ``weights`` without losing a minor unit (largest remainder method).

    Weights must not be negative; when all are zero the parts are as equal as can be.
    """
    if not weights:
        return []
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    if not any(weights):
        weights = [1] * len(weights)
    sign = -1 if whole.minor < 0 else 1
    units, base = abs(whole.minor), sum(weights)
    parts = [units * weight // base for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(units * weights[i] % base), i))
    for i in by_remainder[: units - sum(parts)]:
        parts[i] += 1
    return [Money(sign * part, whole.currency) for part in parts]
