"""Exports of shops that write a row for a product and, below it, one for each of its variants: Wix, BigCommerce and
Ecwid. The rows of variants say what is their own; the rest their product says above them.

https://support.wix.com/en/article/wix-stores-importing-and-exporting-products-using-a-csv-file
https://support.bigcommerce.com/s/article/Importing-Exporting-Products-CSV
https://support.ecwid.com/hc/en-us/articles/207808225
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.feeds.feed import Row, Table
from app.feeds.rules.fields import OPTION_COLUMNS, normal
from app.feeds.rules.magento import SOLD_BY_VARIANTS
from app.feeds.rules.numbers import NotANumber, read_decimal

_MOST_OPTIONS = 3
#: Columns that are put behind those of the file → what they hold.
_MORE: Mapping[str, str] = {
    "Row is": "type",
    "Row of": "product_id",
    **{f"Option{place} {part}": f"option{place}_{part.lower()}" for place in (1, 2, 3) for part in ("Name", "Value")},
}
Cell = Callable[[str], str]
_Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Program:
    """A program's export. ``kind``: the column of kinds of rows; ``product`` and ``variant``: what it says of each,
    others are no rows of their own; ``fields``: column → field, empty for one of no use; ``own``: column of a variant →
    that of its product, which it stands for. ``options`` of a variant, by its cells and those of its product."""

    kind: str
    product: str
    variant: str
    needed: frozenset[str]
    fields: Mapping[str, str]
    options: Callable[[Sequence[str], Cell, Cell], _Options]
    own: Mapping[str, str] = field(default_factory=dict)
    #: Columns in which a variant that says nothing is as its product.
    shared: Sequence[str] = ()
    #: A price that is added to the product's.
    surcharge: str = ""
    #: The column of pictures without a host, and what they lie below.
    pictures: tuple[str, str] = ("", "")


_SWATCH = re.compile(r"#[0-9a-fA-F]{3,8}:|:#[0-9a-fA-F]{3,8}$")
_RULED = re.compile(r"(?:\[\w+\])?([^=,\[\]]+)=([^,]*)")
#: Of the options in a variant's name.
_LONGEST = 1000
_OF_VARIATION = "product variation option "


def _of_wix(_: Sequence[str], variant: Cell, product: Cell) -> _Options:
    named = ((product(f"productoptionname{n}"), variant(f"productoptiondescription{n}")) for n in range(1, 7))
    return [(name, _SWATCH.sub("", value)) for name, value in named if name and value]


def _of_bigcommerce(_: Sequence[str], variant: Cell, __: Cell) -> _Options:
    return [
        (name.strip(), _SWATCH.sub("", value.strip()))
        for name, value in _RULED.findall(variant("product name")[:_LONGEST])
    ]


def _of_ecwid(columns: Sequence[str], variant: Cell, _: Cell) -> _Options:
    named = [name for name in map(normal, columns) if name.startswith(_OF_VARIATION)]
    return [(name.removeprefix(_OF_VARIATION).capitalize(), variant(name)) for name in named if variant(name)]


PROGRAMS: Mapping[str, Program] = {
    "wix": Program(
        kind="fieldtype",
        product="product",
        variant="variant",
        needed=frozenset({"handleid", "fieldtype", "name", "price"}),
        fields={
            "handleid": "", "fieldtype": "", "name": "title", "description": "description", "sku": "sku",
            "productimageurl": "image_urls", "collection": "category", "price": "price", "visible": "status",
            "inventory": "stock", "weight": "weight", "cost": "cost", "brand": "brand", "ribbon": "", "surcharge": "",
            "discountmode": "", "discountvalue": "",
        },
        options=_of_wix,
        shared=(
            "name", "price", "cost", "weight", "brand", "collection", "visible", "description", "productimageurl",
        ),
        surcharge="surcharge",
        pictures=("productimageurl", "https://static.wixstatic.com/media/"),
    ),
    "bigcommerce": Program(
        kind="item type",
        product="product",
        variant="sku",
        needed=frozenset({"item type", "product id", "product name", "product code sku"}),
        fields={
            "item type": "", "product id": "", "product name": "title", "product type": "", "product code sku": "sku",
            "brand name": "brand", "product description": "description", "price": "price", "cost price": "cost",
            "retail price": "msrp", "sale price": "", "product weight": "weight", "current stock level": "stock",
            "category": "category", "product image file 1": "image_urls", "product upc ean": "gtin",
            "product visible": "status", "product availability": "", "low stock level": "", "fixed shipping cost": "",
        },
        options=_of_bigcommerce,
        shared=(
            "product name", "price", "cost price", "retail price", "product weight", "brand name", "category",
            "product visible", "product description", "product image file 1",
        ),
    ),
    "ecwid": Program(
        kind="type",
        product="product",
        variant="product variation",
        needed=frozenset({"type", "product internal id", "product name", "product price"}),
        fields={
            "type": "", "product internal id": "", "product sku": "sku", "product name": "title",
            "product price": "price", "product description": "description", "product quantity": "stock",
            "product weight": "weight", "product brand": "brand", "product upc": "gtin",
            "product category 1": "category", "product media main image url": "image_urls",
        },
        options=_of_ecwid,
        own={"product variation sku": "product sku", "product variation price": "product price"},
        shared=(
            "product name", "product price", "product weight", "product brand", "product category 1",
            "product description", "product media main image url",
        ),
    ),
}  # fmt: skip


def program_of(names: Collection[str]) -> str:
    """The program whose export has such columns (as ``normal`` has them); empty for none of them."""
    return next((name for name, program in PROGRAMS.items() if program.needed <= set(names)), "")


def fields_of(name: str, columns: Sequence[str]) -> dict[str, str]:
    """Column → field; empty for one of no use by itself; columns of others are left out."""
    known = PROGRAMS[name].fields
    return {column: known[normal(column)] for column in columns if normal(column) in known}


def with_products(table: Table, name: str) -> Table:
    """The table with what its products say in the rows of their variants too, and the kind of each row, its product
    and its options in columns of their own."""
    columns = list(table.columns)
    if {normal(column) for column in columns} & set(map(normal, _MORE)):
        return table
    rows = _with_products(table.rows, columns, PROGRAMS[name])
    return replace(table, columns=[*columns, *_MORE], meant={**table.meant, **_MORE}, rows=rows, lines=None)


def _with_products(rows: Iterator[Row], columns: Sequence[str], program: Program) -> Iterator[Row]:
    places = {normal(column): place for place, column in enumerate(columns)}
    product: Row | None = None
    told = False
    count = 0

    def cell_of(row: Row) -> Cell:
        return lambda name: row.cells[places[name]].strip() if name in places else ""

    for row in rows:
        kind = normal(cell_of(row)(program.kind))
        if kind == program.product:
            if product is not None and not told:
                yield _whole(product, places, program, count, "")
            product, told, count = row, False, count + 1
        elif kind == program.variant and product is not None:
            if not told:
                yield _whole(product, places, program, count, SOLD_BY_VARIANTS)
                told = True
            options = program.options(columns, cell_of(row), cell_of(product))
            yield _variant(row, product, places, program, count, options)
        elif kind == program.variant:
            yield replace(row, cells=[*row.cells, *[""] * len(_MORE)], wrong="There is no row above of its product.")
    if product is not None and not told:
        yield _whole(product, places, program, count, "")


def _whole(row: Row, places: Mapping[str, int], program: Program, count: int, kind: str) -> Row:
    cells = list(row.cells)
    _find_pictures(cells, places, program)
    return Row(row.number, [*cells, kind, _key_of(row, places, program, count), *[""] * (2 * _MOST_OPTIONS)], row.wrong)


def _variant(row: Row, product: Row, places: Mapping[str, int], program: Program, count: int, options: _Options) -> Row:
    cells = list(row.cells)
    for name, place_of in program.own.items():
        if name in places and place_of in places:
            cells[places[place_of]] = cells[places[name]]
    base = product.cells[places["price"]] if program.surcharge else ""
    for name in program.shared:
        place = places.get(name)
        if place is not None and (not cells[place].strip() or program.fields.get(name) == "title"):
            cells[place] = product.cells[place]
    if program.surcharge in places:
        cells[places["price"]] = _added(base, cells[places[program.surcharge]])
    _find_pictures(cells, places, program)
    told = [part for name, value in options[:_MOST_OPTIONS] for part in (OPTION_COLUMNS.get(normal(name), name), value)]
    told += [""] * (2 * _MOST_OPTIONS - len(told))
    return Row(row.number, [*cells, "variant", _key_of(product, places, program, count), *told], row.wrong)


def _key_of(product: Row, places: Mapping[str, int], program: Program, count: int) -> str:
    """What tells a product: the program's id of it, else its number in the file."""
    for name in ("handleid", "product id", "product internal id"):
        if name in places and name in program.needed and product.cells[places[name]].strip():
            return product.cells[places[name]].strip()
    return str(count)


def _added(price: str, more: str) -> str:
    try:
        added = read_decimal(more) if more.strip() else Decimal(0)
        return format(read_decimal(price) + added, "f") if added else price
    except (NotANumber, ArithmeticError):
        return price


def _find_pictures(cells: list[str], places: Mapping[str, int], program: Program) -> None:
    column, below = program.pictures
    place = places.get(column)
    if place is None:
        return
    found = [one.strip() for one in cells[place].split(";") if one.strip()]
    cells[place] = " | ".join(one if "://" in one else f"{below}{one}" for one in found)
