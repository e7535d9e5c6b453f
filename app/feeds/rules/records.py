"""A row of a file as it was understood, what may be wrong with it, and how a file is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.feeds.rules.product_keys import ProductKeys


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


@dataclass(slots=True)
class ReadProduct:
    """Rows of one product that stand together, say nothing that is wrong and are a variant each, as columns: much less
    to make and to keep than a record each."""

    handle: str
    mark: str
    #: Of each row: its number, its SKU, what it says of the product (the same object where the cells are the same),
    #: options, prices, weight, units in stock (None: it tells nothing of them) and GTIN.
    rows: list[int]
    skus: list[str]
    texts: list[dict[str, Any]]
    options: list[dict[str, str]]
    prices: list[dict[str, Any]]
    weights: list[int | None]
    stocks: list[int | None]
    gtins: list[str | None]

    def as_rows(self) -> list[ReadRow]:
        """The same row by row."""
        columns = zip(
            self.rows, self.skus, self.texts, self.options, self.prices, self.weights, self.stocks, self.gtins,
            strict=True,
        )  # fmt: skip
        rows = []
        for row, sku, texts, options, prices, weight, stock, gtin in columns:
            record = {**texts, "options": options, **prices, "weight_grams": weight}
            if stock is not None:
                record["stock"] = stock
            record["gtin"] = gtin
            rows.append(ReadRow(row, self.handle, sku, "accepted", record, [], self.mark))
        return rows


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
    #: Of products that are told by nothing but their SKUs.
    keys: ProductKeys = field(default_factory=ProductKeys)
