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
