"""What each row of a file means: a variant, more pictures of the row before, nothing, or something that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slugify import slugify

from app.catalog.rules import (
    SKU_MAX,
    TITLE_MAX,
    DescriptionRefused,
    clean_html,
    gtin_problem,
    image_url_problem,
    plain_text,
)
from app.catalog.tiers.rules import LARGEST_STEP, MOST_STEPS
from app.feeds.feed import Row
from app.feeds.rules.choices import word_key
from app.feeds.rules.currencies import other_currency, said_currencies
from app.feeds.rules.fields import OPTION_COLUMNS, TIER_PLACES, normal
from app.feeds.rules.numbers import NotANumber, read_decimal, read_grams
from app.feeds.rules.repeated import repeated
from app.feeds.rules.stock_words import NotAQuantity, read_stock
from app.feeds.rules.tiers import split_steps
from app.inventory.rules import LARGEST_QUANTITY, STOCK_CHOICES
from app.kit.csv_lines import read_cell
from app.kit.money import LARGEST_MINOR, Money

MOST_IMAGES = 50
MOST_TAGS = 50
_LONGEST_TEXT = 255
_HASH_BITS = 64
_HASH = (1 << _HASH_BITS) - 1
#: In place of what a row said: it was passed over.
_PASSED_OVER = 0
_HANDLE_MAX = 120
#: Different cells of which a file's reader remembers what they mean.
_REMEMBERED = 10_000
#: Fields of a row that its product has, besides the title.
_TEXTS = ("description", "brand", "category", "tags", "status", "image_urls", "image_alt")
_PRICES = ("cost", "price", "msrp", "map", "currency")
_OPTIONS = tuple(f"option{place}_{what}" for place in (1, 2, 3) for what in ("name", "value"))
_SEVERAL = re.compile(r"\s*[|]\s*|\s*,\s*(?=https?://)|\s*;\s*(?=https?://)|\s+(?=https?://)")
_IS_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_IN_GTIN = re.compile(r"[\s'-]")
#: Spreadsheets write whole numbers as ``5.0``, too.
_WHOLE = re.compile(r"(\d{1,9})(?:[.,]0+)?", re.ASCII)
#: Shops that sell beyond their stock export it so.
_BELOW_ZERO = re.compile(r"-\s*\d{1,9}(?:[.,]0+)?")
_NOTHING = frozenset({"", "-", "n/a", "na", "null", "none", "nan"})
#: What a row says of its product, but for its title, which is known anyway.
_OF_PRODUCT = ("description", "brand", "category", "tags", "images")
_NOT_PHYSICAL = {
    "grouped": "A grouped product is a set of other products; it can't be ordered by itself.",
    "external": "An external product is sold elsewhere.",
    "downloadable": "Only goods that are sent can be listed.",
    "virtual": "Only goods that are sent can be listed.",
}
_DRAFTS = frozenset({"draft", "0", "-1", "false", "inactive", "unlisted"})
_ENDED = frozenset({"archived", "ended", "discontinued"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row. An error rejects it, a warning does not."""

    field: str
    code: str
    message: str
    warning: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {"field": self.field, "code": self.code, "message": self.message, "warning": self.warning}


@dataclass(slots=True)
class ReadRow:
    """A row as it was understood. ``action``: ``accepted``, ``merged`` or ``rejected``. ``record`` holds what is to
    be stored: texts, options, integers of minor units and grams, ``stock`` only where the file tells it."""

    row: int
    handle: str
    sku: str
    action: str
    record: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    #: Of its product as the file has it (``app.feeds.rules.marks``); empty: none.
    mark: str = ""


class TakenForKnown(Exception):
    """A row does not fit to rows above it that were passed over."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row} belongs to rows that were passed over")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read: its shape, field → column index, what its columns' numbers look like, the weight
    unit that its columns give, the supplier's currency, and the names of option columns."""

    shape: str
    fields: Mapping[str, int]
    marks: Mapping[str, str | None]
    weight_unit: str | None
    currency: str
    option_names: Mapping[int, str]
    #: Only SKU, stock and wholesale price are read.
    figures_only: bool = False
    #: Field of a price → what its column is called, where the name says another currency than the supplier's.
    other_currencies: Mapping[str, str] = field(default_factory=dict)
    #: Words for stock, as ``app.feeds.rules.choices.word_key`` has them, and the units that they stand for.
    stock_words: Mapping[str, int] = field(default_factory=dict)
    #: Step of the wholesale price → from how many units on it holds, where its column's name says so.
    tier_quantities: Mapping[int, int] = field(default_factory=dict)


class _Cells(dict[str, str]):
    """Field → what a row's cell says; nothing for fields that the file has no column for."""

    def __missing__(self, _field: str) -> str:
        return ""


#: What was made of some cells, and what is wrong with them.
_Understood = tuple[dict[str, Any], list[Problem]]


class RowReader:
    """Reads rows in the order of the file; what a product's first row says holds for its other rows."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._places = list(reading.fields.values())
        #: Fields that a row of nothing but pictures leaves empty, those first that a variant's row always has.
        self._beside_pictures = sorted(
            set(reading.fields) - {"product_id", "image_urls", "image_alt", "weight_unit", "status", "stock"},
            key=lambda name: name not in ("sku", "cost", "price"),
        )
        tiers = [name for name in reading.fields if name == "price_tiers" or name.startswith("tier")]
        self._tells_tiers = bool(tiers)
        self._prices_told = (*_PRICES, *tiers)
        #: Handle → title, for rows that leave it out.
        self._titles: dict[str, str] = {}
        self._option_names: dict[str, tuple[str, ...]] = {}
        #: SKU → row and what it said, to tell repetitions from contradictions; both in one number, for there may be
        #: hundreds of thousands.
        self._skus: dict[str, int] = {}
        self._parents: dict[str, str] = {}
        #: Handle → what its first row said, where that was rejected and no other was accepted yet.
        self._of_rejected: dict[str, dict[str, Any]] = {}
        self._last_handle = ""
        #: Texts of stock → what they mean; a list has few of them.
        self._stocks: dict[str, tuple[int | None, Problem | None]] = {}
        #: Cells → what they mean: of the texts of the row above, which a product's variants repeat, and of prices,
        #: weights and options of all rows. Nobody may change an answer.
        self._texts_above: tuple[tuple[object, ...], _Understood] = ((), ({}, []))
        self._priced: dict[tuple[str, ...], _Understood] = {}
        self._weighed: dict[tuple[str, ...], _Understood] = {}
        self._optioned: dict[tuple[object, ...], tuple[tuple[str, ...], dict[str, str]]] = {}

    def knows(self, handle: str) -> bool:
        """Whether a row of the product was understood already."""
        return handle in self._titles

    def handle_of(self, cells: Sequence[str], before: str) -> str:
        """The handle of a row's product; ``before`` is that of the row above."""
        return self._handle(self._cells(cells).__getitem__, before or self._last_handle)

    def sku_of(self, cell: str) -> str:
        """The SKU that a cell gives."""
        return cell.strip().lstrip("'")[:SKU_MAX]

    def stock_of(self, cell: str) -> tuple[int | None, Problem | None]:
        """The units in a cell of stock, and what is wrong with it; None and nothing wrong where it says nothing."""
        return self._stock(read_cell(cell.strip()))

    def pass_over(self, handle: str, skus: Iterable[tuple[int, str]]) -> None:
        """Rows (number and SKU) of a product are known and not read. Raises ``TakenForKnown``."""
        self._last_handle = handle
        for row, sku in skus:
            if self._skus.setdefault(sku, row << _HASH_BITS | _PASSED_OVER) >> _HASH_BITS != row:
                raise TakenForKnown(row)

    def read(self, row: Row) -> ReadRow | None:
        """Understand one row; None for one that says nothing."""
        cells = self._cells(row.cells)
        if not any(cells.values()):
            return None
        cell = cells.__getitem__
        if self._reading.figures_only:
            return self._figures(row.number, cell)
        if self._reading.shape == "woocommerce":
            return self._read_woocommerce(row.number, cell)
        handle = self._handle(cell, self._last_handle)
        if self._is_pictures_only(cell, handle):
            return ReadRow(row.number, handle, "", "merged", {"images": self._images(cell)[0]})
        return self._variant(row.number, cell, handle, self._titles.get(handle, ""))

    def _cells(self, cells: Sequence[str]) -> _Cells:
        texts = [cells[index].strip() for index in self._places]
        if "'" in "".join(texts):
            texts = list(map(read_cell, texts))
        return _Cells(zip(self._reading.fields, texts, strict=True))

    def _figures(self, number: int, cell: Callable[[str], str]) -> ReadRow | None:
        """A row of a file of stock and prices. Each SKU stands for itself; what the row does not tell stays."""
        problems: list[Problem] = []
        sku = cell("sku").lstrip("'")
        if not sku:
            problems.append(Problem("sku", "missing", "The row has no SKU."))
        elif len(sku) > SKU_MAX:
            problems.append(Problem("sku", "too_long", f"An SKU has at most {SKU_MAX} characters."))
        told = self._quantities(cell, problems) | {"cost": self._money("cost", cell, problems, needed=False)}
        if self._tells_tiers:
            told["tiers"] = self._tiers(cell, told["cost"], problems) or None
        told |= {name: self._choice(name, cell, problems) for name in STOCK_CHOICES}
        names = ("stock", "cost", "tiers", *STOCK_CHOICES)
        record = {name: told[name] for name in names if told.get(name) is not None}
        if not record and all(problem.warning for problem in problems):
            problems.append(Problem("stock", "missing", "The row tells neither stock nor wholesale price."))
        read = ReadRow(number, sku[:SKU_MAX], sku[:SKU_MAX], "accepted", record, problems)
        self._check_repeated(read)
        if any(not problem.warning for problem in read.problems):
            read.action = "rejected"
        return read

    def _read_woocommerce(self, number: int, cell: Callable[[str], str]) -> ReadRow | None:
        kinds = {part.strip().lower() for part in cell("type").split(",")}
        for kind, reason in _NOT_PHYSICAL.items():
            if kind in kinds:
                return ReadRow(
                    number, "", cell("sku"), "rejected", {"title": cell("title")}, [Problem("type", kind, reason)]
                )
        if "variable" in kinds:
            return self._parent(number, cell)
        if "variation" in kinds:
            parent = cell("parent").removeprefix("id:")
            handle = self._parents.get(parent) or self._parents.get(f"sku:{parent}", "")
            if not handle:
                problem = Problem("parent", "unknown_parent", f"There is no row above for the parent {parent!r}.")
                return ReadRow(number, "", cell("sku"), "rejected", {"title": cell("title")}, [problem])
            return self._variant(number, cell, handle, self._titles[handle], of_parent=True)
        handle = _slug(cell("product_id") and f"wc-{cell('product_id')}") or _slug(cell("sku") or cell("title"))
        return self._variant(number, cell, handle, "")

    def _parent(self, number: int, cell: Callable[[str], str]) -> ReadRow:
        """A product that is sold by its variations: it carries their texts and pictures."""
        handle = _slug(f"wc-{cell('product_id')}" if cell("product_id") else cell("sku") or cell("title"))
        for key in (cell("product_id"), f"sku:{cell('sku')}", cell("sku")):
            if key and key != "sku:":
                self._parents[key] = handle
        self._titles[handle] = cell("title")
        problems: list[Problem] = []
        record = self._texts(cell, cell("title"), problems)
        return ReadRow(number, handle, "", "merged", record, problems)

    def _handle(self, cell: Callable[[str], str], before: str) -> str:
        given = cell("product_id")
        if given:
            return _slug(given)
        if before and (self._reading.shape == "shopify" or self._goes_on(cell)):
            return before
        return _slug(cell("sku") or cell("title"))

    def _goes_on(self, cell: Callable[[str], str]) -> bool:
        """Whether a row of a plain list is one more variant of the product above: it has options of its own and no
        title."""
        fields = self._reading.fields
        if "title" not in fields or "product_id" in fields or self._reading.shape != "plain" or cell("title"):
            return False
        return any(cell(f"option{place}_value") for place in (1, 2, 3))

    def _is_pictures_only(self, cell: Callable[[str], str], handle: str) -> bool:
        """A row that continues the product before with nothing but pictures."""
        if handle not in self._titles or not cell("image_urls"):
            return False
        return not any(cell(name) and cell(name) != "0" for name in self._beside_pictures)

    def _variant(
        self, number: int, cell: Callable[[str], str], handle: str, inherited: str, *, of_parent: bool = False
    ) -> ReadRow:
        problems: list[Problem] = []
        title = inherited if of_parent else cell("title") or inherited
        if not title:
            problems.append(
                Problem("title", "missing", "The row has no title, and no row above of the same product has one.")
            )
        if len(title) > TITLE_MAX:
            problems.append(Problem("title", "too_long", f"A title has at most {TITLE_MAX} characters."))
        record = self._texts(cell, title, problems, only_pictures=of_parent)
        options = self._options(cell, handle)
        gtin = self._gtin(cell, problems)
        record = {
            **record,
            "options": options,
            **self._prices(cell, problems),
            **self._quantities(cell, problems),
            "gtin": gtin,
        }
        sku = self._sku(cell, handle, options, gtin, problems)
        self._last_handle = handle
        read = ReadRow(number, handle, sku, "accepted", record, problems)
        self._check_repeated(read)
        if any(not problem.warning for problem in read.problems):
            read.action = "rejected"
            if handle and 0 < len(title) <= TITLE_MAX and handle not in self._titles:
                self._of_rejected[handle] = {name: record[name] for name in _OF_PRODUCT if name in record}
        elif handle and self._of_rejected.get(handle, record) is not record:
            # What the row that was rejected says of the product holds for its others.
            said = self._of_rejected.pop(handle)
            read.record |= {name: value for name, value in said.items() if value and not read.record.get(name)}
        if handle and 0 < len(title) <= TITLE_MAX:
            self._titles.setdefault(handle, title)
        return read

    def _texts(
        self, cell: Callable[[str], str], title: str, problems: list[Problem], *, only_pictures: bool = False
    ) -> dict[str, Any]:
        key = (title, only_pictures, *map(cell, _TEXTS))
        if self._texts_above[0] != key:
            self._texts_above = (key, self._understood_texts(cell, title, only_pictures=only_pictures))
        texts, wrong = self._texts_above[1]
        problems += wrong
        return texts

    def _understood_texts(self, cell: Callable[[str], str], title: str, *, only_pictures: bool) -> _Understood:
        images, problems = self._images(cell)
        if only_pictures:
            return {"title": "", "images": images}, problems
        description = ""
        try:
            description = _clean(cell("description"))
        except DescriptionRefused as error:
            problems.append(Problem("description", "too_large", str(error)))
        texts = {
            "title": plain_text(title) if "<" in title else title,
            "description": description,
            "brand": cell("brand")[:_LONGEST_TEXT],
            "category": _category(cell("category")),
            "tags": list(_tags(cell("tags"))),
            "status": _status(cell("status")),
            "images": images,
        }
        return texts, problems

    def _images(self, cell: Callable[[str], str]) -> tuple[list[list[str]], list[Problem]]:
        good, wrong = _addresses(cell("image_urls"))
        alt = cell("image_alt")[:512] if good else ""
        problems = [Problem("image_urls", "bad_address", reason, warning=True) for reason in wrong]
        return [[url, alt] for url in good[:MOST_IMAGES]], problems

    def _options(self, cell: Callable[[str], str], handle: str) -> dict[str, str]:
        names = self._option_names.get(handle, ("", "", ""))
        key = (names, *map(cell, _OPTIONS))
        known = self._optioned.get(key)
        if known is None:
            known = self._understood_options(cell, list(names))
            if len(self._optioned) < _REMEMBERED:
                self._optioned[key] = known
        self._option_names[handle], options = known
        return options

    def _understood_options(
        self, cell: Callable[[str], str], names: list[str]
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """The names of a product's options from now on, and a row's options."""
        options: dict[str, str] = {}
        for place in range(3):
            index = self._reading.fields.get(f"option{place + 1}_value")
            named = cell(f"option{place + 1}_name")
            if named:
                names[place] = OPTION_COLUMNS.get(normal(named), named)
            elif not names[place] and index is not None and index in self._reading.option_names:
                names[place] = self._reading.option_names[index]
            value = cell(f"option{place + 1}_value")
            if value and (names[place], value) != ("Title", "Default Title"):
                options[(names[place] or f"Option {place + 1}")[:_LONGEST_TEXT]] = value[:_LONGEST_TEXT]
        return tuple(names), options

    def _prices(self, cell: Callable[[str], str], problems: list[Problem]) -> dict[str, Any]:
        key = tuple(map(cell, self._prices_told))
        known = self._priced.get(key)
        if known is None:
            known = self._understood_prices(cell)
            if len(self._priced) < _REMEMBERED:
                self._priced[key] = known
        prices, wrong = known
        problems += wrong
        return prices

    def _understood_prices(self, cell: Callable[[str], str]) -> _Understood:
        problems: list[Problem] = []
        given = cell("cost")
        # Costs that nobody has entered are often exported as zero.
        unset = bool(cell("price")) and (given.startswith("-") or not given.strip("0.,"))
        cost = None if unset else self._money("cost", cell, problems)
        if cost is None and not any(problem.field in ("cost", "currency") for problem in problems):
            cost = self._money("price", cell, problems)
            if cost is not None:
                problems.append(
                    Problem("cost", "price_used_as_cost", "No wholesale price: the retail price is used.", warning=True)
                )
        if cost is None and not any(
            problem.field in ("cost", "price", "currency") and not problem.warning for problem in problems
        ):
            problems.append(Problem("cost", "missing", "The row has no wholesale price."))
        found: dict[str, Any] = {
            "cost": cost,
            "msrp": self._money("msrp", cell, problems, needed=False),
            "map": self._money("map", cell, problems, needed=False),
        }
        if self._tells_tiers:
            found["tiers"] = self._tiers(cell, cost, problems)
        return found, problems

    def _tiers(self, cell: Callable[[str], str], cost: int | None, problems: list[Problem]) -> list[dict[str, int]]:
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
                quantity = _units(units)
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

    def _money(
        self, name: str, cell: Callable[[str], str], problems: list[Problem], *, needed: bool = True
    ) -> int | None:
        """Minor units; None where nothing (or, for prices besides the cost, nothing usable) stands."""
        return self._amount(name, cell(name), cell, problems, needed=needed)

    def _amount(
        self, name: str, text: str, cell: Callable[[str], str], problems: list[Problem], *, needed: bool
    ) -> int | None:
        """The same of a ``text`` in the field's column."""
        if text.lower() in _NOTHING:
            return None
        message = f"{text[:40]!r} is not a price above zero."
        wrong = self._other_currency(name, text, cell)
        if wrong is not None:
            if wrong not in problems:
                problems.append(wrong)
            return None
        try:
            amount = read_decimal(text, self._reading.marks.get(name))
            minor = Money.of_decimal(amount, self._reading.currency).minor
        except (NotANumber, ArithmeticError, ValueError):
            minor = 0
        if 0 < minor <= LARGEST_MINOR:
            return minor
        # Empty prices are often written as zero.
        if not needed:
            if text.strip("0.,") != "":
                problems.append(Problem(name, "not_a_price", message, warning=True))
            return None
        problems.append(Problem(name, "not_a_price", message))
        return None

    def _other_currency(self, name: str, text: str, cell: Callable[[str], str]) -> Problem | None:
        """What is wrong with a price that is in another currency than the supplier's."""
        ours = self._reading.currency
        advice = f"Your prices are in {ours}: send them in {ours}."
        said = other_currency(text, ours)
        if said:
            return Problem(name, "other_currency", f"{text[:40]!r} is in {said}. {advice}")
        written = cell("currency")
        said = other_currency(written, ours)
        if said:
            return Problem("currency", "other_currency", f"The prices of the row are in {said}. {advice}")
        column = self._reading.other_currencies.get(name)
        # The price itself, or the row, knows better than the column's name.
        if column is not None and not written and not said_currencies(text):
            return Problem(name, "other_currency", f"The column {column[:40]!r} is in another currency. {advice}")
        return None

    def _quantities(self, cell: Callable[[str], str], problems: list[Problem]) -> dict[str, Any]:
        stock, wrong = self._stock(cell("stock"))
        if wrong is not None:
            problems.append(wrong)
        key = (cell("weight"), cell("weight_unit"))
        known = self._weighed.get(key)
        if known is None:
            known = self._understood_weight(*key)
            if len(self._weighed) < _REMEMBERED:
                self._weighed[key] = known
        weighed, heavy = known
        problems += heavy
        return weighed if stock is None else {**weighed, "stock": stock}

    def _understood_weight(self, weight: str, unit: str) -> _Understood:
        if weight.lower() in _NOTHING:
            return {"weight_grams": None}, []
        used = "g" if self._reading.weight_unit == "g" else unit or self._reading.weight_unit
        try:
            return {"weight_grams": read_grams(weight, used, self._reading.marks.get("weight")) or None}, []
        except (NotANumber, ArithmeticError):
            wrong = Problem("weight", "not_a_weight", f"{weight[:40]!r} is not a weight.", warning=True)
            return {"weight_grams": None}, [wrong]

    def _choice(self, name: str, cell: Callable[[str], str], problems: list[Problem]) -> int | None:
        text = cell(name)
        if text.lower() in _NOTHING:
            return None
        found = _WHOLE.fullmatch(text)
        if found is None or int(found[1]) > LARGEST_QUANTITY:
            problems.append(Problem(name, "not_a_quantity", f"{text[:40]!r} is not a whole number from 0 on."))
            return None
        return int(found[1])

    def _stock(self, text: str) -> tuple[int | None, Problem | None]:
        known = self._stocks.get(text)
        if known is None:
            known = self._understood_stock(text)
            if len(self._stocks) < _REMEMBERED:
                self._stocks[text] = known
        return known

    def _understood_stock(self, text: str) -> tuple[int | None, Problem | None]:
        if text.lower() in _NOTHING:
            return None, None
        shown = f"{text[:40]!r}"
        try:
            chosen = self._reading.stock_words.get(word_key(text))
            units = read_stock(text, self._reading.marks.get("stock")) if chosen is None else chosen
        except (NotAQuantity, NotANumber, ArithmeticError):
            if _BELOW_ZERO.fullmatch(text):
                oversold = f"{shown}: more was sold than there was; it is taken for 0."
                return 0, Problem("stock", "below_zero", oversold, warning=True)
            return None, Problem("stock", "not_a_quantity", f"{shown} is not a whole number of units from 0 on.")
        if units is not None:
            return units, None
        unknown = f"{shown} is no number and no word that we know: the stock is left as it is."
        return None, Problem("stock", "unknown_stock", unknown, warning=True)

    def _gtin(self, cell: Callable[[str], str], problems: list[Problem]) -> str | None:
        gtin = cell("gtin")
        if not gtin.isdigit():
            gtin = _IN_GTIN.sub("", gtin)
        if not gtin or not gtin.strip("0"):
            return None
        reason = gtin_problem(gtin)
        if reason is not None:
            problems.append(Problem("gtin", "bad_gtin", f"{reason} It is left out.", warning=True))
            return None
        return gtin

    def _sku(
        self,
        cell: Callable[[str], str],
        handle: str,
        options: Mapping[str, str],
        gtin: str | None,
        problems: list[Problem],
    ) -> str:
        sku = cell("sku").lstrip("'")
        if sku:
            if len(sku) > SKU_MAX:
                problems.append(Problem("sku", "too_long", f"An SKU has at most {SKU_MAX} characters."))
            return sku[:SKU_MAX]
        if not handle:
            problems.append(Problem("sku", "missing", "The row has no SKU, no product id and no title."))
            return ""
        if gtin and "product_id" not in self._reading.fields:
            problems.append(Problem("sku", "made_up", "No SKU: the GTIN is used.", warning=True))
            return gtin
        problems.append(
            Problem("sku", "made_up", "No SKU: one is made from the product and its options.", warning=True)
        )
        return "-".join([handle, *(_slug(value) for value in options.values())])[:SKU_MAX]

    def _check_repeated(self, read: ReadRow) -> None:
        if not read.sku:
            return
        options = tuple(sorted(read.record.get("options", {}).items()))
        steps = tuple((one["min_quantity"], one["price"]) for one in read.record.get("tiers") or ())
        said = hash((read.handle, options, read.record.get("cost"), read.record.get("stock"), steps)) & _HASH or 1
        first, first_said = divmod(self._skus.setdefault(read.sku, read.row << _HASH_BITS | said), _HASH + 1)
        if first == read.row:
            return
        if first_said == _PASSED_OVER:
            raise TakenForKnown(read.row)
        if first_said == said:
            read.action = "merged"
            read.problems.append(Problem("sku", "repeated", f"The same as row {first}.", warning=True))
        else:
            read.problems.append(
                Problem("sku", "duplicate_sku", f"Row {first} has the same SKU and says something else.")
            )


#: Variants of a product repeat its description, and stand together.
_clean = repeated(64, longest=20_000)(clean_html)


@repeated(1024, longest=2000)
def _addresses(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses of pictures in a cell, each once, and what is wrong with the others."""
    found: dict[str, None] = {}
    problems = []
    for url in _SEVERAL.split(text):
        if not url:
            continue
        reason = image_url_problem(url)
        if reason is None:
            found.setdefault(url)
        else:
            problems.append(reason)
    return tuple(found), tuple(problems)


@repeated()
def _units(text: str) -> int:
    """A whole number of units. Raises ``NotANumber``."""
    amount = read_decimal(text)
    if amount != amount.to_integral_value() or not 0 < amount <= LARGEST_STEP:
        raise NotANumber(text)
    return int(amount)


@repeated()
def _tags(text: str) -> tuple[str, ...]:
    tags = (tag.strip()[:_LONGEST_TEXT] for tag in re.split(r"[,;|]", text) if tag.strip())
    return tuple(dict.fromkeys(tags))[:MOST_TAGS]


@repeated()
def _slug(text: str) -> str:
    if len(text) <= _HANDLE_MAX and _IS_SLUG.fullmatch(text):
        return text
    return str(slugify(text, max_length=_HANDLE_MAX))


@repeated()
def _category(text: str) -> str:
    """The first path of several; levels are divided by ``>``."""
    first = re.split(r",\s*(?=[^,]*$)|,", text, maxsplit=1)[0] if ">" in text else text
    levels = [level.strip()[:_LONGEST_TEXT] for level in re.split(r"\s*(?:>|/|\|)\s*", first) if level.strip()]
    return " > ".join(levels[:6])


@repeated()
def _status(text: str) -> str:
    word = text.strip().lower()
    if word in _DRAFTS:
        return "draft"
    return "ended" if word in _ENDED else "active"
