"""How a file's first rows would be taken over with a mapping that is still being chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from app.feeds.feed import Limits, SupplierFeed, UnreadableFile
from app.feeds.reading import open_file
from app.feeds.rules.choices import Choices
from app.feeds.rules.records import ReadRow


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they are understood, or why there are none."""

    rows: Sequence[ReadRow]
    error: str | None = None
    #: Words in the stock column that only the supplier can explain.
    stock_words: Sequence[str] = ()


def preview(
    feed: SupplierFeed,
    stream: BinaryIO,
    limits: Limits,
    *,
    currency: str,
    mapping: Mapping[str, str],
    choices: Choices,
    figures_only: bool = False,
    rows: int = 6,
) -> Preview:
    """Read the beginning of a file. Raises nothing for a file that can't be read; the preview says so."""
    if not mapping:
        return Preview([], "Choose at least the column with the title or the SKU.")
    try:
        opened = open_file(
            feed, stream, limits, currency=currency, mapping=mapping, choices=choices, figures_only=figures_only
        )
        return Preview(list(islice(opened.rows, rows)), stock_words=opened.stock_words)
    except UnreadableFile as error:
        return Preview([], str(error))
