"""Pictures that stand in several columns: which columns they are, and all of them in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app.feeds.feed import Row
from app.feeds.rules import looks
from app.feeds.rules.names import words_of

#: Words of names of pictures that are smaller ones of the others, or of something else.
_OTHERS = frozenset({"thumb", "thumbs", "thumbnail", "small", "icon", "logo", "swatch", "brand", "mini", "vorschau"})
_ADDRESS = ("http://", "https://")


def may_hold_more(column: str, values: Sequence[str]) -> bool:
    """Whether a column that is called as pictures are, or looks so, holds more of them."""
    return not _OTHERS & set(words_of(column)) and looks.most(value.startswith(_ADDRESS) for value in values)


def with_all_pictures(rows: Iterable[Row], places: Sequence[int]) -> Iterator[Row]:
    """The rows with the pictures of all places (indexes of columns) in the first one's cell."""
    first = places[0]
    for row in rows:
        found = [cell for place in places if (cell := row.cells[place].strip())]
        if len(found) > 1:
            row.cells[first] = " | ".join(found)
        elif found:
            row.cells[first] = found[0]
        yield row
