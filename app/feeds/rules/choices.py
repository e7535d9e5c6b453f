"""What a file's values mean where the file does not say it: words for stock, and the unit of weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.feeds.rules.fields import normal
from app.inventory.rules import LARGEST_QUANTITY

WEIGHT_UNITS = ("g", "kg", "lb", "oz")
#: Words of one file that are asked about.
MOST_WORDS = 30
LONGEST_WORD = 60
#: Words that say in any file that there is nothing. What says that there is something, says not how much.
_NOTHING_THERE = frozenset(
    normal(word)
    for word in (
        "out of stock", "sold out", "unavailable", "not available", "no stock", "ausverkauft", "nicht lieferbar",
        "nicht vorrätig", "nicht auf Lager", "rupture de stock", "en rupture", "épuisé", "agotado", "sin stock",
        "esaurito", "non disponibile", "uitverkocht", "niet op voorraad", "slutsåld", "slut i lager", "udsolgt",
        "brak", "niedostępny", "vyprodáno", "není skladem", "vypredané", "elfogyott",
    )
)  # fmt: skip
_AT_LEAST = re.compile(r"(?:[>≥]=?\s*)?([0-9]{1,7})\s*\+?")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a supplier chose. ``stock_words``: a word, as ``word_key`` has it → units. ``weight_unit``: of weights that
    name none; empty: as the column's name or the file says, else grams."""

    stock_words: Mapping[str, int] = field(default_factory=dict)
    weight_unit: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"stock_words": dict(self.stock_words), "weight_unit": self.weight_unit}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any] | None) -> Choices:
        """What was kept; nothing chosen for None."""
        kept = kept or {}
        return cls(dict(kept.get("stock_words", {})), str(kept.get("weight_unit", "")))

    def check(self) -> str | None:
        """What is wrong with it, in words; None when it can be used."""
        if self.weight_unit and self.weight_unit not in WEIGHT_UNITS:
            return "Choose one of the units of weight."
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


def units_of(text: str, words: Mapping[str, int]) -> int | None:
    """How many units a cell means that is no plain number: as the supplier chose; 0 for words that say so in any file;
    the number of "5+" and ">5". None for what is not known, which is not 0."""
    key = word_key(text)
    if key in words:
        return words[key]
    if key in _NOTHING_THERE:
        return 0
    at_least = _AT_LEAST.fullmatch(text.strip())
    return int(at_least.group(1)) if at_least else None


def open_words(values: Iterable[str]) -> list[str]:
    """The words of a stock column that only the supplier can explain, each once, as they are written first."""
    found: dict[str, str] = {}
    for value in values:
        text = value.strip()
        if text and not any(char.isdigit() for char in text) and units_of(text, {}) is None:
            found.setdefault(word_key(text), text[:LONGEST_WORD])
    return list(found.values())[:MOST_WORDS]
