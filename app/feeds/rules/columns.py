"""Recognising what a file is and what its columns hold, with a reason for each guess."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.catalog.rules import TITLE_MAX
from app.feeds.rules import looks
from app.feeds.rules.exports import SHAPES, meant_by, shape_of
from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, PICTURE_PLACES, STOCK_PLACES, normal
from app.feeds.rules.header import is_unnamed
from app.feeds.rules.names import field_by_words, is_retail, known_field, may_be_a_price, price_without_word
from app.feeds.rules.pictures import may_hold_more
from app.feeds.rules.tiers import tier_columns
from app.feeds.rules.variants import column_that_tells, number_is_shared
from app.feeds.rules.warehouses import columns_of_places, is_less_than

_UNIT_IN_NAME = re.compile(r"\b(kg|g|lbs?|oz|grams?|кг|гр?)\b")
#: Guesses that are less sure than this are shown to a person as a question.
SURE = 60
#: Names of columns that hold the product's name in some lists and its number in others.
_AMBIGUOUS = frozenset({
    "article", "artikel", "product", "produkt", "prodotto", "producto", "produit", "produto", "produs", "item", "items",
    "urun", "товар", "termek", "vare", "tuote", "articulo", "articolo", "προιον", "proizvod", "toode", "products",
})  # fmt: skip
#: Names that may stand for what variants share, but often for something of the article itself.
_WEAK_IDS = frozenset({"model", "modell", "modelo", "modello", "modele", "model no", "модель"})
#: Names for the manufacturer's number, which many lists have in place of their own, and names of ids.
_MAKERS_NUMBERS = frozenset({
    "mpn", "part number", "part no", "model number", "manufacturer part number", "vendorcode", "vendor code",
    "productno", "product no", "kod producenta",
})  # fmt: skip
_IDS = frozenset({"id", "item id", "article id", "offer id", "uid"})
#: Columns of feeds for shopping ads, whose ``id`` is the SKU.
_OF_ADS = frozenset({"image link", "availability", "condition", "link", "google product category"})
_MOST_OF_ADS = 3
#: Numbers whose kind another column names.
_NUMBERED = frozenset({"product id", "external product id"})
_FEW, _SHORT, _DOUBTED, _BY_NAME, _SAID = 2, 150, 45, 90, 88


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column holds: our field, how sure (0 to 100), and why, for the mapping page."""

    column: str
    field: str
    confidence: int
    reason: str


def guesses(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], meant: Mapping[str, str] | None = None
) -> list[Guess]:
    """What each column holds. Each field is taken once, by the surest column; ``samples`` are some values of each;
    ``meant``: what the format itself says."""
    shape = shape_of(columns)
    own = meant_by(shape, columns)
    said = meant or {}
    values = {column: [text for value in samples.get(column, ()) if (text := value.strip())] for column in columns}
    tiers = tier_columns([column for column in columns if column not in said and column not in own])
    moved = _moved_names(columns, values) if shape == "plain" else {}
    names = {normal(column) for column in columns}
    found = [
        Guess(column, said[column], 99, "the format says so")
        if column in said
        else Guess(column, tiers[column].field, 85, tiers[column].reason)
        if column in tiers
        else Guess(column, "gtin", 75, "by its name; the column beside it says which kind of number it is")
        if normal(column) in _NUMBERED and f"{normal(column)} type" in names
        else replace(_guess(moved.get(column, column), own, shape, values[column]), column=column)
        for column in columns
    ]
    taken: set[str] = set()
    chosen: dict[str, Guess] = {}
    for guess in sorted(found, key=lambda guess: -guess.confidence):
        if guess.field and guess.field not in taken:
            taken.add(guess.field)
            chosen[guess.column] = guess
    if shape == "plain":
        _take_more_pictures(found, values, chosen)
        rows = max((len(samples.get(column, ())) for column in columns), default=0)
        _take_number_called_option(columns, values, taken, chosen, rows)
        _take_options(columns, taken, chosen)
        _leave_shared_number(samples, taken, chosen)
        _leave_weak_id(values, taken, chosen)
        _take_id_for_sku(columns, values, chosen, rows)
        _take_by_looks(columns, values, taken, chosen, rows)
        _take_only_price(taken, chosen)
        _take_warehouses(columns, values, chosen)
        _take_what_tells_apart(columns, samples, taken, chosen)
    return [chosen.get(column, Guess(column, "", 0, "not used")) for column in columns]


def _guess(column: str, own: Mapping[str, str], shape: str, values: Sequence[str]) -> Guess:
    name = normal(column)
    if column in own:
        return Guess(column, own[column], 100 if own[column] else 0, f"column of {SHAPES[shape]}")
    if shape == "plain" and name in _AMBIGUOUS:
        return _ambiguous(column, values)
    field, sure = known_field(column)
    if field:
        return _by_name(column, field, 60 if name in _WEAK_IDS else sure, values, shape)
    bare = _UNIT_IN_NAME.sub("", name).strip()
    if bare != name and bare in BY_NAME:
        return Guess(column, BY_NAME[bare], 85, "by its name")
    if shape != "plain":
        return Guess(column, "", 0, "not used")
    field, sure = field_by_words(column)
    if field and not values:
        return Guess(column, field, 20, "by a word of its name; the first rows have no values")
    if field and looks.speaks_for(field, values):
        return Guess(column, field, _of_stock(values, sure) if field == "stock" else sure, "by a word of its name")
    bare_price = price_without_word(column)
    if bare_price and not field and looks.most(looks.looks_like_price(value) for value in values):
        return Guess(column, bare_price, 50, "by a word of its name; its values look like prices")
    return Guess(column, "", 0, "not used") if field else _by_values(column, values)


def _by_name(column: str, field: str, sure: int, values: Sequence[str], shape: str) -> Guess:
    if shape != "plain":
        return Guess(column, field, sure, "by its name")
    if not values:
        return Guess(column, field, min(sure, 50), "by its name; the first rows have no values")
    if field == "stock":
        if sure < _SAID and not looks.may_hold(field, values):
            return Guess(column, "", 0, "not used")
        return Guess(column, field, _of_stock(values, sure), "by its name")
    if field in ("title", "cost", "price", "msrp", "map") and not looks.may_hold(field, values):
        return Guess(column, field, _DOUBTED, "by its name, though its values do not look so")
    return Guess(column, field, sure, "by its name")


def _of_stock(values: Sequence[str], sure: int) -> int:
    """Of two columns for stock, the one with figures tells more than the one with words, and words for stock more than
    yes and no."""
    if looks.most(looks.is_figure(value) for value in values):
        return sure
    return sure - 10 if any(looks.says_stock(value) for value in values) else sure - 15


def _ambiguous(column: str, values: Sequence[str]) -> Guess:
    """A column that is called as what all the list is about."""
    if looks.most((looks.looks_like_code(value) for value in values), 0.8) and looks.differ(values, 0.8):
        return Guess(column, "sku", 70, "its values look like article numbers, each one different")
    if looks.speaks_for("title", values):
        return Guess(column, "title", 85, "by its name")
    return Guess(column, "", 0, "not used")


def _by_values(column: str, values: Sequence[str]) -> Guess:
    if len(values) >= _FEW:
        if looks.most(looks.looks_like_gtin(value) for value in values):
            return Guess(column, "gtin", 70, "its values are GTINs")
        if looks.most(looks.is_answer(value) for value in values) and any(looks.says_stock(value) for value in values):
            return Guess(column, "stock", 60, "its values are words for stock")
        if looks.most(value.count(" > ") > 0 for value in values):
            return Guess(column, "category", 60, "its values are ways through a tree of categories")
        if all(looks.looks_like_picture(value) for value in values):
            return Guess(column, "image_urls", 60, "its values are addresses of pictures")
        if may_be_a_price(column) and all(looks.looks_like_price(value) for value in values):
            return Guess(column, "price", 40, "its values look like prices")
    return Guess(column, "", 0, "not used")


def _take_more_pictures(found: Sequence[Guess], values: Mapping[str, Sequence[str]], chosen: dict[str, Guess]) -> None:
    """Lists have a column for each picture, or one for the first and one for the others."""
    more = [
        guess
        for guess in found
        if guess.field == "image_urls"
        and guess.column not in chosen
        and may_hold_more(guess.column, values[guess.column])
    ]
    for name, guess in zip(PICTURE_PLACES, more, strict=False):
        chosen[guess.column] = Guess(guess.column, name, 70, "more pictures")


def _moved_names(columns: Sequence[str], values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Column without a name → the name over the empty column before it: one stood over both."""
    return {
        beside: column
        for column, beside in itertools.pairwise(columns)
        if is_unnamed(beside) and values[beside] and not is_unnamed(column) and not values[column]
    }


def _take_number_called_option(
    columns: Sequence[str], values: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess], rows: int
) -> None:
    """Programs of warehouses call an article a material."""
    for column in columns:
        if "sku" in taken or column in chosen or OPTION_COLUMNS.get(normal(column)) not in ("Material", "Style"):
            continue
        numbers = values[column]
        different = len(numbers) == rows >= _FEW and looks.differ(numbers, 1)
        if different and looks.most(looks.looks_like_code(number) for number in numbers):
            chosen[column] = Guess(column, "sku", 65, "its values look like article numbers, each one different")
            taken.add("sku")


def _leave_shared_number(samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]) -> None:
    """An article number that variants share is their product's."""
    number = next((guess.column for guess in chosen.values() if guess.field == "sku"), None)
    options = [guess.column for guess in chosen.values() if guess.field.endswith("_value")]
    if number is None or "product_id" in taken:
        return
    cells = {column: [cell.strip() for cell in samples.get(column, ())] for column in (number, *options)}
    if number_is_shared(cells[number], [cells[option] for option in options]):
        reason = f"it repeats, and {options[0][:40]!r} tells its rows apart; SKUs are made of both"
        chosen[number] = Guess(number, "product_id", SURE - 5, reason)
        taken.discard("sku")
        taken.add("product_id")


def _take_what_tells_apart(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]
) -> None:
    """Where nothing but the title tells products, and titles repeat: what tells their rows apart is an option."""
    title = next((guess.column for guess in chosen.values() if guess.field == "title"), None)
    if title is None or taken & {"sku", "gtin", "product_id", "option1_value"}:
        return
    cells = {column: [cell.strip() for cell in samples.get(column, ())] for column in columns}
    others = {column: cells[column] for column in columns if column not in chosen}
    column = column_that_tells(cells[title], others)
    if column is not None:
        reason = "titles repeat, and this tells their rows apart"
        chosen[column] = Guess(column, "option1_value", SURE - 10, reason)


def _take_by_looks(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess], rows: int
) -> None:
    """Where no column is called so: the one whose values look like names, and the one whose values look like numbers
    of articles, each different in nearly every row. Both stand in most rows."""
    if "title" not in taken:
        _take_other_for_title(samples, taken, chosen)
    else:
        _take_both_of_a_name(columns, samples, taken, chosen)
    if "sku" not in taken and len(_OF_ADS & set(map(normal, columns))) >= _MOST_OF_ADS:
        _take_id_of_ads(columns, samples, taken, chosen)
    for field, looking, share, reason in (
        ("title", looks.looks_like_name, 0.3, "its values look like names of products"),
        ("sku", looks.looks_like_code, 0.9, "its values look like article numbers, each one different"),
    ):
        if field in taken:
            continue
        for column in columns:
            values = samples[column]
            if column in chosen or len(values) < max(_FEW, rows / 2) or not looks.differ(values, share):
                continue
            if looks.most(looking(value) for value in values):
                chosen[column] = Guess(column, field, 40, reason)
                taken.add(field)
                break


def _take_id_of_ads(
    columns: Sequence[str], values: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]
) -> None:
    for column in columns:
        if normal(column) == "id" and column not in chosen and values[column] and looks.differ(values[column], 1):
            chosen[column] = Guess(column, "sku", 75, "the ids of a feed for ads, each one different")
            taken.add("sku")


def _take_other_for_title(samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]) -> None:
    """Price lists often call the product's name its description, or have nothing but its model."""
    for column, guess in chosen.items():
        values = samples[column]
        if guess.field == "description" and looks.most(len(value) <= TITLE_MAX for value in values):
            reason = "by its name; its values are short, and there is no title"
            sure = 75 if looks.most(len(value) <= _SHORT for value in values) else 50
        elif normal(column) in _WEAK_IDS and guess.field == "product_id" and looks.differ(values, 0.9):
            reason, sure = "there is no other title, and each one is different", 50
        else:
            continue
        taken.discard(guess.field)
        chosen[column] = Guess(column, "title", sure, reason)
        taken.add("title")
        return


def _leave_weak_id(values: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]) -> None:
    """What is called model is what variants share only where there are variants: models that repeat, and options."""
    for column, guess in list(chosen.items()):
        if guess.field != "product_id" or normal(column) not in _WEAK_IDS or "title" not in taken:
            continue
        if looks.differ(values[column], 1) or not any(field.endswith("_value") for field in taken):
            del chosen[column]
            taken.discard("product_id")


def _take_id_for_sku(
    columns: Sequence[str], values: Mapping[str, Sequence[str]], chosen: dict[str, Guess], rows: int
) -> None:
    """A manufacturer's number is no SKU where several articles share it, or have none, and an id tells them apart."""
    for column, guess in list(chosen.items()):
        if guess.field != "sku" or normal(column) not in _MAKERS_NUMBERS or guess.confidence > _BY_NAME:
            continue
        if len(values[column]) == rows and looks.differ(values[column], 1):
            return
        for other in columns:
            told = other not in chosen and normal(other) in _IDS and len(values[other]) == rows
            if told and looks.differ(values[other], 1):
                del chosen[column]
                chosen[other] = Guess(other, "sku", 75, "each one is different, as the manufacturers' numbers are not")
                return


def _take_both_of_a_name(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], taken: set[str], chosen: dict[str, Guess]
) -> None:
    """A name may stand over two columns, the article's number and its name; the second is unnamed then."""
    for column, beside in itertools.pairwise(columns):
        guess = chosen.get(column)
        if guess is None or guess.field != "title" or guess.confidence > _DOUBTED or not is_unnamed(beside):
            continue
        if beside not in chosen and looks.speaks_for("title", samples[beside]):
            reason = "the name before stands over both columns"
            chosen[beside] = Guess(beside, "title", 55, reason)
            del chosen[column]
            if "sku" not in taken and looks.speaks_for("sku", samples[column]):
                taken.add("sku")
                chosen[column] = Guess(column, "sku", 55, reason)


def _take_only_price(taken: set[str], chosen: dict[str, Guess]) -> None:
    """A retail price is the price where a list has no other."""
    if {"cost", "price"} & taken:
        return
    for column, guess in chosen.items():
        if guess.field == "msrp" and is_retail(column):
            chosen[column] = Guess(column, "price", 50, "a retail price, and there is no other")
            return


def _take_warehouses(columns: Sequence[str], values: Mapping[str, Sequence[str]], chosen: dict[str, Guess]) -> None:
    """Stock in a column for each place is added up, where none is all of it; either way a person is asked."""
    whole = next((guess.column for guess in chosen.values() if guess.field == "stock"), None)
    places = [
        column
        for column in columns_of_places(columns, values)
        if column == whole or column not in chosen
    ]  # fmt: skip
    if whole in places and len(places) > 1:
        for field, column in zip(("stock", *STOCK_PLACES), places, strict=False):
            reason = f"one of {len(places)} columns for stock at different places, which are added up"
            chosen[column] = Guess(column, field, SURE - 5, reason)
    elif whole is not None:
        more = next((place for place in places if is_less_than(values, whole, place)), None)
        if more is not None:
            reason = f"by its name, though {more[:40]!r} says more: if it is another place, have it added"
            chosen[whole] = Guess(whole, "stock", SURE - 10, reason)


def _take_options(columns: Sequence[str], taken: set[str], chosen: dict[str, Guess]) -> None:
    """Columns such as "Colour" are options of their own name."""
    free = [number for number in (1, 2, 3) if f"option{number}_value" not in taken]
    for column in columns:
        if column not in chosen and normal(column) in OPTION_COLUMNS and free:
            chosen[column] = Guess(column, f"option{free.pop(0)}_value", 80, "by its name; the column names the option")


def unit_in_name(column: str) -> str | None:
    """The unit that a column's name gives, as in "Weight (kg)"; Shopify's gram columns are recognised by theirs."""
    found = _UNIT_IN_NAME.search(normal(column))
    return found.group(1) if found else None
