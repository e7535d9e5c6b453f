"""Working out the next item while the present one is in use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, each but the first made in another thread (always the same, in the caller's context) while the caller
    uses the one before. At most one item waits. What making one raises, is raised where the item would have come."""
    context = copy_context()

    def following() -> list[T]:
        return context.run(lambda: list(islice(items, 1)))

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(following)
        while found := coming.result():
            coming = thread.submit(following)
            yield found[0]
