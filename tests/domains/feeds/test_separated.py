"""Separated text as people and programs lay it out: titles above it, any separator, quotes and commas gone astray."""

from __future__ import annotations

import pytest

from tests.domains.feeds.files import opened, read_file

HEADER = ("Artikelnummer", "Bezeichnung, kurz", "EK netto", "Bestand")
ROWS = [(f"A{one}", f"Lampe {one}, rund, groß, rot", "12.50", "5") for one in range(20)]


@pytest.mark.parametrize("separator", [";", "\t", "|", "^", "~", ":"])
@pytest.mark.parametrize("title", ["", "Preisliste Herbst 2026\nStand: 30.11.2026, netto\n\n"], ids=["bare", "titled"])
def test_a_list_is_read_by_its_separator_also_below_a_title(separator: str, title: str) -> None:
    content = title + "\n".join(separator.join(row) for row in (HEADER, *ROWS)) + "\n"

    file = opened(content.encode())

    assert file.detected["separator"] == separator
    first = next(file.rows)
    assert (first.sku, first.record["title"], first.record["cost"], first.record["stock"]) == (
        "A0", "Lampe 0, rund, groß, rot", 1250, 5,
    )  # fmt: skip


def test_names_that_nobody_knows_are_parted_by_what_parts_the_rows() -> None:
    content = "Preise: alle\n\nxq;yw;zv\n" + "".join(f"AB-{one};Great lamp {one}, red;{one},50\n" for one in range(9))
    assert [row.record["title"] for row in read_file(content.encode())] == [
        f"Great lamp {one}, red" for one in range(9)
    ]


def list_of(separator: str, odd: dict[int, str], rows: int = 3000) -> bytes:
    """A list in which some rows stand otherwise than usual; longer than what is looked at beforehand."""
    note = "of the best kind, made to last and sold by the piece, each in a box of its own " * 2
    lines = [separator.join(("sku", "title", "cost", "stock", "note"))]
    for one in range(rows):
        usual = separator.join((f"C{one}", f'"Monitor {one}"', f"{one + 1}.50", "5", f'"{note}"'))
        lines.append(odd.get(one, usual))
    return "\n".join([*lines, ""]).encode()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("at", [7, 2500])
def test_a_quote_that_is_not_closed_swallows_no_rows(separator: str, at: int) -> None:
    odd = {at: separator.join((f"C{at}", '"Frame 24 inch', "9.99", "5", "plain"))}
    odd[at + 20] = separator.join((f"C{at + 20}", 'Pipe 1/2"', "3.25", "5", "plain"))

    rows = read_file(list_of(separator, odd))

    assert [row.sku for row in rows] == [f"C{one}" for one in range(3000)]
    assert {row.action for row in rows} == {"accepted"}
    frame, pipe = rows[at].record, rows[at + 20].record
    assert (frame["title"].lstrip('"'), frame["cost"], frame["stock"]) == ("Frame 24 inch", 999, 5)
    assert (pipe["title"], pipe["cost"]) == ('Pipe 1/2"', 325)


def test_a_quote_that_is_never_closed_again_swallows_no_rows() -> None:
    lines = "".join(f"C{one},Monitor {one},{one}.50,5\n" for one in range(1, 60_000))
    content = f'sku,title,cost,stock\nC0,"Frame 24 inch,9.50,5\n{lines}'.encode()
    assert [row.sku for row in read_file(content)] == [f"C{one}" for one in range(60_000)]


def test_line_breaks_and_separators_in_a_quoted_cell_are_text() -> None:
    said = "Red, big, 12, 5\nblue, small, 3, 7\n\nSizes: S, M, 4, 5"
    content = "".join(f'A{one},"Lamp, {one}",{one}.50,5,"{said}"\n' for one in range(1, 9))
    rows = read_file(f"sku,title,cost,stock,description\n{content}".encode())
    assert [row.record["cost"] for row in rows] == [one * 100 + 50 for one in range(1, 9)]
    assert all("Sizes: S, M, 4, 5" in row.record["description"] for row in rows)


def test_a_row_with_more_cells_than_the_header_is_rejected_and_not_shifted() -> None:
    usual = "".join(f"A{one},Lamp {one},5,{one}.50\n" for one in range(1, 30))
    rows = read_file(f"sku,title,stock,cost\n{usual}B1,Cable, 10,5,3.50\nB2,Desk,7,4.50,,\n".encode())
    refused = [row for row in rows if row.action == "rejected"]
    assert [(row.row, row.sku, [problem.code for problem in row.problems]) for row in refused] == [
        (31, "B1", ["surplus_cells"])
    ]
    assert refused[0].problems[0].message == (
        "The row has 5 cells, the header has 4: '3.50' is too many. Put a cell that holds the separator in quotes."
    )
    assert rows[-1].record["cost"] == 450


def test_prices_torn_apart_at_their_comma_are_rejected() -> None:
    rows = read_file(b"sku,title,cost,stock\nA1,Lamp,12,50,5\nA2,Cable,3,20,7\n")
    assert [(row.action, row.problems[0].code) for row in rows] == [("rejected", "surplus_cells")] * 2


@pytest.mark.parametrize("separator", [";", ","])
def test_columns_that_the_header_does_not_name_stay_beside_the_others(separator: str) -> None:
    lines = [("SKU", "Name", "Price"), ("AB-100", "Lamp", "10.50", "oak"), ("AB-101", "Cable", "3.20", "copper")]
    file = opened("\n".join(map(separator.join, lines)).encode())
    assert [column["column"] for column in file.detected["columns"]] == ["SKU", "Name", "Price", "Column 4"]
    assert [(row.action, row.record["cost"]) for row in file.rows] == [("accepted", 1050), ("accepted", 320)]


def test_figures_with_a_torn_row_change_nothing_of_its_sku() -> None:
    content = b"sku,stock,cost\nA1,5,2.50\nA2,12,50,3\nA3,4,2.50\n"
    assert [(row.sku, row.action) for row in read_file(content, figures_only=True)] == [
        ("A1", "accepted"), ("A2", "rejected"), ("A3", "accepted"),
    ]  # fmt: skip


def test_lines_drawn_of_dashes_are_no_rows() -> None:
    drawn = ["| SKU | Name | Price |", "|-----|:----:|------:|", "| A-1 | Lamp | 5.00 |", "|=====|======|=======|"]
    rows = read_file("\n".join([*drawn, "| A-2 | Table | 6.00 |", "|-----|------|-------|", ""]).encode())
    assert [(row.sku, row.action) for row in rows] == [("A-1", "accepted"), ("A-2", "accepted")]


def test_a_zero_byte_here_and_there_is_left_out() -> None:
    lines = [f"A-{number},Lamp {number},5.00" for number in range(20)]
    rows = read_file("\n".join(["SKU,Na\x00me,Price", "Z-1,La\x00mp,5.00", *lines]).encode())
    assert (len(rows), rows[0].record["title"]) == (21, "Lamp")
