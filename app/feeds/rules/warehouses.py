"""Stock that stands in a column for each warehouse: which columns they are, and their sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.feeds.feed import Row
from app.feeds.rules import looks
from app.feeds.rules.names import LANGUAGES, field_by_words, known_field, words_of
from app.feeds.rules.numbers import NotANumber
from app.feeds.rules.stock_words import NotAQuantity, read_stock

#: How sure names are that say stock and nothing more.
_WHOLE = 88
#: Words for all of it.
_TOTAL = frozenset(
    {"total", "gesamt", "totale", "suma", "razem", "celkem", "spolu", "osszes", "totaal", "итого", "всего"}
)


def columns_of_places(columns: Iterable[str], values: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns of figures whose names say stock and something more, such as a place."""
    return [
        column
        for column in columns
        if _names_place(column) and looks.most(looks.is_figure(value) for value in values[column])
    ]


def _names_place(column: str) -> bool:
    if not _TOTAL.isdisjoint(words_of(column)):
        return False
    known, sure = known_field(column)
    # Codes of languages are mostly those of countries, too.
    of_country = known == "stock" and sure < _WHOLE and column.split()[-1].lower() in LANGUAGES
    return of_country or (not known and field_by_words(column)[0] == "stock")


def is_less_than(values: Mapping[str, Sequence[str]], whole: str, part: str) -> bool:
    """Whether a column can't be all of the stock, for another one says more in some row."""
    pairs = zip(values[whole], values[part], strict=False)
    return len(values[whole]) == len(values[part]) and any(_units(one) < _units(other) for one, other in pairs)


def _units(text: str) -> int:
    try:
        return read_stock(text) or 0
    except (NotAQuantity, NotANumber, ArithmeticError):
        return 0


def added_up(rows: Iterable[Row], places: Sequence[int], mark: str | None) -> Iterator[Row]:
    """The rows with the stock of all places (indexes of columns) in the first one's cell. A place of which a row says
    nothing has none; where one can't be read, its text stands there. ``mark``: the columns' decimal mark."""
    for row in rows:
        row.cells[places[0]] = _sum([row.cells[place].strip() for place in places], mark)
        yield row


def _sum(texts: Sequence[str], mark: str | None) -> str:
    total = 0
    for text in texts:
        try:
            units = read_stock(text, mark) if text else 0
        except (NotAQuantity, NotANumber, ArithmeticError):
            units = None
        if units is None:
            return text
        total += units
    return str(total) if any(texts) else ""
