"""Reading a file from its bytes to understood rows, as a stream: nothing but what rows share is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any, BinaryIO

from app.feeds.beside import Beside
from app.feeds.feed import Limits, Row, SupplierFeed, UnreadableFile, opened_at
from app.feeds.rejected import without_ours
from app.feeds.rules.choices import NO_CHOICES, Choices, open_words
from app.feeds.rules.columns import SURE, Guess, guesses, unit_in_name
from app.feeds.rules.currencies import other_currency
from app.feeds.rules.decimals import PRICES, marks_of
from app.feeds.rules.exports import shape_of
from app.feeds.rules.families import PROGRAMS, with_products
from app.feeds.rules.fields import FIELDS, OPTION_COLUMNS, PICTURE_PLACES, STOCK_PLACES, TIER_PLACES, normal
from app.feeds.rules.header import is_unnamed
from app.feeds.rules.magento import Families, with_families
from app.feeds.rules.pictures import with_all_pictures
from app.feeds.rules.product_keys import ProductKeys, no_keys
from app.feeds.rules.records import Reading, ReadRow
from app.feeds.rules.rows import RowReader
from app.feeds.rules.tiers import quantity_in_name
from app.feeds.rules.warehouses import added_up
from app.feeds.rules.weights import UNTOLD_UNIT, weight_without_unit
from app.kit.errors import Rejected

#: Rows looked at to find out what columns hold.
SAMPLE = 200
#: Bytes that a format is recognised by.
HEAD = 4096
_SHOWN = 3
_OPTION_VALUES = ("option1_value", "option2_value", "option3_value")
#: Rows of one product that are looked at together.
_TOGETHER = 2000
#: What lines between rows are drawn of.
_RULED = frozenset({"--", "==", "__", ":-"})
#: In narrower tables a single cell may be all that is known of a product, as its SKU.
_WIDE = 2


#: How files begin that people send for lists: PDF, PNG, JPEG, GIF, RTF.
_NO_LISTS = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf")


def recognised(feeds: Mapping[str, SupplierFeed], head: bytes, file_name: str) -> str:
    """The name of the format that a file is of, by its beginning and name. Raises ``Rejected``."""
    if not head.strip():
        raise Rejected("empty", "The file is empty.")
    if head.startswith(_NO_LISTS):
        told = "This is a document or a picture. Save the list as CSV or Excel in the program that it comes from."
        raise Rejected("no_list", told)
    for name, feed in feeds.items():
        if feed.recognises(head, file_name):
            return name
    raise Rejected("unknown_format", "The file is of no format that can be read.")


@dataclass(slots=True)
class OpenedFile:
    """A file under way. ``mapping`` is column → field as it is used; ``detected`` is for people: encoding,
    separator, shape, and for each column the guess with its confidence, reason and some values."""

    mapping: dict[str, str]
    detected: dict[str, Any]
    rows: Iterator[ReadRow]
    #: The rows, but products of which an earlier file said the same are passed over. In place of ``rows``.
    beside: Beside
    #: Words in the stock column of the first rows that only the supplier can explain.
    stock_words: list[str]


def open_file(
    feed: SupplierFeed,
    stream: BinaryIO,
    limits: Limits,
    *,
    currency: str,
    mapping: Mapping[str, str] | None = None,
    choices: Choices = NO_CHOICES,
    confirmed: Callable[[Sequence[str]], tuple[Mapping[str, str], Choices] | None] | None = None,
    figures_only: bool | None = False,
    kept_keys: Callable[[], Mapping[str, str]] = no_keys,
) -> OpenedFile:
    """Open a file with the mapping and choices given, or those that were ``confirmed`` of such columns, or what is
    recognised. ``figures_only``: read SKU, stock and wholesale price alone; None: where the file tells no more.
    ``kept_keys``: as ``ProductKeys`` asks for them. Raises ``UnreadableFile``."""
    table = without_ours(opened_at(feed, stream, limits, choices.record))
    shape = shape_of(table.columns)
    if shape in PROGRAMS:
        table = with_products(table, shape)
    elif shape == "magento":
        families = Families.of(table)
        stream.seek(0)
        table = with_families(without_ours(opened_at(feed, stream, limits, choices.record)), families)
    untitled = partial(_without_titles, columns=table.columns) if table.titled else iter
    table.rows = untitled(table.rows)
    agreed = confirmed(table.columns) if not mapping and confirmed is not None else None
    if agreed is not None:
        mapping, choices = agreed[0], replace(agreed[1], record=choices.record)
    if choices.record and table.detected.get("record") != choices.record:
        choices = replace(choices, record="")
    first = list(islice(table.rows, SAMPLE))
    sound = [row.cells for row in first if not row.wrong] or [row.cells for row in first]
    samples = {column: [cells[index] for cells in sound] for index, column in enumerate(table.columns)}
    guessed = guesses(table.columns, samples, table.meant)
    used = dict(mapping) if mapping else {guess.column: guess.field for guess in guessed if guess.field}
    fields = {used[column]: index for index, column in enumerate(table.columns) if used.get(column) in FIELDS}
    places = [fields.pop(name) for name in ("stock", *STOCK_PLACES) if name in fields]
    if places:
        fields["stock"] = places[0]
    pictures = [fields.pop(name) for name in ("image_urls", *PICTURE_PLACES) if name in fields]
    if pictures:
        fields["image_urls"] = pictures[0]
    if figures_only is None:
        figures_only = table.figures or _tells_figures_alone(sound, fields)
    weight_unit = choices.weight_unit or _weight_unit(table.columns, fields, shape)
    marks, unclear = marks_of(
        sound,
        fields,
        pointed=table.pointed,
        weight_unit=weight_unit,
        chosen=choices.decimal_mark,
    )
    doubts = {
        field: f"{value[:20]} may be thousands or three decimals: choose the mark before decimals"
        for field, value in unclear.items()
    }
    if weight_unit in (None, UNTOLD_UNIT) and "weight" in fields and not _tells_units(sound, fields):
        values = [cells[fields["weight"]] for cells in sound]
        weight = weight_without_unit(values, marks["weight"], grams=weight_unit is None)
        if weight is not None:
            weight_unit = UNTOLD_UNIT
            doubts["weight"] = f"{weight[:20]} names no unit and does not look like grams: choose the unit"
    guessed = [_doubted(guess, doubts, used) for guess in guessed]
    detected = {
        **table.detected,
        "shape": shape,
        "kind": "stock_price" if figures_only else "full",
        "choices": choices.to_json(),
        "unsure": [] if mapping else [guess.column for guess in guessed if guess.field and guess.confidence < SURE],
        "columns": [
            {
                "column": guess.column,
                "field": guess.field,
                "confidence": guess.confidence,
                "reason": guess.reason,
                "samples": [value[:80] for value in samples[guess.column] if value.strip()][:_SHOWN],
            }
            for guess in guessed
        ],
    }
    if not any(field in used.values() for field in ("title", "sku", "product_id")):
        raise UnreadableFile(
            "no_columns",
            "No column was recognised as title or SKU. Does the file have a header? Our template shows one.",
            detected=detected,
        )
    if figures_only and mapping and "sku" not in used.values():
        raise UnreadableFile("no_sku", "Choose the column with the SKU: stock and prices are told by it.")
    reading = Reading(
        shape=shape,
        fields=fields,
        marks=marks,
        weight_unit=weight_unit,
        currency=currency,
        option_names={
            index: OPTION_COLUMNS.get(normal(column), "Variant" if is_unnamed(column) else column)
            for index, column in enumerate(table.columns)
            if used.get(column, "").endswith("_value") and shape == "plain"
        },
        figures_only=figures_only,
        other_currencies={
            field: table.columns[index]
            for field, index in fields.items()
            if field in PRICES and other_currency(table.columns[index], currency)
        },
        stock_words=choices.stock_words,
        tier_quantities=_tier_quantities(table.columns, fields),
        keys=ProductKeys(kept_keys),
    )
    words = open_words(row.cells[fields["stock"]] for row in first) if "stock" in fields else []

    def prepared(some: Iterator[Row]) -> Iterator[Row]:
        if len(places) > 1:
            some = added_up(some, places, marks.get("stock"))
        if len(pictures) > 1:
            some = with_all_pictures(some, pictures)
        return _told_apart(some, fields)

    rows = prepared(chain(first, table.rows))
    beside = Beside(
        table,
        rows,
        reading,
        limits,
        decided=(used, choices.to_json()),
        prepared=lambda some: prepared(untitled(some)),
    )
    return OpenedFile(used, detected, _understood(rows, reading), beside, words)


def _tells_figures_alone(rows: Sequence[Sequence[str]], fields: Mapping[str, int]) -> bool:
    """Whether SKUs have stock or prices, and none of the rows a title: such rows are no products."""
    title = fields.get("title")
    titled = title is not None and any(cells[title].strip() for cells in rows)
    return "sku" in fields and not titled and not fields.keys().isdisjoint(("stock", "cost"))


def _told_apart(rows: Iterator[Row], fields: Mapping[str, int]) -> Iterator[Row]:
    """The rows; where variants of one product, which stand together, share one article number but not their options,
    it is none of theirs alone and is left out."""
    options = [fields[name] for name in _OPTION_VALUES if name in fields]
    if not options or not {"sku", "product_id"} <= set(fields):
        return rows
    return _without_shared(rows, fields["product_id"], fields["sku"], options)


def _without_shared(rows: Iterator[Row], group: int, sku: int, options: Sequence[int]) -> Iterator[Row]:
    block: list[Row] = []
    numbers: set[str] = set()
    key = ""
    for row in rows:
        cells = row.cells
        if block and (cells[group] != key or len(block) >= _TOGETHER):
            if len(numbers) < len(block):
                _leave_out_shared(block, sku, options)
            yield from block
            block, numbers = [], set()
        key = cells[group]
        block.append(row)
        numbers.add(cells[sku])
    if len(numbers) < len(block):
        _leave_out_shared(block, sku, options)
    yield from block


def _leave_out_shared(block: Sequence[Row], sku: int, options: Sequence[int]) -> None:
    alike: defaultdict[str, list[Row]] = defaultdict(list)
    for row in block:
        alike[row.cells[sku]].append(row)
    for number, sharing in alike.items():
        if number.strip() and len({tuple(row.cells[place] for place in options) for row in sharing}) > 1:
            for row in sharing:
                row.cells[sku] = ""


def _without_titles(rows: Iterator[Row], columns: Sequence[str]) -> Iterator[Row]:
    """The rows but for titles of sections, which fill one cell alone with words, lines drawn of dashes, and repetitions
    of the header."""
    most_empty, header = len(columns) - 1, [normal(column) for column in columns if not is_unnamed(column)]
    if len(columns) < _WIDE:
        yield from (row for row in rows if not (header and row.cells[:1] == columns and _repeats(row.cells, header)))
        return
    first, second = columns[:_WIDE]
    for row in rows:
        cells = row.cells
        # Of a title all cells but one are empty, so one of the first two is.
        if (not cells[0] or not cells[1]) and cells.count("") >= most_empty >= _WIDE and _has_words(cells):
            continue
        if (cells[0] or cells[1]).lstrip()[:2] in _RULED and not any(map(str.isalnum, "".join(cells))):
            continue
        if (cells[0] == first or cells[1] == second) and header and _repeats(cells, header):
            continue
        yield row


def _repeats(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row says what the header does."""
    repeated = [normal(cell) for cell in cells if cell]
    return repeated == header[: len(repeated)] and len(repeated) > len(header) / 2


def _has_words(cells: Sequence[str]) -> bool:
    """Whether it is no mere number that stands there, which is a row that lacks all else; nothing at all is no row."""
    text = "".join(cells)
    return not text or any(letter.isalpha() for letter in text)


def _understood(rows: Iterator[Row], reading: Reading) -> Iterator[ReadRow]:
    reader = RowReader(reading)
    for row in rows:
        read = reader.read(row)
        if read is not None:
            yield read


def _doubted(guess: Guess, doubts: Mapping[str, str], used: Mapping[str, str]) -> Guess:
    """What a column holds, less sure where there are doubts of what its numbers mean; ``doubts``: field → why."""
    doubt = doubts.get(used.get(guess.column, ""))
    if doubt is None:
        return guess
    return replace(guess, confidence=min(guess.confidence, SURE - 10), reason=f"{guess.reason}; {doubt}")


def _tells_units(rows: Sequence[Sequence[str]], fields: Mapping[str, int]) -> bool:
    """Whether a column of its own tells the units of weights."""
    return "weight_unit" in fields and any(cells[fields["weight_unit"]].strip() for cells in rows)


def _tier_quantities(columns: Sequence[str], fields: Mapping[str, int]) -> dict[int, int]:
    """Step → from how many units on it holds, where its column's name says so and no other column does."""
    named = {
        place: quantity_in_name(columns[fields[f"tier{place}_price"]])
        for place in TIER_PLACES
        if f"tier{place}_price" in fields and f"tier{place}_quantity" not in fields
    }
    return {place: quantity for place, quantity in named.items() if quantity is not None}


def _weight_unit(columns: list[str], fields: Mapping[str, int], shape: str) -> str | None:
    index = fields.get("weight")
    if index is None:
        return None
    unit = unit_in_name(columns[index])
    if unit is None and (shape == "magento" or shape in PROGRAMS):
        # Their shops weigh in kilograms or in pounds, which their exports don't say.
        return UNTOLD_UNIT
    return "g" if unit in ("gram", "grams", "g", "г", "гр") else unit
