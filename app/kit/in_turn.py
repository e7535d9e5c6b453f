"""Working on two things at once that are to be finished one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """An item before this one was the last that anybody wanted."""


class Turn:
    """The place of an item's work in the row of all."""

    def __init__(self, before: Future[bool] | None) -> None:
        self._before = before
        self._begun = Event()

    def let_next_begin(self) -> None:
        """From here on the next item may be worked on beside this one; otherwise it begins when this one has ended."""
        self._begun.set()

    def await_next_begin(self) -> None:
        """Wait for ``let_next_begin``."""
        self._begun.wait()

    def come(self) -> None:
        """Wait until the work on all items before has ended. Raises ``Stopped``, or what the one before raised."""
        if self._before is not None and not self._before.result():
            raise Stopped


def in_turn(items: Iterable[T], work: Callable[[T, Turn], bool]) -> bool:
    """Work on all items, at most two at once, in threads with the caller's context. What an item does before it asks
    for its turn (``Turn.come``) happens beside the one before. It ends, once all work that was begun has, with the
    first that answers False, or raises what the first raised. Returns whether all were wanted."""
    before: Future[bool] | None = None
    with ThreadPoolExecutor(2) as threads:
        for item in items:
            turn = Turn(before)
            future = threads.submit(copy_context().run, work, item, turn)
            future.add_done_callback(lambda _, one=turn: one.let_next_begin())  # type: ignore[misc]
            turn.await_next_begin()
            if before is not None and not before.result():
                return False
            before = future
        return before is None or before.result()
