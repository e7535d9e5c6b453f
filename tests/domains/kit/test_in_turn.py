"""Work of which two parts go on at once ends in its order, and stops where nobody wants more."""

from __future__ import annotations

from threading import Event

import pytest

from app.kit.in_turn import Stopped, Turn, in_turn


def test_the_next_works_beside_the_one_before_and_ends_after_it() -> None:
    second_works = Event()
    ended: list[int] = []

    def work(item: int, turn: Turn) -> bool:
        turn.let_next_begin()
        if item == 0:
            assert second_works.wait(10), "the second one is at work already"
        else:
            second_works.set()
        turn.come()
        ended.append(item)
        return True

    in_turn(range(5), work)
    assert ended == [0, 1, 2, 3, 4]


def test_one_that_lets_nobody_begin_works_alone() -> None:
    at_work: set[int] = set()

    def work(item: int, turn: Turn) -> bool:
        turn.come()
        at_work.add(item)
        assert at_work == {item}
        at_work.remove(item)
        return True

    in_turn(range(5), work)


def test_nothing_ends_after_one_that_was_not_wanted_or_failed() -> None:
    for trouble in (None, OSError("the database is away")):
        ended: list[int] = []
        stopped: list[int] = []

        def work(item: int, turn: Turn, trouble: OSError | None = trouble, ended: list[int] = ended,
                 stopped: list[int] = stopped) -> bool:  # fmt: skip
            turn.let_next_begin()
            try:
                turn.come()
            except (Stopped, OSError):
                stopped.append(item)
                raise
            if item == 2 and trouble is not None:
                raise trouble
            ended.append(item)
            return item != 2

        if trouble is None:
            in_turn(range(9), work)
            assert ended == [0, 1, 2]
        else:
            with pytest.raises(OSError, match="away"):
                in_turn(range(9), work)
            assert ended == [0, 1]
        assert stopped in ([], [3]), "what was begun beside it came to nothing"
