"""What single cells of a row mean, but for prices and quantities. Values repeat from row to row, so each is understood
once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from slugify import slugify

from app.catalog.rules import clean_html, image_url_problem
from app.catalog.tiers.rules import LARGEST_STEP
from app.feeds.rules.numbers import NotANumber, read_decimal
from app.feeds.rules.repeated import repeated
from app.kit.csv_lines import read_cell

MOST_TAGS = 50
LONGEST_TEXT = 255
#: Different cells of which a file's reader remembers what they mean.
REMEMBERED = 10_000
#: What people write where there is nothing, in small letters.
NOTHING = frozenset({"", "-", "--", "–", "—", "n/a", "n.a.", "na", "null", "none", "nan", r"\n"})
#: What a spreadsheet shows where a formula came to nothing.
_ERRORS = frozenset({"#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})
_MARKED = frozenset("'#")
LONGEST_HANDLE = 120
_SEVERAL = re.compile(r"\s*[|]\s*|\s*,\s*(?=https?://)|\s*;\s*(?=https?://)|\s+(?=https?://)")
_IS_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

#: Field → what a row's cell says; nothing for fields that the file has no column for.
Cell = Callable[[str], str]


def cells_of(fields: Mapping[str, int], cells: Sequence[str]) -> Cell:
    """Field → what a row's cell says; nothing for fields that the file has no column for. Each is looked at when it is
    asked for: most cells stand as they stood in another row."""

    def cell(field: str) -> str:
        place = fields.get(field)
        return "" if place is None else said_in(cells[place])

    return cell


def said_in(text: str) -> str:
    """What a cell says."""
    text = text.strip()
    if text[:1] not in _MARKED:
        return text
    return "" if text in _ERRORS else read_cell(text)


#: Variants of a product repeat its description, and stand together.
clean = repeated(64, longest=20_000)(clean_html)


@repeated(1024, longest=2000)
def addresses(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses of pictures in a cell, each once, and what is wrong with the others."""
    found: dict[str, None] = {}
    problems = []
    # Most cells divide their addresses by bars, if at all.
    plain = "," not in text and ";" not in text and text.split(maxsplit=1) == [text]
    for url in text.split("|") if plain else _SEVERAL.split(text):
        if not url:
            continue
        reason = image_url_problem(url)
        if reason is None:
            found.setdefault(url)
        else:
            problems.append(reason)
    return tuple(found), tuple(problems)


@repeated()
def units_of(text: str, mark: str | None = None) -> int:
    """A whole number of units; ``mark`` as ``read_decimal`` has it. Raises ``NotANumber``."""
    amount = read_decimal(text, mark)
    if amount != amount.to_integral_value() or not 0 < amount <= LARGEST_STEP:
        raise NotANumber(text)
    return int(amount)


@repeated()
def tags_of(text: str) -> tuple[str, ...]:
    """Tags, each once."""
    tags = (tag.strip()[:LONGEST_TEXT] for tag in re.split(r"[,;|]", text) if tag.strip())
    return tuple(dict.fromkeys(tags))[:MOST_TAGS]


@repeated()
def slug_of(text: str) -> str:
    """A handle made of a text."""
    if len(text) <= LONGEST_HANDLE and _IS_SLUG.fullmatch(text):
        return text
    return str(slugify(text, max_length=LONGEST_HANDLE))


@repeated()
def category_of(text: str) -> str:
    """The first path of several; levels are divided by ``>``."""
    first = re.split(r",\s*(?=[^,]*$)|,", text, maxsplit=1)[0] if ">" in text else text
    levels = [level.strip()[:LONGEST_TEXT] for level in re.split(r"\s*(?:>|/|\|)\s*", first) if level.strip()]
    return " > ".join(levels[:6])
