"""State tables, tested exhaustively: what the code allows is what the test's own table says; and in each state
everything that can happen is tried; what the table does not allow is refused with a reason, or changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.db import Base
from app.kit.errors import AppError

T = TypeVar("T")

Moves = Mapping[str, Collection[str]]


def agree(table: Moves, states: Iterable[str], may_move: Callable[[str, str], bool], *, staying: bool) -> None:
    """Of all pairs of states those moves are allowed that the table names, and no others. ``staying``: whether the code
    takes staying for an allowed move."""
    assert set(table) == set(states)
    for current, wanted in ((one, other) for one in table for other in table):
        named = wanted in table[current] or (staying and wanted == current)
        assert may_move(current, wanted) is named, f"{current} to {wanted}"


@dataclass(frozen=True, slots=True)
class Refused:
    """What happens is refused with this code, and changes nothing."""

    code: str


#: What happens is heard, and changes nothing.
UNCHANGED = "unchanged"

#: Event → the state that it leads to (the same one: something else of it may change), UNCHANGED, or Refused.
Row = Mapping[str, str | Refused]


@dataclass(frozen=True, slots=True)
class Machine(Generic[T]):
    """``put`` makes a thing that is in a state; ``state`` says in which it is; ``look`` tells all that must not change
    where nothing changes; ``events`` are what can happen to it; ``effects``, by the state and the event, look at what
    a move must bring about. ``anew``: it is more than rows, so that each event needs a thing of its own."""

    put: Callable[[Session, str], T]
    state: Callable[[T], str]
    look: Callable[[T], Any]
    events: Mapping[str, Callable[[T], Any]]
    effects: Mapping[tuple[str, str], Callable[[T], None]]
    anew: bool = False


def effects_of(
    table: Mapping[str, Row], by_state: Mapping[str, Callable[[T], None]]
) -> dict[tuple[str, str], Callable[[T], None]]:
    """What is looked at after each event that leads to one of these states, from whichever it comes."""
    return {
        (current, event): by_state[after]
        for current, row in table.items()
        for event, after in row.items()
        if isinstance(after, str) and after in by_state
    }


def everything_happens(session: Session, machine: Machine[T], table: Mapping[str, Row], current: str) -> None:
    """Every event happens to a thing that is in the state ``current``; what each did is undone."""
    assert set(table[current]) == set(machine.events), "each event has its place in each row"
    moving = {event for event, after in table[current].items() if isinstance(after, str) and after != UNCHANGED}
    assert {event for state, event in machine.effects if state == current} <= moving, "each effect is one of a move"
    shared = None if machine.anew else machine.put(session, current)
    for event, happen in machine.events.items():
        expected, where = table[current][event], f"{current}: {event}"
        session.flush()
        undone = session.begin_nested()
        thing = machine.put(session, current) if shared is None else shared
        session.flush()
        assert machine.state(thing) == current, where
        before = machine.look(thing)
        if isinstance(expected, Refused):
            with pytest.raises(AppError) as caught:
                happen(thing)
            assert (where, caught.value.code) == (where, expected.code)
            assert caught.value.detail, where
        else:
            happen(thing)
        session.flush()
        if expected == UNCHANGED or isinstance(expected, Refused):
            assert (where, machine.state(thing)) == (where, current)
            assert (where, machine.look(thing)) == (where, before)
        else:
            assert (where, machine.state(thing)) == (where, expected)
            if (current, event) in machine.effects:
                machine.effects[current, event](thing)
        undone.rollback()
        session.expire_all()


def columns(row: Base, *, without: Collection[str] = ("updated_at",)) -> dict[str, Any]:
    """A row's own values as they are in the database."""
    state = inspect(row)
    assert state.session is not None
    state.session.flush()
    state.session.refresh(row)
    names = [one.key for one in state.mapper.column_attrs]
    return {name: getattr(row, name) for name in names if name not in without}
