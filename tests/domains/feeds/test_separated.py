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
