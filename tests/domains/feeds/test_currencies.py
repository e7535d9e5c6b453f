"""Prices in another currency than the supplier's are refused, never taken for its own."""

from __future__ import annotations

import pytest

from tests.domains.feeds.files import read_file

_OTHER = "other_currency"


@pytest.mark.parametrize(
    ("price", "currency", "cost"),
    [
        ("12.50", "USD", 1250), ("12.50 USD", "USD", 1250), ("$12.50", "USD", 1250), ("US$12.50", "USD", 1250),
        ("$12.50", "CAD", 1250), ("CA$ 12.50", "CAD", 1250), ("12,50 €", "EUR", 1250), ("EUR 12,50", "EUR", 1250),
        ("12,50 zł", "PLN", 1250), ("125 kr", "SEK", 12500), ("1 250,00 Kč", "CZK", 125000), ("£12.50", "GBP", 1250),
        ("12.50 usd", "EUR", None), ("12,50 €", "USD", None), ("US$12.50", "CAD", None), ("$12.50", "EUR", None),
        ("£12.50", "USD", None), ("12,50 zł", "EUR", None), ("125 kr", "EUR", None), ("12.50 CHF", "EUR", None),
        ("¥1250", "USD", None), ("12.50USD", "EUR", None), ("1500 грн", "EUR", None), ("320 р.", "EUR", None),
        ("1 500 руб.", "EUR", None), ("12,50 лв", "EUR", None), ("1.250,00 ₺", "EUR", None), ("12.50 TL", "EUR", None),
        ("12.50 TRY", "EUR", None), ("12.50 KZT", "EUR", None), ("5 000 ₸", "EUR", None), ("12.50 BAM", "EUR", None),
        ("NT$ 125", "USD", None), ("12.50 ALL", "EUR", None), ("1500 грн", "UAH", 150000), ("320 р.", "RUB", 32000),
        ("12.50 TRY", "TRY", 1250), ("1.250,00 ₺", "TRY", 125000), ("12,50 лв.", "BGN", 1250),
        ("5 000 ₸", "KZT", 500000),
        ("125 din", "RSD", 125), ("NT$ 125", "TWD", 12500), ("12.50 kzt", "KZT", 1250), ("EUR12,50", "EUR", 1250),
    ],
)  # fmt: skip
def test_a_code_or_sign_in_the_price_counts(price: str, currency: str, cost: int | None) -> None:
    (row,) = read_file(f'SKU,Title,Wholesale price\nS1,Lamp,"{price}"\n'.encode(), currency=currency)
    assert (row.action, row.record["cost"]) == (("rejected" if cost is None else "accepted"), cost), row.problems
    assert [problem.code for problem in row.problems] == ([_OTHER] if cost is None else [])


def test_a_column_of_currencies_counts_row_by_row() -> None:
    lines = ["SKU,Title,Cost,MSRP,Currency", "S1,Lamp,5,9,EUR", "S2,Chair,5,9,usd", "S3,Sofa,5,9,", "S4,Bed,5,9,Euro"]
    first, *others = read_file("\n".join(lines).encode(), currency="EUR")
    assert [row.action for row in (first, *others)] == ["accepted", "rejected", "accepted", "accepted"]
    (problem,) = others[0].problems
    assert (problem.code, problem.field) == (_OTHER, "currency")
    assert problem.message == "The prices of the row are in USD. Your prices are in EUR: send them in EUR."


@pytest.mark.parametrize("code", ["KZT", "BYN", "TRY", "TWD", "VND", "RSD", "try", "XYZ", "rubles", "ALL"])
def test_a_code_that_is_not_ours_is_another_currency_even_where_nobody_knows_it(code: str) -> None:
    content = f"SKU,Title,Cost,Currency\nS1,Lamp,5,{code}\nS2,Chair,5,EUR\nS3,Sofa,5,-\n"
    first, *others = read_file(content.encode(), currency="EUR")
    assert (first.action, [problem.code for problem in first.problems]) == ("rejected", [_OTHER])
    assert [row.action for row in others] == ["accepted", "accepted"]


@pytest.mark.parametrize(("said", "currency"), [("RUR", "RUB"), ("Euro", "EUR"), ("try", "TRY"), ("ALL", "ALL")])
def test_a_currency_has_several_names(said: str, currency: str) -> None:
    content = f"SKU,Title,Cost,Currency\nS1,Lamp,5 {said},{said}\nS2,Lamp,5,{said}\n"
    assert [row.action for row in read_file(content.encode(), currency=currency)] == ["accepted", "accepted"]


def test_googles_prices_name_their_currency() -> None:
    items = "".join(
        f"<item><g:id>A{place}</g:id><g:title>Lamp {place}</g:title><g:price>12.50 {code}</g:price>"
        "<g:availability>in stock</g:availability></item>"
        for place, code in enumerate(("TRY", "EUR", "KZT"))
    )
    content = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'
    rows = read_file(content.encode(), name="google.xml", currency="EUR")
    assert [row.record["cost"] for row in rows] == [None, 1250, None]


def test_a_columns_name_counts_where_the_price_says_nothing() -> None:
    content = b"SKU,Title,Cost USD\nS1,Lamp,5\nS2,Chair,5 EUR\n"
    assert [row.action for row in read_file(content, currency="EUR")] == ["rejected", "accepted"]
    assert [row.action for row in read_file(content, currency="USD")] == ["accepted", "rejected"]
