"""Prices for several units, and the currency that BMEcat says they are in."""

from __future__ import annotations

import pytest

from tests.domains.feeds.files import read_file


@pytest.mark.parametrize(
    ("said", "cost"),
    [
        ("100", 13),
        ("1", 1250),
        ("", 1250),
        ("per 100", 13),
        ("100 Stück", 13),
        ("1.000", 1),
        ("1 000", 1),
        ("je 1'000 Stk.", 1),
        ("100er", 13),
        ("Hundert", 13),
        ("dozen", 104),
        ("1,000", 1250),
        ("0", 1250),
        ("Stück", 1250),
        ("kg", 1250),
    ],
)
def test_a_price_for_several_units_is_divided(said: str, cost: int) -> None:
    content = f"Artikelnummer;Bezeichnung;EK netto;Preiseinheit;Bestand\nS-100;Schraube M4;12,50;{said};5000\n"
    (row,) = read_file(content.encode(), currency="EUR")
    assert (row.action, row.record["cost"], row.record["stock"]) == ("accepted", cost, 5000)


@pytest.mark.parametrize("said", ["200000", "per 100.001", "2,5", "0,5", "1.2.3", "200 000", "VE 100", "10x10"])
def test_no_price_is_told_from_units_that_can_not_be(said: str) -> None:
    content = f"SKU;Title;Cost;RRP;Price quantity;Stock\nS-1;Screw;12,50;39,00;{said};5\n"
    (row,) = read_file(content.encode())
    assert (row.action, row.record["cost"]) == ("rejected", None)
    assert [(problem.field, problem.code, problem.message) for problem in row.problems] == [
        ("price_quantity", "not_a_quantity",
         f"The prices are for {said!r}: give a whole number of units from 1 to 100,000."),
    ]  # fmt: skip


def test_stock_and_prices_are_held_to_the_same_units() -> None:
    content = b"SKU;Stock;Cost;Price quantity\nS-1;5;12,50;200000\nS-2;5;;200000\nS-3;5;12,50;100\n"
    rows = read_file(content, figures_only=True)
    assert [row.action for row in rows] == ["rejected", "accepted", "accepted"]
    assert rows[2].record["cost"] == 13


def test_what_rounding_changes_is_said() -> None:
    content = "SKU;Title;Cost;Preiseinheit\nS-1;Screw;3,20;100\nS-2;Nut;3,00;100\nS-3;Bolt;3,20;1\n"
    first, *others = read_file(content.encode())
    assert [(problem.code, problem.message) for problem in first.problems] == [
        ("price_rounded", "'3,20' is 0.032 for one: 0.03 is used.")
    ]
    assert [row.problems for row in others] == [[], []]


def test_a_price_of_a_unit_is_a_price() -> None:
    (row,) = read_file(b"SKU;Title;Price/Unit\nS-1;Screw;12,50\n")
    assert row.record["cost"] == 1250


def test_a_price_for_shoppers_may_be_for_one_unit_all_the_same() -> None:
    content = "SKU;Title;Cost;RRP;Price quantity\nS-1;Screw;12,50;0,39;100\nS-2;Nut;12,50;39,00;100\n"
    assert [(row.record["cost"], row.record["msrp"]) for row in read_file(content.encode())] == [(13, 39), (13, 39)]


def bmecat(*articles: str, currency: str = "USD") -> bytes:
    return (
        f"<BMECAT><HEADER><CATALOG><CURRENCY>{currency}</CURRENCY></CATALOG></HEADER>"
        f"<T_NEW_CATALOG>{''.join(articles)}</T_NEW_CATALOG></BMECAT>"
    ).encode()


def article(sku: str, *prices: str, quantity: str = "") -> str:
    per = f"<PRICE_QUANTITY>{quantity}</PRICE_QUANTITY>" if quantity else ""
    return (
        f"<ARTICLE><SUPPLIER_AID>{sku}</SUPPLIER_AID>"
        f"<ARTICLE_DETAILS><DESCRIPTION_SHORT>Screw {sku}</DESCRIPTION_SHORT>"
        f"</ARTICLE_DETAILS><ARTICLE_ORDER_DETAILS>{per}</ARTICLE_ORDER_DETAILS>"
        f"<ARTICLE_PRICE_DETAILS>{''.join(prices)}</ARTICLE_PRICE_DETAILS></ARTICLE>"
    )


def price(amount: str, currency: str = "", bound: int = 1, kind: str = "net_customer") -> str:
    code = f"<PRICE_CURRENCY>{currency}</PRICE_CURRENCY>" if currency else ""
    return (
        f'<ARTICLE_PRICE price_type="{kind}"><PRICE_AMOUNT>{amount}</PRICE_AMOUNT>{code}'
        f"<LOWER_BOUND>{bound}</LOWER_BOUND></ARTICLE_PRICE>"
    )


def test_bmecats_price_is_for_as_many_units_as_it_says() -> None:
    content = bmecat(
        article("S-1", price("12.500"), price("10.00", bound=1000), price("39.00", kind="nrp"), quantity="100"),
        article("S-2", price("3.25")),
    )
    first, second = read_file(content, name="catalog.xml")
    assert (first.record["cost"], first.record["msrp"]) == (13, 39)
    assert first.record["tiers"] == [{"min_quantity": 1000, "price": 10}]
    assert second.record["cost"] == 325


def test_bmecats_currency_counts_whether_the_price_or_the_catalogue_says_it() -> None:
    content = bmecat(
        article("S-1", price("12.50", "USD")), article("S-2", price("12.50")), article("S-3", price("9", "EUR"))
    )
    rows = read_file(content, name="catalog.xml", currency="EUR")
    assert [[problem.code for problem in row.problems if not problem.warning] for row in rows] == [
        ["other_currency"], ["other_currency"], [],
    ]  # fmt: skip
