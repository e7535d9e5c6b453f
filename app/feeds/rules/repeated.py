"""Values in a column repeat from row to row: each is understood once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
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
