"""What a file's values mean where the file does not say it: words for stock, the unit of weights, and the mark before
decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.feeds.rules.fields import normal
from app.feeds.rules.stock_words import says_none
from app.inventory.rules import LARGEST_QUANTITY

WEIGHT_UNITS = ("g", "kg", "lb", "oz")
DECIMAL_MARKS = (".", ",")
#: Words of one file that are asked about.
MOST_WORDS = 30
LONGEST_WORD = 60


@dataclass(frozen=True, slots=True)
class Choices:
    """What a supplier chose. ``stock_words``: a word, as ``word_key`` has it → units. ``weight_unit``: of weights that
    name none; empty: as the column's name or the file says, else grams where they look so. ``decimal_mark``: ``.`` or
    ``,`` in columns whose numbers do not tell it; empty: they are whole, grouped by thousands. ``record``: where the
    products stand in a nested file (``app.feeds.feed.NestedFeed``); empty: where they are found."""

    stock_words: Mapping[str, int] = field(default_factory=dict)
    weight_unit: str = ""
    decimal_mark: str = ""
    record: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "stock_words": dict(self.stock_words),
            "weight_unit": self.weight_unit,
            "decimal_mark": self.decimal_mark,
            "record": self.record,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any] | None) -> Choices:
        """What was kept; nothing chosen for None."""
        kept = kept or {}
        return cls(
            dict(kept.get("stock_words", {})),
            str(kept.get("weight_unit", "")),
            str(kept.get("decimal_mark", "")),
            str(kept.get("record", "")),
        )

    def check(self) -> str | None:
        """What is wrong with it, in words; None when it can be used."""
        if self.weight_unit and self.weight_unit not in WEIGHT_UNITS:
            return "Choose one of the units of weight."
        if self.decimal_mark and self.decimal_mark not in DECIMAL_MARKS:
            return "Choose a point or a comma as the mark before decimals."
        if any(not 0 <= units <= LARGEST_QUANTITY for units in self.stock_words.values()):
            return "Stock is a whole number of units from 0 on."
        if len(self.stock_words) > 10 * MOST_WORDS or any(len(word) > LONGEST_WORD for word in self.stock_words):
            return "There are too many words for stock, or one is too long."
        return None


#: Nothing was chosen.
NO_CHOICES = Choices()


def word_key(text: str) -> str:
    """A word as words are compared."""
    return (normal(text) or text.strip())[:LONGEST_WORD]


def open_words(values: Iterable[str]) -> list[str]:
    """The words of a stock column that only the supplier can explain, each once, as they are written first."""
    found: dict[str, str] = {}
    for value in values:
        text = value.strip()
        if text and not any(char.isdigit() for char in text) and not says_none(text):
            found.setdefault(word_key(text), text[:LONGEST_WORD])
    return list(found.values())[:MOST_WORDS]
