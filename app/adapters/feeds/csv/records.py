"""Records of separated text as rows below a header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.feeds.feed import Row


def filled_cells(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that is not empty."""
    return next((place for place in range(len(cells), 0, -1) if cells[place - 1].strip()), 0)


def fitted_rows(records: Iterator[Row], width: int) -> Iterator[Row]:
    """Records with as many cells as the header has; none that is empty. One with more is not to be trusted."""
    for row in records:
        cells = row.cells
        whole = "".join(cells)
        if not whole or whole.isspace():
            continue
        if len(cells) != width:
            row.cells = (cells + [""] * (width - len(cells)))[:width]
            count = filled_cells(cells)
            if count > width:
                row.wrong = (
                    f"The row has {count} cells, the header has {width}: {cells[width][:40]!r} is too many. "
                    "Put a cell that holds the separator in quotes."
                )
        if "\x00" in whole:
            row.cells = [cell.replace("\x00", "") for cell in row.cells]
        yield row
