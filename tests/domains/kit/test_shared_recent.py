"""What several processes remember together."""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit import clock
from app.kit.shared_recent import SharedRecent

_keys = st.binary(max_size=3)


@settings(max_examples=30)
@given(st.lists(st.tuples(_keys, st.binary(max_size=24)), max_size=60))
def test_what_is_remembered_is_what_was_put_last_under_the_key(put: list[tuple[bytes, bytes]]) -> None:
    memory = SharedRecent(places=16, room=20)
    newest: dict[bytes, bytes] = {}
    for key, value in put:
        if memory.put(key, value, since=clock.ticks()):
            newest[key] = value
            found = memory.get(key, 60)
            assert found is not None
            assert found.value == value
        else:
            assert len(value) > 20
    for key, value in newest.items():
        found = memory.get(key, 60)
        assert found is None or found.value == value


def test_a_value_ends_with_its_time_and_makes_room_for_newer_ones() -> None:
    memory = SharedRecent(places=4, room=10)
    begun = clock.ticks()
    for number in range(5):
        memory.put(b"%d" % number, b"value %d" % number, since=begun + number)
    assert memory.get(b"0", 60) is None, "the oldest gave way"
    found = memory.get(b"1", 60)
    assert found == (b"value 1", begun + 1)
    with clock.shifted(timedelta(seconds=60)):
        assert memory.get(b"1", 30) is None
    memory.forget()
    assert all(memory.get(b"%d" % number, 60) is None for number in range(5))


def test_a_forked_process_reads_and_writes_the_same() -> None:
    memory = SharedRecent(places=16, room=100)
    memory.put(b"before", b"the parent's", since=clock.ticks())
    child = os.fork()
    if child == 0:
        found = memory.get(b"before", 60)
        fits = found is not None and found.value == b"the parent's"
        memory.put(b"after", b"the child's", since=clock.ticks())
        os._exit(0 if fits else 1)
    assert os.waitpid(child, 0)[1] == 0
    found = memory.get(b"after", 60)
    assert found is not None
    assert found.value == b"the child's"


def test_what_was_damaged_counts_as_forgotten() -> None:
    memory = SharedRecent(places=4, room=30)
    memory.put(b"key", b"half of one answer", since=clock.ticks())
    where = memory._memory.find(b"half of one answer")
    memory._memory[where : where + 4] = b"HALF"
    assert memory.get(b"key", 60) is None
