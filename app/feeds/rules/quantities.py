"""Quantities of a row: stock, weight, what the supplier keeps back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.feeds.rules.cells import NOTHING, REMEMBERED, Cell, cells_of
from app.feeds.rules.choices import word_key
from app.feeds.rules.numbers import NotANumber, names_unit, read_grams
from app.feeds.rules.records import Problem, Reading
from app.feeds.rules.repeated import of_columns
from app.feeds.rules.stock_words import NotAQuantity, read_stock, whole_units
from app.feeds.rules.weights import UNTOLD_UNIT
from app.inventory.rules import LARGEST_QUANTITY

#: Spreadsheets write whole numbers as ``5.0``, too.
_WHOLE = re.compile(r"(\d{1,9})(?:[.,]0+)?", re.ASCII)
#: Shops that sell beyond their stock export it so.
_BELOW_ZERO = re.compile(r"-\s*\d{1,9}(?:[.,]\d+)?")


class QuantityReader:
    """Reads the quantities of rows; the same cells are understood once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._stock_at = reading.fields.get("stock")
        self._told = of_columns(reading.fields, ("weight", "weight_unit"))
        #: Texts of stock → what they mean; a list has few of them.
        self.known: dict[str, tuple[int | None, Problem | None]] = {}
        self._weighed: dict[object, tuple[int | None, list[Problem]]] = {}

    def read(self, cells: Sequence[str], cell: Cell, problems: list[Problem]) -> dict[str, Any]:
        """The weight of a row and, where it is told, its stock, as a record has them."""
        weight, stock = self.of(cells, cell, problems)
        return {"weight_grams": weight} if stock is None else {"weight_grams": weight, "stock": stock}

    def of(self, cells: Sequence[str], cell: Cell, problems: list[Problem]) -> tuple[int | None, int | None]:
        """The weight of a row in grams, and its units in stock; None where it tells nothing of them."""
        text = cells[self._stock_at] if self._stock_at is not None else ""
        known_stock = self.known.get(text)
        stock, wrong = known_stock if known_stock is not None else self.stock(cell("stock"))
        if wrong is not None:
            problems.append(wrong)
        key = self._told(cells)
        known = self._weighed.get(key)
        if known is None:
            known = self._understood_weight(cell("weight"), cell("weight_unit"))
            if len(self._weighed) < REMEMBERED:
                self._weighed[key] = known
        weighed, heavy = known
        problems += heavy
        return weighed, stock

    def read_all(self, rows: Sequence[Sequence[str]], odd: set[int]) -> tuple[list[int | None], list[int | None]]:
        """The same of many rows; the places of those with problems are put to the ``odd`` ones."""
        problems: list[Problem] = []
        weights, stocks = [], []
        told, weighed, known, stock_at = self._told, self._weighed, self.known, self._stock_at
        for place, cells in enumerate(rows):
            heavy, count = weighed.get(told(cells)), known.get("" if stock_at is None else cells[stock_at])
            if heavy is None or count is None or heavy[1] or count[1] is not None:
                weight, stock = self.of(cells, cells_of(self._reading.fields, cells), problems)
                if problems:
                    odd.add(place)
                    problems.clear()
            else:
                weight, stock = heavy[0], count[0]
            weights.append(weight)
            stocks.append(stock)
        return weights, stocks

    def _understood_weight(self, weight: str, unit: str) -> tuple[int | None, list[Problem]]:
        if weight.lower() in NOTHING or not weight.strip("0.,"):
            return None, []
        used: str | None = "g" if self._reading.weight_unit == "g" else unit or self._reading.weight_unit
        if used == UNTOLD_UNIT and not names_unit(weight):
            untold = f"{weight[:40]!r} names no unit and does not look like grams: choose the unit with the columns."
            return None, [Problem("weight", "no_unit", untold, warning=True)]
        try:
            return read_grams(weight, used, self._reading.marks.get("weight")) or None, []
        except (NotANumber, ArithmeticError):
            wrong = Problem("weight", "not_a_weight", f"{weight[:40]!r} is not a weight.", warning=True)
            return None, [wrong]

    def choice(self, name: str, cell: Cell, problems: list[Problem]) -> int | None:
        """A number of units that the supplier chose, such as a safety stock."""
        text = cell(name)
        if text.lower() in NOTHING:
            return None
        found = _WHOLE.fullmatch(text)
        if found is None or int(found[1]) > LARGEST_QUANTITY:
            problems.append(Problem(name, "not_a_quantity", f"{text[:40]!r} is not a whole number from 0 on."))
            return None
        return int(found[1])

    def stock(self, text: str) -> tuple[int | None, Problem | None]:
        """The units in a cell of stock, and what is wrong with it; None and nothing wrong where it says nothing."""
        known = self.known.get(text)
        if known is None:
            known = self._understood_stock(text)
            if len(self.known) < REMEMBERED:
                self.known[text] = known
        return known

    def _understood_stock(self, text: str) -> tuple[int | None, Problem | None]:
        if text.lower() in NOTHING:
            return None, None
        shown = f"{text[:40]!r}"
        try:
            chosen = self._reading.stock_words.get(word_key(text))
            units = read_stock(text, self._reading.marks.get("stock")) if chosen is None else chosen
        except (NotAQuantity, NotANumber, ArithmeticError):
            if _BELOW_ZERO.fullmatch(text):
                oversold = f"{shown}: more was sold than there was; it is taken for 0."
                return 0, Problem("stock", "below_zero", oversold, warning=True)
            whole = whole_units(text, self._reading.marks.get("stock"))
            if whole is not None:
                measured = f"{shown}: whole units alone can be ordered; it is taken for {whole}."
                return whole, Problem("stock", "part_of_unit", measured, warning=True)
            return None, Problem("stock", "not_a_quantity", f"{shown} is not a whole number of units from 0 on.")
        if units is not None:
            return units, None
        unknown = f"{shown} is no number and no word that we know: the stock is left as it is."
        return None, Problem("stock", "unknown_stock", unknown, warning=True)
