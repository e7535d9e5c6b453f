"""Magento's export of products (Adobe Commerce, ``catalog_product.csv``) with each variant beside its product.

Magento writes a row for each article and, mostly below them, one for the *configurable* product whose variants they
are; that row alone names them and their options. More rows of the same SKU hold its texts for other store views.
https://experienceleague.adobe.com/en/docs/commerce-admin/systems/data-transfer/data-attributes-product
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.feeds.feed import Row, Table
from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, normal

#: Kinds of rows, besides Magento's own, that ``with_families`` writes into the column of kinds: more of what another
#: row says, and a configurable product none of whose variants is in the file.
SAME_AGAIN, CHILDLESS = "store view", "configurable without variants"
#: The kind of a product whose variants are rows of their own.
SOLD_BY_VARIANTS = "configurable"
_FIELDS = {
    "product type": "type", "sku": "sku", "name": "title", "description": "description", "short description": "",
    "categories": "category", "weight": "weight", "product online": "status", "price": "price", "qty": "stock",
    "base image": "image_urls", "special price": "", "is in stock": "", "visibility": "", "cost": "cost",
    "msrp price": "msrp", "map price": "map", "attribute set code": "", "manage stock": "", "meta keywords": "",
    "out of stock qty": "", "small image": "", "thumbnail image": "", "swatch image": "", "additional images": "",
    "additional attributes": "", "configurable variations": "", "tax class name": "", "related skus": "",
}  # fmt: skip
_NEEDED = frozenset({"sku", "product type"})
_TELLING = frozenset({"attribute set code", "product websites", "store view code", "configurable variations"})
#: Columns that are put behind those of the file → what they hold.
PARENT = "Parent SKU"
_MOST_OPTIONS = 3
_OPTIONS = tuple((f"Option{place} Name", f"Option{place} Value") for place in range(1, _MOST_OPTIONS + 1))
#: Fields that Magento has no column for, but shops have attributes.
_ATTRIBUTES = ("brand", "gtin", "cost")
#: Of a product, where its variant says nothing or what the product knows better.
_OF_PRODUCT = ("name", "description", "categories", "base image", "additional images")
_BETWEEN = re.compile(r",(?=[A-Za-z]\w*=)")
_ROOT = "Default Category/"
_NONE = frozenset({"", "0"})


def is_export(names: Collection[str]) -> bool:
    """Whether columns (as ``normal`` has them) are those of Magento's export."""
    return set(names) >= _NEEDED and bool(_TELLING & set(names))


def fields_of(columns: Sequence[str]) -> dict[str, str]:
    """Column → field; empty for one that is of no use by itself; other columns are left out."""
    return {column: _FIELDS[normal(column)] for column in columns if normal(column) in _FIELDS}


def with_families(table: Table, families: Families) -> Table:
    """The table with the product, options and attributes of each variant in columns of their own."""
    columns = list(table.columns)
    taken = {normal(column) for column in columns}
    more = {PARENT: "product_id"}
    for place, pair in enumerate(_OPTIONS, start=1):
        more |= {pair[0]: f"option{place}_name", pair[1]: f"option{place}_value"}
    told = {BY_NAME.get(name) for name in taken}
    more |= {f"Attribute {name}": name for name in families.attributes if name not in told}
    if taken & {normal(name) for name in more}:
        return table
    return replace(
        table,
        columns=[*columns, *more],
        meant={**table.meant, **more},
        rows=_with_more(table.rows, _Places.of(columns), families, list(more.values())),
        lines=None,
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a file has the columns that are of use here."""

    by_name: Mapping[str, int]

    @classmethod
    def of(cls, columns: Sequence[str]) -> _Places:
        return cls({normal(column): place for place, column in enumerate(columns)})

    def cell(self, cells: Sequence[str], name: str) -> str:
        """What a row's cell says; nothing where the file has no such column."""
        place = self.by_name.get(name)
        return "" if place is None else cells[place].strip()

    def put(self, cells: list[str], name: str, text: str) -> None:
        """Write over a cell, where the file has the column."""
        if name in self.by_name:
            cells[self.by_name[name]] = text


@dataclass(slots=True)
class Families:
    """Which variants of a file belong together. ``options``: variant's SKU → its product's and its own options;
    ``products``: SKU of a product with variants → what it says for them; ``there``: all SKUs; ``attributes``: fields
    that are told as attributes."""

    options: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    products: dict[str, tuple[str, ...]] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    attributes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, table: Table) -> Families:
        """What all rows of a file say of it: what is said of variants stands below them. May raise
        ``UnreadableFile``."""
        families, places = cls(), _Places.of(table.columns)
        told: set[str] = set()
        children: set[str] = set()
        for row in table.rows:
            cells = row.cells
            sku = places.cell(cells, "sku")
            if not sku or (sku in families.there and places.cell(cells, "store view code")):
                continue
            variations = places.cell(cells, "configurable variations")
            if places.cell(cells, "product type") == "configurable":
                families._add(sku, variations, places.cell(cells, "configurable variation labels"))
                families.products[sku] = tuple(places.cell(cells, name) for name in _OF_PRODUCT)
            else:
                children.add(sku)
            told.update(_fields_of(attributes_of(places.cell(cells, "additional attributes"))))
            families.there.add(sku)
        families.attributes = [name for name in _ATTRIBUTES if name in told]
        parents = {parent for sku, (parent, _) in families.options.items() if sku in children}
        families.products = {sku: said for sku, said in families.products.items() if sku in parents}
        return families

    def _add(self, parent: str, variations: str, labels: str) -> None:
        names = attributes_of(labels)
        for variation in variations.split("|"):
            said = attributes_of(variation)
            sku = said.pop("sku", "")
            if sku and sku != parent:
                options = tuple((names.get(code, code), value) for code, value in said.items() if value)
                self.options.setdefault(sku, (parent, options[:_MOST_OPTIONS]))


def _with_more(rows: Iterator[Row], places: _Places, families: Families, more: Sequence[str]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        cells = list(row.cells)
        sku = places.cell(cells, "sku")
        kind = places.cell(cells, "product type")
        again = bool(sku) and sku in seen and bool(places.cell(cells, "store view code"))
        seen.add(sku)
        attributes = attributes_of(places.cell(cells, "additional attributes"))
        parent, options = families.options.get(sku, ("", ()))
        if again:
            places.put(cells, "product type", SAME_AGAIN)
            parent = sku if sku in families.products else parent if parent in families.products else ""
        elif kind == "configurable":
            parent = sku
            if sku not in families.products:
                places.put(cells, "product type", CHILDLESS)
        elif parent in families.products:
            _inherit(cells, places, families.products[parent])
        else:
            parent, options = "", tuple(_known_options(attributes))
        _tell_stock(cells, places)
        _tell_pictures(cells, places)
        places.put(cells, "categories", _category(places.cell(cells, "categories")))
        told = {"product_id": parent, **_fields_of(attributes)}
        for place, (name, value) in enumerate(options, start=1):
            told |= {f"option{place}_name": name, f"option{place}_value": value}
        yield Row(row.number, [*cells, *(told.get(name, "") for name in more)], row.wrong)


def _inherit(cells: list[str], places: _Places, product: Sequence[str]) -> None:
    """Variants have names and texts of their own, but are offered as what their product is."""
    for name, said in zip(_OF_PRODUCT, product, strict=True):
        if said and (name == "name" or not places.cell(cells, name)):
            places.put(cells, name, said)


def _tell_stock(cells: list[str], places: _Places) -> None:
    """What is not in stock can't be sold, whatever is counted; what is not counted is there."""
    if places.cell(cells, "is in stock") == "0":
        places.put(cells, "qty", "0")
    elif (
        places.cell(cells, "manage stock") == "0"
        and places.cell(cells, "use config manage stock") in _NONE
        and not places.cell(cells, "qty").strip("0.")
    ):
        places.put(cells, "qty", "in stock")


def _tell_pictures(cells: list[str], places: _Places) -> None:
    """All pictures in one cell. Those without a host stand in Magento's own folders, which nobody can tell."""
    found = [places.cell(cells, "base image"), *places.cell(cells, "additional images").split(",")]
    addresses = [one.strip() for one in found if "://" in one]
    if addresses:
        places.put(cells, "base image", " | ".join(dict.fromkeys(addresses)))


def _category(text: str) -> str:
    """The deepest of several ways through the tree, without the root that all share."""
    ways = [way.strip().removeprefix(_ROOT) for way in text.split(",")]
    return max(ways, key=lambda way: (way != _ROOT.rstrip("/"), way.count("/")))


def attributes_of(text: str) -> dict[str, str]:
    """The pairs of ``color=Red,size="S",brand=Acme, Inc.``; commas stand in values, too."""
    found = {}
    for part in _BETWEEN.split(text):
        code, equals, value = part.partition("=")
        if equals:
            found[code.strip().strip('"')] = value.strip().strip('"').strip()
    return found


def _fields_of(attributes: Mapping[str, str]) -> dict[str, str]:
    named = {BY_NAME.get(normal(code), ""): value for code, value in reversed(list(attributes.items())) if value}
    return {name: named[name] for name in _ATTRIBUTES if name in named}


def _known_options(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Attributes that are options everywhere; ``Red|Blue`` is not one of them."""
    known = [
        (OPTION_COLUMNS[normal(code)], value)
        for code, value in attributes.items()
        if normal(code) in OPTION_COLUMNS and value and "|" not in value
    ]
    yield from known[:_MOST_OPTIONS]
