"""Numbers with three decimals, which look like thousands: they are read by what tells, or asked about."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.feeds.reading import OpenedFile
from app.feeds.rules.choices import Choices
from tests.domains.feeds.files import opened, read_file


def chosen(content: bytes, mark: str) -> OpenedFile:
    """A CSV file read with the mark that a person chose."""
    return opened(content, choices=Choices(decimal_mark=mark))


@pytest.mark.parametrize(
    ("content", "cost", "stock", "grams"),
    [
        ("sku;title;cost;stock;weight (kg)\nA1;Lamp;12,50;5;1,250\nA2;Cable;3,20;7;0,350\n", 1250, 5, 1250),
        ("sku;title;cost;stock;weight (kg)\nA1;Lamp;12;5;0,350\nA2;Cable;3;7;0,225\n", 1200, 5, 350),
        ("sku,title,cost,stock,weight (kg)\nA1,Lamp,12.500,5,2.000\nA2,Cable,0.950,7,3.500\n", 1250, 5, 2000),
        ("sku;title;cost;stock\nA1;Lamp;12,50;12,000\nA2;Cable;3,20;0,000\n", 1250, 12, None),
        ("sku;title;cost;stock\nA1;Lamp;12;1.250\nA2;Cable;3;2.000\n", 1200, 1250, None),
        ("sku;title;cost;stock\nA1;Lamp;1,250;1\nA2;Cable;1250;2\n", 125000, 1, None),
    ],
    ids=["a-leading-zero", "nothing-but-leading-zeros", "a-price", "stock", "units-are-whole", "beside-a-whole-number"],
)
def test_a_column_says_itself_what_its_mark_is(content: str, cost: int, stock: int, grams: int | None) -> None:
    file = opened(content.encode())
    first = next(file.rows).record
    assert (first["cost"], first["stock"], first["weight_grams"]) == (cost, stock, grams)
    assert file.detected["unsure"] == []


@pytest.mark.parametrize("unit", ["kg", "lb"])
def test_a_weight_in_kilograms_or_pounds_is_no_thousands(unit: str) -> None:
    content = (
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
        + "".join(
            f"<item><g:id>A{one}</g:id><g:title>Lamp {one}</g:title><g:price>12.500 USD</g:price>"
            f"<g:availability>in stock</g:availability><g:shipping_weight>1.250 {unit}</g:shipping_weight></item>"
            for one in (1, 2)
        )
        + "</channel></rss>"
    )
    rows = read_file(content.encode(), name="google.xml")
    assert {row.record["weight_grams"] for row in rows} == {{"kg": 1250, "lb": 567}[unit]}
    assert {row.record["cost"] for row in rows} == {1250}


def test_programs_write_a_point_before_decimals() -> None:
    products = [
        {"sku": f"A{one}", "title": f"Lamp {one}", "cost": "12.500", "stock": "12.000", "weight_kg": "1.250"}
        for one in (1, 2)
    ]
    records = "".join(
        "".join(f"<{key}>{text}</{key}>" for key, text in one.items()).join(("<p>", "</p>")) for one in products
    )
    for name, content in (("list.json", json.dumps(products)), ("list.xml", f"<ps>{records}</ps>")):
        for row in read_file(content.encode(), name=name):
            assert (row.record["cost"], row.record["stock"], row.record["weight_grams"]) == (1250, 12, 1250), name


@given(
    st.lists(st.integers(1, 999_999), min_size=1, max_size=5),
    st.sampled_from([".", ","]),
    st.booleans(),
)
def test_three_decimals_are_read_right_or_asked_about(thousandths: list[int], mark: str, other_column: bool) -> None:
    def row(place: int, amount: int) -> str:
        written = f"{amount // 1000}{mark}{amount % 1000:03}"
        return f"A{place};Lamp {place};{written}0;{written}" if other_column else f"A{place};Lamp {place};;{written}"

    lines = "\n".join(row(place, amount) for place, amount in enumerate(thousandths))
    content = f"sku;title;msrp;cost\n{lines}\n".encode()
    # Rounded half up.
    cents = [(amount + 5) // 10 or None for amount in thousandths]

    file = opened(content)
    assert "cost" in file.detected["unsure"] or [row.record["cost"] for row in file.rows] == cents
    assert [row.record["cost"] for row in chosen(content, mark).rows] == cents


def test_what_may_be_thousands_is_asked_about_with_the_reason() -> None:
    content = b"sku,title,cost,stock\nA1,Lamp,12.500,5\nA2,Cable,3.250,7\n"
    detected = opened(content).detected
    assert detected["unsure"] == ["cost"]
    reason = next(column["reason"] for column in detected["columns"] if column["column"] == "cost")
    assert reason == "by its name; 12.500 may be thousands or three decimals: choose the mark before decimals"
    assert [row.record["cost"] for row in chosen(content, ".").rows] == [1250, 325]
    assert [row.record["cost"] for row in chosen(content, ",").rows] == [1_250_000, 325_000]
