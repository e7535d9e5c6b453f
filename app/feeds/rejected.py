"""The rejected rows of a file in the file's own columns, to be mended and sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.feeds.feed import Limits, Row, SupplierFeed, Table, opened_at
from app.feeds.rules.fields import normal
from app.kit.csv_lines import csv_line

#: What stands behind the file's own columns.
_OURS = ("row", "reason")


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """Why a row was rejected, and the title that it took over from a row above; a row that others need, such as a
    variable product's, has no reason."""

    reason: str
    title: str = ""


def rejected_csv(
    feed: SupplierFeed,
    stream: BinaryIO,
    limits: Limits,
    mapping: Mapping[str, str],
    rows: Mapping[int, RejectedRow],
    *,
    record: str = "",
) -> Iterator[str]:
    """The rows of a file that are named, in its order, with its header and its cells, and then the row's number and
    reason, as lines of CSV. Only a title that stood in a row above is filled in, for that row may not be among them.
    Cells that spreadsheets would take for formulas are escaped; reading the lines again undoes it. ``record``: as
    ``NestedFeed`` has it. Raises ``UnreadableFile``."""
    table = without_ours(opened_at(feed, stream, limits, record))
    titles = [index for index, column in enumerate(table.columns) if mapping.get(column) == "title"]
    yield csv_line([*table.columns, *_OURS])
    for row in table.rows:
        found = rows.get(row.number)
        if found is None:
            continue
        cells = list(row.cells)
        for index in titles:
            cells[index] = cells[index] if cells[index].strip() else found.title
        yield csv_line([*cells, str(row.number), found.reason])


def without_ours(table: Table) -> Table:
    """A table as the supplier meant it: the columns that we had put behind its own are left out again."""
    last = tuple(normal(column).removesuffix(" 2") for column in table.columns[-2:])
    if len(table.columns) <= len(_OURS) or last != _OURS:
        return table
    return replace(table, columns=table.columns[:-2], rows=_bare(table.rows), lines=None)


def _bare(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        yield Row(row.number, row.cells[:-2], row.wrong)
