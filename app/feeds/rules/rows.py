"""What each row of a file means: a variant, more pictures of the row before, nothing, or something that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, KeysView, Mapping, Sequence
from itertools import repeat
from typing import Any

from app.catalog.rules import SKU_MAX, TITLE_MAX
from app.feeds.feed import Row
from app.feeds.rules.cells import (
    LONGEST_TEXT,
    REMEMBERED,
    Cell,
    cells_of,
    said_in,
    slug_of,
)
from app.feeds.rules.families import PROGRAMS
from app.feeds.rules.fields import OPTION_COLUMNS, normal
from app.feeds.rules.gtins import read_gtin
from app.feeds.rules.kinds import kinds_of, only_groups, why_refused
from app.feeds.rules.magento import SAME_AGAIN, SOLD_BY_VARIANTS
from app.feeds.rules.prices import PriceReader
from app.feeds.rules.product_keys import made_sku
from app.feeds.rules.quantities import QuantityReader
from app.feeds.rules.records import Problem, Reading, ReadRow, TakenForKnown
from app.feeds.rules.repeated import of_columns
from app.feeds.rules.shortened import is_shortened, problem_of
from app.feeds.rules.texts import TextReader
from app.inventory.rules import STOCK_CHOICES
from app.kit.csv_lines import read_cell

HASH_BITS = 64
_HASH = (1 << HASH_BITS) - 1
#: In place of what a row said: it was passed over.
_PASSED_OVER = 0
#: Shapes of files whose rows are of several kinds.
OF_KINDS = ("woocommerce", "magento", *PROGRAMS)
_OPTIONS = tuple(f"option{place}_{what}" for place in (1, 2, 3) for what in ("name", "value"))
#: What a row says of its product, but for its title, which is known anyway.
_OF_PRODUCT = ("description", "brand", "category", "tags", "images")
#: The names of a product's options from a row on, the row's own options, and these as they are compared.
Optioned = tuple[tuple[str, ...], dict[str, str], tuple[tuple[str, str], ...]]


#: Of options that nothing was said of yet.
NO_NAMES: tuple[str, ...] = ("", "", "")


def hash_of(handle: str, options: tuple[tuple[str, str], ...], prices: Mapping[str, Any], stock: int | None) -> int:
    """What a row says, in short, to tell repetitions from contradictions."""
    tiers = prices.get("tiers")
    steps = tuple((one["min_quantity"], one["price"]) for one in tiers) if tiers else ()
    return hash((handle, options, prices.get("cost"), stock, steps)) & _HASH or 1


class RowReader:
    """Reads rows in the order of the file; what a product's first row says holds for its other rows."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.prices, self.quantities = PriceReader(reading), QuantityReader(reading)
        self.texts = TextReader(reading)
        self.told_options = of_columns(reading.fields, _OPTIONS)
        #: Fields that a row of nothing but pictures leaves empty, those first that a variant's row always has.
        self._beside_pictures = sorted(
            set(reading.fields) - {"product_id", "image_urls", "image_alt", "weight_unit", "status", "stock"},
            key=lambda name: name not in ("sku", "cost", "price"),
        )
        #: Handle → title, for rows that leave it out.
        self._titles: dict[str, str] = {}
        #: Where the cells stand that differ from row to row; at the end of the cells there is nothing.
        self._sku_at, self._title_at = reading.fields.get("sku"), reading.fields.get("title")
        self._gtin_at, self._product_at = reading.fields.get("gtin"), reading.fields.get("product_id")
        self._is_usual = not reading.figures_only and reading.shape not in OF_KINDS
        #: The last product id as it stands in its cell, and the handle that it gives.
        self._given = ("", "")
        self._option_names: dict[str, tuple[str, ...]] = {}
        #: SKU → row and what it said, to tell repetitions from contradictions; both in one number, for there may be
        #: hundreds of thousands.
        self._skus: dict[str, int] = {}
        self._parents: dict[str, str] = {}
        #: Handle → what its first row said, where that was rejected and no other was accepted yet.
        self._of_rejected: dict[str, dict[str, Any]] = {}
        self._last_handle = ""
        #: Cells of options → what they mean. Nobody may change an answer.
        self._optioned: dict[tuple[object, ...], Optioned] = {}

    def knows(self, handle: str) -> bool:
        """Whether a row of the product was understood already."""
        return handle in self._titles

    def handle_of(self, cells: Sequence[str], before: str) -> str:
        """The handle of a row's product; ``before`` is that of the row above."""
        return self._handle(cells_of(self._reading.fields, cells), before)

    def sku_of(self, cell: str) -> str:
        """The SKU that a cell gives."""
        return cell.strip().lstrip("'")[:SKU_MAX]

    def stock_of(self, cell: str) -> tuple[int | None, Problem | None]:
        """The units in a cell of stock, and what is wrong with it; None and nothing wrong where it says nothing."""
        return self.quantities.known.get(cell) or self.quantities.stock(read_cell(cell.strip()))

    def pass_over(self, handle: str, skus: Iterable[tuple[int, str]]) -> None:
        """Rows (number and SKU) of a product are known and not read; empty SKUs are none. Raises
        ``TakenForKnown``."""
        self._last_handle = handle
        seen = self._skus
        for row, sku in skus:
            if sku and seen.setdefault(sku, said := row << HASH_BITS | _PASSED_OVER) is not said:
                raise TakenForKnown(row)

    def pass_all_over(self, handle: str, skus: Sequence[str]) -> bool:
        """The same of rows of several products, the last of which has this handle. False where an SKU stood before."""
        self._last_handle = handle
        seen = self._skus
        before = len(seen)
        seen.update(zip(skus, repeat(_PASSED_OVER)))
        return len(seen) == before + len(skus)

    def read(self, row: Row) -> ReadRow | None:
        """Understand one row; None for one that says nothing."""
        cells = row.cells
        if row.wrong:
            return self._distrusted(row)
        cell = cells_of(self._reading.fields, cells)
        sku = "" if self._sku_at is None else said_in(cells[self._sku_at])
        if not sku and not any(map(cell, self._reading.fields)):
            return None
        if not self._is_usual:
            return self._figures(row, cell) if self._reading.figures_only else self._read_of_kind(row, cell)
        given = "" if self._product_at is None else cells[self._product_at]
        if given and given == self._given[0]:
            handle = self._given[1]
        else:
            handle = self._handle(cell, self._last_handle)
            if said_in(given):
                self._given = (given, handle)
        if not sku.strip("0") and self._is_pictures_only(cell, handle):
            return ReadRow(row.number, handle, "", "merged", {"images": self.texts.images(cell)[0]})
        return self._variant(row, cell, handle, self._titles.get(handle, ""))

    def _distrusted(self, row: Row) -> ReadRow:
        """A row whose cells may stand in the wrong columns. Only its SKU is kept: it is not gone from the file."""
        cell = cells_of(self._reading.fields, row.cells)
        wrong = Problem("row", "surplus_cells", row.wrong)
        return ReadRow(row.number, "", self.sku_of(cell("sku")), "rejected", {"title": cell("title")}, [wrong])

    @property
    def usual_columns(self) -> tuple[int, int, int | None, int | None] | None:
        """Where SKU, title, GTIN and product id stand in files whose products can be understood as such; None for
        others."""
        if not self._is_usual or self._sku_at is None or self._title_at is None:
            return None
        if self._product_at is None and self._reading.shape == "shopify":
            return None
        return self._sku_at, self._title_at, self._gtin_at, self._product_at

    def key_of(self, sku: str) -> str:
        """The handle of a product that is told by an SKU alone."""
        return self._reading.keys.of(sku)

    @property
    def named(self) -> tuple[set[str], KeysView[str]]:
        """The handles and the SKUs that were understood so far."""
        return {*self._titles, *self._option_names, *self._parents, *self._of_rejected}, self._skus.keys()

    def has_seen(self, handle: str, skus: Sequence[str]) -> bool:
        """Whether something was said before of a product or of one of some SKUs."""
        return handle in self._titles or handle in self._of_rejected or not self._skus.keys().isdisjoint(skus)

    def optioned(self, names: tuple[str, ...], told: object, cells: Sequence[str]) -> Optioned:
        """What a row says of options; ``told`` is ``told_options`` of its cells, and ``names`` those of its product's
        options so far. Nobody may change the answer."""
        return self._optioned.get((names, told)) or self._optioned_as(
            names, told, cells_of(self._reading.fields, cells)
        )

    def note(
        self, handle: str, title: str, names: tuple[str, ...], given: str, skus: Iterable[tuple[str, int]]
    ) -> None:
        """All rows of a product were understood; ``skus`` with what is kept of them."""
        self._skus.update(skus)
        self._option_names[handle], self._titles[handle], self._last_handle = names, title, handle
        if given:
            self._given = (given, handle)

    def _figures(self, row: Row, cell: Cell) -> ReadRow | None:
        """A row of a file of stock and prices. Each SKU stands for itself; what the row does not tell stays."""
        if self._reading.shape in OF_KINDS and only_groups(kinds_of(cell("type"))):
            # What it stands for is told by its variants' rows.
            return ReadRow(row.number, "", "", "merged", {"images": []})
        problems: list[Problem] = []
        sku = cell("sku").lstrip("'")
        if not sku:
            problems.append(Problem("sku", "missing", "The row has no SKU."))
        elif len(sku) > SKU_MAX:
            problems.append(Problem("sku", "too_long", f"An SKU has at most {SKU_MAX} characters."))
        if self._refuse_shortened(cell, problems):
            sku = ""
        told = self.quantities.read(row.cells, cell, problems)
        told = {**told, "cost": self.prices.money("cost", cell, problems, needed=False)}
        if self.prices.tells_tiers:
            told["tiers"] = self.prices.tiers(cell, told["cost"], problems) or None
        told |= {name: self.quantities.choice(name, cell, problems) for name in STOCK_CHOICES}
        names = ("stock", "cost", "tiers", *STOCK_CHOICES)
        record = {name: told[name] for name in names if told.get(name) is not None}
        if not record and all(problem.warning for problem in problems):
            problems.append(Problem("stock", "missing", "The row tells neither stock nor wholesale price."))
        read = ReadRow(row.number, sku[:SKU_MAX], sku[:SKU_MAX], "accepted", record, problems)
        self._check_repeated(read, ())
        if any(not problem.warning for problem in read.problems):
            read.action = "rejected"
        return read

    def _read_of_kind(self, row: Row, cell: Cell) -> ReadRow | None:
        kinds = kinds_of(cell("type"))
        refused = why_refused(kinds)
        if refused is not None:
            return ReadRow(row.number, "", cell("sku"), "rejected", {"title": cell("title")}, [refused])
        if self._reading.shape != "woocommerce":
            return self._read_of_family(row, cell, kinds)
        return self._read_woocommerce(row, cell, kinds)

    def _read_of_family(self, row: Row, cell: Cell, kinds: Collection[str]) -> ReadRow | None:
        """A row that ``with_families`` or ``with_products`` has told of its product. What a product of variants says,
        its variants say too."""
        handle = self._handle(cell, "")
        if SOLD_BY_VARIANTS in kinds or SAME_AGAIN in kinds:
            return ReadRow(row.number, handle, "", "merged", {"images": []})
        return self._variant(row, cell, handle, "")

    def _read_woocommerce(self, row: Row, cell: Cell, kinds: Collection[str]) -> ReadRow | None:
        if "variable" in kinds:
            return self._parent(row, cell)
        if "variation" in kinds:
            parent = cell("parent").removeprefix("id:")
            handle = self._parents.get(parent) or self._parents.get(f"sku:{parent}", "")
            if not handle:
                problem = Problem("parent", "unknown_parent", f"There is no row above for the parent {parent!r}.")
                return ReadRow(row.number, "", cell("sku"), "rejected", {"title": cell("title")}, [problem])
            return self._variant(row, cell, handle, self._titles[handle], of_parent=True)
        handle = slug_of(cell("product_id") and f"wc-{cell('product_id')}") or self._own_key(cell)
        return self._variant(row, cell, handle, "")

    def _parent(self, row: Row, cell: Cell) -> ReadRow:
        """A product that is sold by its variations: it carries their texts and pictures."""
        handle = slug_of(f"wc-{cell('product_id')}" if cell("product_id") else cell("sku") or cell("title"))
        for key in (cell("product_id"), f"sku:{cell('sku')}", cell("sku")):
            if key and key != "sku:":
                self._parents[key] = handle
        self._titles[handle] = cell("title")
        problems: list[Problem] = []
        record = self.texts.read(row.cells, cell, cell("title"), problems)
        return ReadRow(row.number, handle, "", "merged", record, problems)

    def _handle(self, cell: Cell, before: str) -> str:
        given = cell("product_id")
        if given:
            return slug_of(given)
        if before and (self._reading.shape == "shopify" or self._goes_on(cell)):
            return before
        return self._own_key(cell)

    def _own_key(self, cell: Cell) -> str:
        """The handle of a product that nothing but its SKU or its title tells."""
        sku = cell("sku").lstrip("'")[:SKU_MAX]
        return self._reading.keys.of(sku) if sku else slug_of(cell("title"))

    def _goes_on(self, cell: Cell) -> bool:
        """Whether a row of a plain list is one more variant of the product above: it has options of its own and no
        title."""
        fields = self._reading.fields
        if "title" not in fields or "product_id" in fields or self._reading.shape != "plain" or cell("title"):
            return False
        return any(cell(f"option{place}_value") for place in (1, 2, 3))

    def _is_pictures_only(self, cell: Cell, handle: str) -> bool:
        """A row without an SKU that continues the product before with nothing but pictures."""
        if handle not in self._titles or not cell("image_urls"):
            return False
        return not any(cell(name) and cell(name) != "0" for name in self._beside_pictures)

    def _variant(self, row: Row, cell: Cell, handle: str, inherited: str, *, of_parent: bool = False) -> ReadRow:
        problems: list[Problem] = []
        title = inherited
        if not of_parent and self._title_at is not None:
            title = said_in(row.cells[self._title_at]) or inherited
        if not title:
            problems.append(
                Problem("title", "missing", "The row has no title, and no row above of the same product has one.")
            )
        if len(title) > TITLE_MAX:
            problems.append(Problem("title", "too_long", f"A title has at most {TITLE_MAX} characters."))
        record = self.texts.read(row.cells, cell, title, problems, only_pictures=of_parent)
        options, compared = self._options(row, cell, handle)
        gtin = None if self._gtin_at is None else read_gtin(said_in(row.cells[self._gtin_at]), problems)
        record = {
            **record,
            "options": options,
            **self.prices.read(row.cells, cell, problems),
            **self.quantities.read(row.cells, cell, problems),
            "gtin": gtin,
        }
        sku = self._sku(cell, handle, options, gtin, problems)
        self._last_handle = handle
        read = ReadRow(row.number, handle, sku, "accepted", record, problems)
        self._check_repeated(read, compared)
        problems = read.problems
        if problems and any(not problem.warning for problem in problems):
            read.action = "rejected"
            if handle and 0 < len(title) <= TITLE_MAX and handle not in self._titles:
                self._of_rejected[handle] = {name: record[name] for name in _OF_PRODUCT if name in record}
        elif self._of_rejected and handle and self._of_rejected.get(handle, record) is not record:
            # What the row that was rejected says of the product holds for its others.
            said = self._of_rejected.pop(handle)
            read.record |= {name: value for name, value in said.items() if value and not read.record.get(name)}
        if handle and 0 < len(title) <= TITLE_MAX:
            self._titles.setdefault(handle, title)
        return read

    def _options(self, row: Row, cell: Cell, handle: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
        names = self._option_names.get(handle, NO_NAMES)
        self._option_names[handle], options, compared = self._optioned_as(names, self.told_options(row.cells), cell)
        return options, compared

    def _optioned_as(self, names: tuple[str, ...], told: object, cell: Cell) -> Optioned:
        """What the cells ``told`` mean, of a product whose options have these names so far."""
        key = (names, told)
        known = self._optioned.get(key)
        if known is None:
            named, options = self._understood_options(cell, list(names))
            known = named, options, tuple(sorted(options.items()))
            if len(self._optioned) < REMEMBERED:
                self._optioned[key] = known
        return known

    def _understood_options(self, cell: Cell, names: list[str]) -> tuple[tuple[str, ...], dict[str, str]]:
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
                options[(names[place] or f"Option {place + 1}")[:LONGEST_TEXT]] = value[:LONGEST_TEXT]
        return tuple(names), options

    def _sku(
        self,
        cell: Cell,
        handle: str,
        options: Mapping[str, str],
        gtin: str | None,
        problems: list[Problem],
    ) -> str:
        sku = cell("sku").lstrip("'")
        if self._refuse_shortened(cell, problems) and sku:
            return ""
        if sku:
            if len(sku) > SKU_MAX:
                problems.append(Problem("sku", "too_long", f"An SKU has at most {SKU_MAX} characters."))
            if not handle:
                key = "product_id" if cell("product_id") else "sku"
                message = f"{cell(key)[:40]!r} has neither letters nor digits to tell the product by."
                problems.append(Problem(key, "no_letters", message))
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
        return made_sku(handle, options.values())

    def _refuse_shortened(self, cell: Cell, problems: list[Problem]) -> bool:
        """Whether what tells articles or products apart was shortened: different ones would be taken for one."""
        found = [problem_of(name, cell(name)) for name in ("sku", "product_id") if is_shortened(cell(name))]
        problems += found
        return bool(found)

    def _check_repeated(self, read: ReadRow, options: tuple[tuple[str, str], ...]) -> None:
        if not read.sku:
            return
        said = hash_of(read.handle, options, read.record, read.record.get("stock"))
        this = read.row << HASH_BITS | said
        known = self._skus.setdefault(read.sku, this)
        if known is this:
            return
        first, first_said = divmod(known, _HASH + 1)
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
