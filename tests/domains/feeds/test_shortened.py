"""Long numbers that a spreadsheet wrote in short are never taken for what they no longer are."""

from __future__ import annotations

import pytest

from app.feeds.rules.records import ReadRow
from tests.domains.feeds.files import opened, read_file

EAN = "4006381333931"


def codes(row: ReadRow) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in row.problems]


@pytest.mark.parametrize("short", ["4,00638E+12", "4.00638E+12", "4.0064e+12", "4E+12"])
def test_a_gtin_that_lost_its_digits_is_left_out_and_said_to_be_shortened(short: str) -> None:
    first, second = read_file(f"SKU;Title;EAN;Cost\nA;Lamp;{short};5,00\nB;Chair;{EAN};6,00\n".encode())
    assert (first.action, first.record["gtin"], codes(first)) == ("accepted", None, [("gtin", "shortened")])
    assert "last digits are lost" in first.problems[0].message
    assert (second.record["gtin"], second.problems) == (EAN, [])


@pytest.mark.parametrize("written", ["4.006381333931E+12", "4,006381333931E+12", f"{EAN}.0", f"{EAN},00"])
def test_a_gtin_that_has_all_its_digits_is_one(written: str) -> None:
    (row,) = read_file(f"SKU;Title;EAN;Cost\nA;Lamp;{written};5,00\n".encode())
    assert (row.record["gtin"], row.problems) == (EAN, [])


@pytest.mark.parametrize("column", ["SKU", "Parent ID"])
def test_articles_that_nothing_tells_apart_any_more_are_refused(column: str) -> None:
    header = "SKU;Title;Cost" if column == "SKU" else "Parent ID;Title;Cost"
    rows = read_file(f"{header}\n4,00638E+12;Lamp;5,00\n4,00638E+12;Chair;6,00\nA+B-7;Stool;7,00\n".encode())
    assert [row.action for row in rows] == ["rejected", "rejected", "accepted"]
    field = "sku" if column == "SKU" else "product_id"
    assert [codes(row)[:1] for row in rows[:2]] == [[(field, "shortened")]] * 2


def test_they_are_refused_among_products_that_are_understood_together() -> None:
    content = "SKU;Title;Cost\nA-1;Lamp;5,00\n4,00638E+12;Chair;6,00\nA-2;Stool;7,00\n"
    read = list(opened(content.encode()).beside.rows(lambda _: {}))
    rows = [row for one in read for row in (one.as_rows() if hasattr(one, "as_rows") else [one])]
    assert [(row.sku, row.action) for row in rows if isinstance(row, ReadRow)] == [
        ("A-1", "accepted"), ("", "rejected"), ("A-2", "accepted"),
    ]  # fmt: skip


def test_stock_is_not_told_of_an_article_that_nobody_knows() -> None:
    first, second = read_file(b"SKU;Stock\n4,00638E+12;5\nA-1;6\n", figures_only=True)
    assert (first.action, first.sku, codes(first)) == ("rejected", "", [("sku", "shortened")])
    assert second.action == "accepted"
