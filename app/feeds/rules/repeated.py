"""Values in a column repeat from row to row: each is understood once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, wraps
from operator import itemgetter
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: Longer values are hardly the same twice, and would fill the memory.
_LONGEST = 200


def repeated(values: int = 4096, *, longest: int = _LONGEST) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember the answers of a function of plain values whose first one is a text; so many, and of texts up to
    ``longest`` characters. What it raises is not remembered. Nobody may change an answer."""

    def remember(function: Callable[P, T]) -> Callable[P, T]:
        known = lru_cache(values)(function)

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            if len(args[0]) > longest:  # type: ignore[arg-type]
                return function(*args, **kwargs)
            return known(*args, **kwargs)  # type: ignore[arg-type]

        return answer

    return remember


def of_columns(fields: Mapping[str, int], names: Iterable[str]) -> Callable[[Sequence[str]], object]:
    """What gives the cells of a row that these of its fields stand in, as they stand there: what is understood of them
    is the same wherever they are the same."""
    places = [fields[name] for name in names if name in fields]
    return itemgetter(*places) if places else lambda _: None
