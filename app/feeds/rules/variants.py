"""What tells the variants of one product apart in plain lists that do not say which rows are variants."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from app.feeds.rules import looks

#: From how many rows on a list tells something, how many of them differ at most where some belong together, and how
#: many at least where each is told apart.
_TELLING, _TOGETHER, _APART = 4, 0.9, 0.98
#: Longer texts are no options.
_LONGEST_OPTION = 80


def number_is_shared(numbers: Sequence[str], options: Sequence[Sequence[str]]) -> bool:
    """Whether an article number is that of a product: it repeats, and options (a sequence for each column) tell its
    rows apart."""
    if len(numbers) < _TELLING or not options or sum(map(bool, numbers)) < _TOGETHER * len(numbers):
        return False
    apart = set(zip(numbers, *options, strict=True))
    return len(set(numbers)) < _TOGETHER * len(numbers) and len(apart) >= _APART * len(numbers)


def column_that_tells(titles: Sequence[str], others: Mapping[str, Sequence[str]]) -> str | None:
    """The column that tells rows of one title apart, where titles repeat; None where none does, or none repeats."""
    if len(titles) < _TELLING or len(set(titles)) >= _TOGETHER * len(titles):
        return None
    for column, values in others.items():
        filled = [value for value in values if value]
        if len(filled) < len(values) / 2 or max(map(len, filled)) > _LONGEST_OPTION or _counts_rows(filled):
            continue
        if all(map(looks.looks_like_price, filled)) or filled[0].startswith(("http://", "https://")):
            continue
        if len(set(zip(titles, values, strict=True))) >= _APART * len(titles):
            return column
    return None


def _counts_rows(values: Sequence[str]) -> bool:
    """Whether numbers do nothing but go up, from row to row."""
    if not all(value.isascii() and value.isdigit() and len(value) < 9 for value in values):
        return False
    numbers = list(map(int, values))
    return all(one < other for one, other in itertools.pairwise(numbers))
