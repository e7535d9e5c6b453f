"""The price rule: cost and markup, rounded to what shops like to show, never below cost; in any currency."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kit.money import Money, exponent
from app.pricing.rules import DEFAULT_RULE, Rule, converted, retail_price

#: Currencies with 2, 0 and 3 digits after the point.
CURRENCIES = ("USD", "EUR", "JPY", "KRW", "KWD", "BHD")
costs = st.integers(0, 10**9)
currencies = st.sampled_from(CURRENCIES)
rules = st.builds(Rule, st.integers(0, 1_000_000), st.sampled_from(["none", "to_99"]))
rates = st.decimals(Decimal("0.0001"), Decimal(10_000), places=10, allow_nan=False)


@pytest.mark.parametrize(
    ("cost", "currency", "markup", "rounding", "price"),
    [
        ("10.00", "USD", 6000, "to_99", "16.99"),
        ("10.00", "USD", 6000, "none", "16.00"),
        ("12.49", "USD", 6000, "to_99", "19.99"),
        ("12.49", "USD", 6000, "none", "19.98"),
        ("12.50", "USD", 6000, "to_99", "20.99"),
        ("0.99", "USD", 0, "to_99", "0.99"),
        ("1.00", "USD", 0, "to_99", "1.99"),
        ("1.00", "USD", 0, "none", "1.00"),
        ("0.01", "USD", 0, "to_99", "0.99"),
        ("0.01", "USD", 4999, "none", "0.01"),
        ("0.01", "USD", 5000, "none", "0.02"),
        ("100.00", "USD", 1_000_000, "none", "10100.00"),
        ("1000", "JPY", 6000, "to_99", "1609"),
        ("1000", "JPY", 6000, "none", "1600"),
        ("1009", "JPY", 0, "to_99", "1009"),
        ("1010", "JPY", 0, "to_99", "1019"),
        ("333", "JPY", 5000, "none", "500"),
        ("10.000", "KWD", 6000, "to_99", "16.990"),
        ("10.001", "KWD", 0, "none", "10.001"),
        ("0.991", "KWD", 0, "to_99", "1.990"),
        ("0.990", "KWD", 0, "to_99", "0.990"),
    ],
)
def test_a_price_is_cost_and_markup_rounded(cost: str, currency: str, markup: int, rounding: str, price: str) -> None:
    assert retail_price(Money.parse(cost, currency), Rule(markup, rounding)) == Money.parse(price, currency)


def test_a_retailer_starts_with_sixty_percent_and_99() -> None:
    assert (DEFAULT_RULE.markup_bps, DEFAULT_RULE.rounding) == (6000, "to_99")


@pytest.mark.parametrize(
    ("cost", "rate", "target", "rule", "price"),
    [
        ("10.00 EUR", "1.1", "USD", Rule(6000, "to_99"), "17.99"),
        ("10.00 USD", "151.37", "JPY", Rule(6000, "to_99"), "2429"),
        ("10.00 USD", "151.37", "JPY", Rule(0, "none"), "1514"),
        ("1500 JPY", "0.0066", "USD", Rule(0, "none"), "9.90"),
        ("1501 JPY", "0.0066", "USD", Rule(0, "none"), "9.91"),
        ("10.00 USD", "0.30751", "KWD", Rule(0, "none"), "3.076"),
        ("10.00 USD", "0.30751", "KWD", Rule(6000, "to_99"), "4.990"),
    ],
)
def test_a_cost_in_another_currency_is_converted_before_it_is_marked_up(
    cost: str, rate: str, target: str, rule: Rule, price: str
) -> None:
    """Where half up would fall below cost, the price is the next unit up."""
    amount, currency = cost.split()
    found = retail_price(Money.parse(amount, currency), rule, rate=Decimal(rate), currency=target)
    assert found == Money.parse(price, target)


@given(costs, currencies, rules, rates, currencies)
@example(1, "USD", Rule(0, "none"), Decimal("0.004"), "EUR")
def test_no_price_is_below_its_cost(cost: int, currency: str, rule: Rule, rate: Decimal, target: str) -> None:
    price = retail_price(Money(cost, currency), rule, rate=rate, currency=target)
    assert price.currency == target
    assert price.decimal >= Money(cost, currency).decimal * rate
    assert price.minor >= converted(Money(cost, currency), rate=rate, currency=target).minor


@given(costs, currencies, st.integers(0, 1_000_000))
def test_a_rounded_price_ends_as_its_currency_can_and_is_the_next_such_price(
    cost: int, currency: str, markup: int
) -> None:
    price = retail_price(Money(cost, currency), Rule(markup, "to_99"))
    marked = Money(cost, currency).decimal * (10_000 + markup) / 10_000
    assert str(price.decimal).endswith({0: "9", 2: ".99", 3: ".990"}[exponent(currency)])
    step = 10 if exponent(currency) == 0 else 1
    assert price.decimal - step < marked <= price.decimal


@given(costs, currencies, st.integers(0, 1_000_000))
def test_without_rounding_a_price_is_within_half_a_unit_or_the_cost(cost: int, currency: str, markup: int) -> None:
    price = retail_price(Money(cost, currency), Rule(markup, "none"))
    marked = Money(cost, currency).decimal * (10_000 + markup) / 10_000
    unit = Decimal(1).scaleb(-exponent(currency))
    assert abs(price.decimal - marked) <= unit / 2
    assert price.minor >= cost


@given(costs, costs, currencies, rules, rates, currencies)
def test_what_costs_more_is_never_cheaper(
    one: int, other: int, currency: str, rule: Rule, rate: Decimal, target: str
) -> None:
    low, high = sorted((one, other))
    prices = [retail_price(Money(cost, currency), rule, rate=rate, currency=target) for cost in (low, high)]
    assert prices[0] <= prices[1]


@given(costs, currencies, st.integers(0, 1_000_000), st.integers(0, 1_000_000), st.sampled_from(["none", "to_99"]))
def test_more_markup_is_never_cheaper(cost: int, currency: str, one: int, other: int, rounding: str) -> None:
    low, high = sorted((one, other))
    prices = [retail_price(Money(cost, currency), Rule(markup, rounding)) for markup in (low, high)]
    assert prices[0] <= prices[1]


@given(costs, currencies, rates, currencies)
def test_a_conversion_rounds_once_and_half_up(cost: int, currency: str, rate: Decimal, target: str) -> None:
    found = converted(Money(cost, currency), rate=rate, currency=target)
    exact = Money(cost, currency).decimal * rate
    unit = Decimal(1).scaleb(-exponent(target))
    assert abs(found.decimal - exact) <= unit / 2
    assert found.decimal <= exact.quantize(unit, rounding=ROUND_CEILING)
