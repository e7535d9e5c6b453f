"""Prices of a row: wholesale with its steps, recommended, least advertised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.catalog.tiers.rules import LARGEST_STEP, MOST_STEPS
from app.feeds.rules.cells import NOTHING, REMEMBERED, Cell, cells_of, units_of
from app.feeds.rules.currencies import named_other_currency, other_currency, said_currencies
from app.feeds.rules.fields import TIER_PLACES
from app.feeds.rules.numbers import NotANumber, read_decimal
from app.feeds.rules.records import Problem, Reading
from app.feeds.rules.repeated import of_columns
from app.feeds.rules.tiers import split_steps
from app.kit.money import LARGEST_MINOR, Money

#: Fields that all prices of a row are understood by.
_OF_ALL = ("currency", "price_quantity")
_PRICES = ("cost", "price", "msrp", "map", *_OF_ALL)
#: Units that a price is for: ``100``, ``per 100``, ``100 pcs``; what is measured otherwise is one unit of sale.
_PRICE_QUANTITY = re.compile(
    r"(?:per|je|pro|für|par|por|za|a|à)?\s*(\d[\d.,'’\s]*?)\s*"
    r"(?:er|pcs?|pieces?|units?|szt|stk|stück|st|ks|uds?|ea|pce|db|buc|kpl|шт)?\.?",
    re.IGNORECASE,
)
#: Numbers of units that people write as words.
_NUMERALS = {
    "%": 100, "hundert": 100, "hundred": 100, "cento": 100, "ciento": 100, "‰": 1000, "tausend": 1000, "thousand": 1000,
    "mille": 1000, "mil": 1000, "dutzend": 12, "dozen": 12, "douzaine": 12, "docena": 12, "dozzina": 12, "tuzin": 12,
}  # fmt: skip


class PriceReader:
    """Reads the prices of rows; the same cells are understood once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        tiers = [name for name in reading.fields if name == "price_tiers" or name.startswith("tier")]
        #: Whether the file has columns of steps of the wholesale price.
        self.tells_tiers = bool(tiers)
        self._tells_quantity = "price_quantity" in reading.fields
        self._told = of_columns(reading.fields, (*_PRICES, *tiers))
        self._known: dict[object, tuple[dict[str, Any], list[Problem]]] = {}

    def read(self, cells: Sequence[str], cell: Cell, problems: list[Problem]) -> dict[str, Any]:
        """The prices of a row, as a record has them. Nobody may change the answer."""
        key = self._told(cells)
        known = self._known.get(key)
        if known is None:
            known = self._understood(cell)
            if len(self._known) < REMEMBERED:
                self._known[key] = known
        prices, wrong = known
        problems += wrong
        return prices

    def read_all(self, rows: Sequence[Sequence[str]], odd: set[int]) -> list[dict[str, Any]]:
        """The same of many rows; the places of those with problems are put to the ``odd`` ones."""
        known, told = self._known, self._told
        found = []
        for place, cells in enumerate(rows):
            answer = known.get(told(cells))
            if answer is None:
                problems: list[Problem] = []
                answer = self.read(cells, cells_of(self._reading.fields, cells), problems), problems
            found.append(answer[0])
            if answer[1]:
                odd.add(place)
        return found

    def _understood(self, cell: Cell) -> tuple[dict[str, Any], list[Problem]]:
        problems: list[Problem] = []
        given = cell("cost")
        # Costs that nobody has entered are often exported as zero.
        unset = bool(cell("price")) and (given.startswith("-") or not given.strip("0.,"))
        cost = None if unset else self.money("cost", cell, problems)
        if cost is None and not any(problem.field in ("cost", *_OF_ALL) for problem in problems):
            cost = self.money("price", cell, problems)
            if cost is not None:
                problems.append(
                    Problem("cost", "price_used_as_cost", "No wholesale price: the retail price is used.", warning=True)
                )
        if cost is None and not any(
            problem.field in ("cost", "price", *_OF_ALL) and not problem.warning for problem in problems
        ):
            problems.append(Problem("cost", "missing", "The row has no wholesale price."))
        found: dict[str, Any] = {
            "cost": cost,
            "msrp": self._of_shoppers("msrp", cell, cost, problems),
            "map": self._of_shoppers("map", cell, cost, problems),
        }
        if self.tells_tiers:
            found["tiers"] = self.tiers(cell, cost, problems)
        return found, problems

    def _of_shoppers(self, name: str, cell: Cell, cost: int | None, problems: list[Problem]) -> int | None:
        """A price for shoppers. Where the wholesale price is for several units, this one may be for one all the same:
        then it would be below cost if it were divided."""
        found = self._amount(name, cell(name), cell, problems, needed=False, per=1)
        units = self._price_quantity(cell)
        if found is None or not units:
            return found
        each = int((Decimal(found) / units).quantize(Decimal(1), ROUND_HALF_UP))
        return found if each < (cost or 1) else each

    def _price_quantity(self, cell: Cell) -> int:
        """From how many units the row's prices are; 0 where it names a number of them that can't be, or that nobody can
        read."""
        if not self._tells_quantity:
            return 1
        text = cell("price_quantity").strip()
        found = _PRICE_QUANTITY.fullmatch(text)
        if found is None:
            return 0 if any(char.isdigit() for char in text) else _NUMERALS.get(text.lower(), 1)
        # Units that nobody has entered are often exported as zero.
        if not found[1].strip("0.,"):
            return 1
        marks = self._reading.marks
        try:
            return units_of(found[1], marks.get("cost") or marks.get("price"))
        except (NotANumber, ArithmeticError):
            return 0

    def tiers(self, cell: Cell, cost: int | None, problems: list[Problem]) -> list[dict[str, int]]:
        """The steps of the wholesale price, in order; a step that can't be is left out with a warning."""
        told = [("price_tiers", quantity, price) for quantity, price in split_steps(cell("price_tiers"))]
        for place in TIER_PLACES:
            name = f"tier{place}_price"
            quantity = self._reading.tier_quantities.get(place)
            told.append((name, cell(f"tier{place}_quantity") if quantity is None else str(quantity), cell(name)))
        steps: dict[int, int] = {}
        for name, units, text in told:
            price = self._amount(name, text, cell, problems, needed=False)
            if price is None:
                continue
            try:
                quantity = units_of(units)
            except (NotANumber, ArithmeticError):
                message = f"The price {text[:40]!r} does not say from how many units on. It is left out."
                problems.append(Problem(name, "no_quantity", message, warning=True))
                continue
            if quantity > 1:
                steps[quantity] = min(price, steps.get(quantity, price))
        kept: list[dict[str, int]] = []
        lowest = cost
        for quantity, price in sorted(steps.items()):
            if (lowest is not None and price > lowest) or len(kept) == MOST_STEPS:
                message = f"From {quantity} units on one would cost more than before. The step is left out."
                if len(kept) == MOST_STEPS:
                    message = f"At most {MOST_STEPS} steps are kept: that from {quantity} units on is left out."
                problems.append(Problem("price_tiers", "step_left_out", message, warning=True))
                continue
            lowest = price
            kept.append({"min_quantity": quantity, "price": price})
        return kept

    def money(self, name: str, cell: Cell, problems: list[Problem], *, needed: bool = True) -> int | None:
        """Minor units; None where nothing (or, for prices besides the cost, nothing usable) stands."""
        return self._amount(name, cell(name), cell, problems, needed=needed)

    def _amount(
        self, name: str, text: str, cell: Cell, problems: list[Problem], *, needed: bool, per: int | None = None
    ) -> int | None:
        """The same of a ``text`` in the field's column. ``per``: from how many units it is, whatever the row says."""
        if text.lower() in NOTHING:
            return None
        message = f"{text[:40]!r} is not a price above zero."
        units = per or self._price_quantity(cell)
        wrong = self._other_currency(name, text, cell) or (None if units else self._wrong_quantity(cell))
        if wrong is not None:
            if wrong not in problems:
                problems.append(wrong)
            return None
        try:
            amount = read_decimal(text, self._reading.marks.get(name))
            if self._tells_quantity:
                amount /= units
            money = Money.of_decimal(amount, self._reading.currency)
            minor = money.minor
        except (NotANumber, ArithmeticError, ValueError):
            minor = 0
        if 0 < minor <= LARGEST_MINOR:
            if self._tells_quantity and money.decimal != amount and name in ("cost", "price"):
                rounded = f"{text[:40]!r} is {amount:f} for one: {money.decimal:f} is used."
                problems.append(Problem(name, "price_rounded", rounded, warning=True))
            return minor
        # Empty prices are often written as zero.
        if not needed:
            if text.strip("0.,") != "":
                problems.append(Problem(name, "not_a_price", message, warning=True))
            return None
        problems.append(Problem(name, "not_a_price", message))
        return None

    @staticmethod
    def _wrong_quantity(cell: Cell) -> Problem:
        shown = f"{cell('price_quantity')[:40]!r}"
        message = f"The prices are for {shown}: give a whole number of units from 1 to {LARGEST_STEP:,}."
        return Problem("price_quantity", "not_a_quantity", message)

    def _other_currency(self, name: str, text: str, cell: Cell) -> Problem | None:
        """What is wrong with a price that is in another currency than the supplier's."""
        ours = self._reading.currency
        advice = f"Your prices are in {ours}: send them in {ours}."
        said = other_currency(text, ours)
        if said:
            return Problem(name, "other_currency", f"{text[:40]!r} is in {said}. {advice}")
        written = cell("currency")
        said = "" if written.lower() in NOTHING else named_other_currency(written, ours)
        if said:
            return Problem("currency", "other_currency", f"The prices of the row are in {said}. {advice}")
        column = self._reading.other_currencies.get(name)
        # The price itself, or the row, knows better than the column's name.
        if column is not None and not written and not said_currencies(text):
            return Problem(name, "other_currency", f"The column {column[:40]!r} is in another currency. {advice}")
        return None
