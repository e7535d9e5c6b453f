"""A list of products and a list of their variants, as shops export them, read as one list.

The variants' list names its products by their number or reference and has no titles; PrestaShop calls it combinations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice

from app.feeds.feed import Limits, Row, Table, UnreadableFile
from app.feeds.rules.columns import guesses
from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, normal
from app.feeds.rules.numbers import NotANumber, decimal_mark, read_decimal

_SAMPLE = 200
#: A title that is guessed from values alone is none.
_SURE_TITLE = 75
#: Words in the names of columns that refer to a product.
_REFERRING = frozenset({"product", "parent", "group", "style", "model", "artikel", "produkt", "produit", "producto"})
#: Of the variants looked at, how many must find their product.
_MATCHING = 0.5
_MOST_OPTIONS = 3
#: Names of several options in one cell, and their values: ``Color:color:0; Size:select:1`` and ``Blue:0; M:1``.
_ATTRIBUTES = "attribute name type position"
_VALUES = "value value position"
_OPTION_COLUMNS = tuple((f"Option{number} Name", f"Option{number} Value") for number in range(1, _MOST_OPTIONS + 1))
#: What a variant has of its own, even when it has none.
_OWN = ("sku", "gtin", "stock")
#: What a variant has of its product where it says nothing, or zero.
_INHERITED = ("cost", "price", "msrp", "map", "weight")
#: Column → the field of the product that it is added to.
_IMPACTS = {"impact on price": "price", "impact on weight": "weight"}


@dataclass(slots=True)
class _Opened:
    """A table whose first rows were looked at."""

    table: Table
    first: list[Row]
    #: Field → column's index, and field → how sure that is.
    fields: dict[str, int]
    sure: Mapping[str, int]

    @property
    def rows(self) -> Iterator[Row]:
        return chain(self.first, self.table.rows)

    @property
    def has_titles(self) -> bool:
        return self.sure.get("title", 0) >= _SURE_TITLE


def joined(tables: Sequence[Table], limits: Limits) -> Table | None:
    """Two lists as one: each product once for each of its variants, with what the variant has of its own; a product
    without variants as it is; a variant without a product without a title, so that it is rejected. None where they are
    not products and their variants. Rows are numbered by the caller. Raises ``UnreadableFile``."""
    opened = [_looked_at(table) for table in tables]
    for products, variants in (opened, opened[::-1]):
        if products.has_titles and not variants.has_titles:
            key = _key(products, variants)
            if key is not None:
                return _Joining(products, variants, *key).table(limits)
    return None


def _looked_at(table: Table) -> _Opened:
    first = list(islice(table.rows, _SAMPLE))
    samples = {column: [row.cells[index] for row in first] for index, column in enumerate(table.columns)}
    found = guesses(table.columns, samples, table.meant)
    fields = {guess.field: index for index, guess in enumerate(found) if guess.field}
    return _Opened(table, first, fields, {guess.field: guess.confidence for guess in found if guess.field})


def _key(products: _Opened, variants: _Opened) -> tuple[int, int] | None:
    """The columns by which variants name their products: of the products' list and of the variants'."""
    best: tuple[int, tuple[int, int] | None] = (0, None)
    own = variants.fields.get("sku")
    for field in ("product_id", "sku"):
        place = products.fields.get(field)
        if place is None:
            continue
        known = {row.cells[place].strip() for row in products.first} - {""}
        name = normal(products.table.columns[place])
        for index, column in enumerate(variants.table.columns):
            words = normal(column)
            refers = words == name or _REFERRING & set(words.split()) or BY_NAME.get(words) == "product_id"
            if not refers or (index == own and words != name):
                continue
            matching = sum(row.cells[index].strip() in known for row in variants.first)
            # The products looked at may be others than those of the first variants.
            enough = matching >= _MATCHING * len(variants.first) or (matching and len(products.first) == _SAMPLE)
            if enough and matching > best[0]:
                best = (matching, (place, index))
    return best[1]


class _Joining:
    """How a variant's cells come into its product's."""

    def __init__(self, products: _Opened, variants: _Opened, product_key: int, variant_key: int) -> None:
        self._products, self._variants = products, variants
        self._product_key, self._variant_key = product_key, variant_key
        columns = variants.table.columns
        names = {normal(column): index for index, column in enumerate(columns)}
        self._attributes, self._values = names.get(_ATTRIBUTES), names.get(_VALUES)
        self._impacts = {names[name]: field for name, field in _IMPACTS.items() if name in names}
        self._options = [
            (OPTION_COLUMNS[normal(column)], index)
            for index, column in enumerate(columns)
            if normal(column) in OPTION_COLUMNS and index != variant_key
        ][:_MOST_OPTIONS]
        self._named = [
            (variants.fields.get(f"option{number}_name"), variants.fields.get(f"option{number}_value"))
            for number in range(1, _MOST_OPTIONS + 1)
        ]
        #: Fields that only the variants' list has a column for.
        self._more = [
            field
            for field in (*_OWN, *_INHERITED, "image_urls")
            if field in variants.fields and field not in products.fields and variants.fields[field] != variant_key
        ]
        self._marks = {
            field: decimal_mark(row.cells[place] for row in products.first)
            for field, place in products.fields.items()
            if field in _INHERITED
        }

    def table(self, limits: Limits) -> Table:
        """The two as one."""
        taken = set(self._products.table.columns)
        columns = list(self._products.table.columns)
        meant = dict(self._products.table.meant)
        for field in self._more:
            name = self._variants.table.columns[self._variants.fields[field]]
            columns.append(name if name not in taken else f"{name} (variant)")
            meant[columns[-1]] = field
        for number, pair in enumerate(_OPTION_COLUMNS, start=1):
            columns += pair
            meant |= {pair[0]: f"option{number}_name", pair[1]: f"option{number}_value"}
        if "product_id" not in self._products.fields:
            # Rows of one product are known by what the variants call it.
            meant[columns[self._product_key]] = "product_id"
        pointed = self._products.table.pointed
        return Table(columns, self._products.table.detected, self._rows(limits), meant, pointed=pointed)

    def _rows(self, limits: Limits) -> Iterator[Row]:
        groups: defaultdict[str, list[list[str]]] = defaultdict(list)
        for count, row in enumerate(self._variants.rows, start=1):
            if count > limits.rows:
                raise UnreadableFile("too_many_rows", f"There are more than {limits.rows:,} rows. Split the file.")
            groups[row.cells[self._variant_key].strip()].append(row.cells)
        self._tell_apart(list(chain.from_iterable(groups.values())))
        nothing = [""] * (len(self._more) + 2 * _MOST_OPTIONS)
        for row in self._products.rows:
            variants = groups.pop(row.cells[self._product_key].strip(), None)
            if variants is None:
                yield Row(row.number, row.cells + nothing, row.wrong)
                continue
            for cells in variants:
                yield Row(row.number, self._one(row.cells, cells), row.wrong)
        orphan = [""] * len(self._products.table.columns)
        for key, variants in groups.items():
            orphan[self._product_key] = key
            for cells in variants:
                yield Row(0, self._one(orphan, cells))

    def _one(self, product: Sequence[str], variant: Sequence[str]) -> list[str]:
        cells = list(product)
        more = {field: self._cell(variant, field) for field in self._more}
        for field, place in self._products.fields.items():
            if field not in self._variants.fields or place == self._product_key:
                continue
            said = self._cell(variant, field)
            if field in _OWN or (field in _INHERITED and said.strip("0.,")):
                cells[place] = said
            elif field == "image_urls" and said:
                cells[place] = f"{cells[place]}|{said}" if cells[place] else said
        for index, field in self._impacts.items():
            into = self._products.fields.get(field)
            if into is not None:
                cells[into] = _added(cells[into], variant[index], self._marks.get(field))
        options = self._options_of(variant)
        told = [part for pair in (options + [("", "")] * _MOST_OPTIONS)[:_MOST_OPTIONS] for part in pair]
        return [*cells, *more.values(), *told]

    def _cell(self, variant: Sequence[str], field: str) -> str:
        return variant[self._variants.fields[field]].strip()

    def _tell_apart(self, variants: Sequence[list[str]]) -> None:
        """An article number that several variants share is none of theirs alone: they get one made of their options,
        or where these are the same too, the number with a GTIN that tells them apart, or else with their place."""
        own = self._variants.fields.get("sku")
        if own is None:
            return
        sharing: defaultdict[str, list[list[str]]] = defaultdict(list)
        for cells in variants:
            sharing[cells[own].strip()].append(cells)
        codes = [
            index for index, column in enumerate(self._variants.table.columns) if BY_NAME.get(normal(column)) == "gtin"
        ]
        for sku, alike in sharing.items():
            if not sku or len(alike) == 1:
                continue
            if _different([str(self._options_of(cells)) for cells in alike]):
                news = [""] * len(alike)
            else:
                told = (place for place in codes if _different([cells[place].strip() for cells in alike]))
                code = next(told, None)
                news = [
                    f"{sku}-{cells[code].strip() if code is not None else number}"
                    for number, cells in enumerate(alike, start=1)
                ]
            for cells, new in zip(alike, news, strict=True):
                cells[own] = new

    def _options_of(self, variant: Sequence[str]) -> list[tuple[str, str]]:
        if self._attributes is not None and self._values is not None:
            names = [part.split(":")[0].strip() for part in variant[self._attributes].split(";")]
            values = [part.rpartition(":")[0].strip() or part.strip() for part in variant[self._values].split(";")]
            return [(name, value) for name, value in zip(names, values, strict=False) if name and value]
        named = [
            (variant[name].strip(), variant[value].strip())
            for name, value in self._named
            if name is not None and value is not None
        ]
        found = [(name, variant[index].strip()) for name, index in self._options]
        return [(name, value) for name, value in (named or found) if value]


def _different(values: Sequence[str]) -> bool:
    return all(values) and len(set(values)) == len(values)


def _added(amount: str, impact: str, mark: str | None) -> str:
    """An amount with what a variant adds to it."""
    try:
        more = read_decimal(impact) if impact.strip() else Decimal(0)
        return str(read_decimal(amount, mark) + more).replace(".", mark or ".") if more else amount
    except (NotANumber, ArithmeticError):
        return amount
