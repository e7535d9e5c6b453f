"""Wholesale prices by quantity in files: recognised, read, and what can't be is said."""

from __future__ import annotations

import pytest

from tests.domains.feeds.files import opened, read_file


def steps(content: str, *, name: str = "", currency: str = "USD") -> list[list[tuple[int, int]]]:
    """The steps of each row that is taken."""
    rows = read_file(content.encode(), name=name, currency=currency)
    assert all(row.action == "accepted" for row in rows), [row.problems for row in rows]
    return [[(one["min_quantity"], one["price"]) for one in row.record["tiers"]] for row in rows]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("sku,title,cost,price_10,price_50", "A,Lamp one,10.00,9.50,8.90"),
        ("sku,title,price_1,price_10,price_50", "A,Lamp one,10.00,9.50,8.90"),
        ("Art.-Nr.;Bezeichnung;EK netto;Staffelpreis ab 10;Staffelpreis ab 50 Stück", "A;Lampe eins;10,00;9,50;8,90"),
        ("sku,title,cost,tier price 10,tier price 50", "A,Lamp one,10.00,9.50,8.90"),
        ("sku,title,cost,price_break_1,qty_break_1,price_break_2,qty_break_2", "A,Lamp one,10.00,9.50,10,8.90,50"),
        ("sku,title,cost,Tier 1 Qty,Tier 1 Price,Tier 2 Qty,Tier 2 Price", "A,Lamp one,10.00,10,9.50,50,8.90"),
        ("SKU;Titel;EK;Staffelmenge1;Staffelpreis1;Staffelmenge2;Staffelpreis2", "A;Lampe eins;10,00;10;9,50;50;8,90"),
        ("sku,title,cost,price from 10,price from 50", "A,Lamp one,10.00,9.50,8.90"),
        ("sku,title,cost,Price 10-49,Price 50-99", "A,Lamp one,10.00,9.50,8.90"),
        ("référence;désignation;prix d'achat;prix à partir de 10;prix à partir de 50", "A;Lampe une;10,00;9,50;8,90"),
        ("product_id,title,sku,option1_name,cost,price_tiers", "a,Lamp one,A,,10.00,10=9.50 | 50=8.90"),
        ("sku;title;cost;price_tiers", "A;Lamp one;10,00;10=9,50|50=8,90"),
    ],
)  # fmt: skip
def test_columns_of_steps_are_recognised(header: str, line: str) -> None:
    assert steps(f"{header}\n{line}\n") == [[(10, 950), (50, 890)]]


def test_price_lists_and_years_are_no_quantities() -> None:
    for columns in ("price 1,price 2,price 3", "price 2025,price 2026,price 2027"):
        file = opened(f"sku,title,cost,{columns}\nA,Lamp one,10.00,9.50,8.90,8.00\n".encode())
        assert not [field for field in file.mapping.values() if field.startswith("tier")], columns


def test_a_file_without_steps_says_nothing_of_them() -> None:
    (row,) = read_file(b"sku,title,cost\nA,Lamp one,10.00\n")
    assert "tiers" not in row.record


def test_what_can_not_be_a_step_is_left_out_with_a_word() -> None:
    (row,) = read_file(
        b"sku,title,cost,price_tiers\nA,Lamp one,10.00,5=9.80 | 10=12.00 | dear | 20=0 | 1=10.00 | 50=8.90\n"
    )
    assert row.action == "accepted"
    assert row.record["tiers"] == [{"min_quantity": 5, "price": 980}, {"min_quantity": 50, "price": 890}]
    assert [(one.code, one.warning) for one in row.problems] == [
        ("not_a_price", True),
        ("step_left_out", True),
    ]


BMECAT = """<?xml version="1.0" encoding="UTF-8"?><BMECAT version="1.2"><T_NEW_CATALOG><ARTICLE>
<SUPPLIER_AID>A-1</SUPPLIER_AID><ARTICLE_DETAILS><DESCRIPTION_SHORT>Desk lamp</DESCRIPTION_SHORT></ARTICLE_DETAILS>
<ARTICLE_PRICE_DETAILS>
<ARTICLE_PRICE price_type="net_customer"><PRICE_AMOUNT>8.90</PRICE_AMOUNT><LOWER_BOUND>50</LOWER_BOUND></ARTICLE_PRICE>
<ARTICLE_PRICE price_type="net_customer"><PRICE_AMOUNT>10.00</PRICE_AMOUNT><LOWER_BOUND>1</LOWER_BOUND></ARTICLE_PRICE>
<ARTICLE_PRICE price_type="net_customer"><PRICE_AMOUNT>9.50</PRICE_AMOUNT><LOWER_BOUND>10</LOWER_BOUND></ARTICLE_PRICE>
<ARTICLE_PRICE price_type="net_list"><PRICE_AMOUNT>19.50</PRICE_AMOUNT><LOWER_BOUND>10</LOWER_BOUND></ARTICLE_PRICE>
<ARTICLE_PRICE price_type="nrp"><PRICE_AMOUNT>39.90</PRICE_AMOUNT></ARTICLE_PRICE>
</ARTICLE_PRICE_DETAILS></ARTICLE></T_NEW_CATALOG></BMECAT>"""


def test_bmecat_prices_of_larger_quantities_are_steps() -> None:
    (row,) = read_file(BMECAT.encode(), name="catalogue.xml")
    assert (row.record["cost"], row.record["msrp"]) == (1000, 3990)
    assert [(one["min_quantity"], one["price"]) for one in row.record["tiers"]] == [(10, 950), (50, 890)]


def test_x12_prices_of_larger_quantities_are_steps() -> None:
    document = (
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261129*1200*U*00401*000000001*0*P*>~"
        "GS*SC*SENDER*RECEIVER*20261129*1200*1*X*004010~ST*832*0001~BCT*PC*1~"
        "LIN*1*VP*A-1~PID*F****Desk lamp~CTP**WHL*8.90*50*EA~CTP**WHL*10.00*1*EA~CTP**WHL*9.50*10*EA~"
        "CTP**NET*7.00*5*EA~CTP**MSR*39.90~LIN*2*VP*A-2~PID*F****Chair~CTP**WHL*20.00~SE*11*0001~GE*1*1~IEA*1*000000001~"
    )
    assert steps(document, name="catalogue.x12") == [[(10, 950), (50, 890)], []]
