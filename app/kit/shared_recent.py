"""Values that a process and those forked from it remember together for a short time."""

from __future__ import annotations

import mmap
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from app.kit import clock

#: Of one place: the key's mark, ``clock.ticks`` when the value came to be, its length, and a seal over all of it.
_HEAD = Struct("<16s d I 16s")
_WAYS = 4


class Shared(NamedTuple):
    """A value, and since when it holds."""

    value: bytes
    since: float


class SharedRecent:
    """Memory of ``places`` (a multiple of four) for values of up to ``room`` bytes each, one behind the other in pages
    that forked processes have in common. A value has four places it may take, and takes that of the oldest there.

    Nobody waits for anybody: what two write at once, or one reads while another writes, is known by a seal that does
    not fit, and counts as forgotten.
    """

    def __init__(self, places: int, room: int) -> None:
        self.room = room
        self._sets, self._each = places // _WAYS, _HEAD.size + room
        # Anonymous and shared (POSIX mmap): takes memory only where something was written.
        self._memory = mmap.mmap(-1, self._sets * _WAYS * self._each)

    def get(self, key: bytes, life: float) -> Shared | None:
        """What was put under ``key`` less than ``life`` seconds ago, by whichever process."""
        mark = _mark(key)
        for place in self._places(mark):
            found, since, length, seal = _HEAD.unpack_from(self._memory, place)
            if found == mark and length <= self.room and clock.ticks() - since < life:
                begin = place + _HEAD.size
                value = self._memory[begin : begin + length]
                if _seal(mark, since, value) == seal:
                    return Shared(value, since)
        return None

    def put(self, key: bytes, value: bytes, since: float) -> bool:
        """Remember ``value``, which holds since then (a reading of ``clock.ticks``); False where there is no room."""
        if len(value) > self.room:
            return False
        mark = _mark(key)
        heads = {place: _HEAD.unpack_from(self._memory, place) for place in self._places(mark)}
        own = [place for place, head in heads.items() if head[0] == mark]
        place = own[0] if own else min(heads, key=lambda one: float(heads[one][1]))
        begin = place + _HEAD.size
        self._memory[begin : begin + len(value)] = value
        _HEAD.pack_into(self._memory, place, mark, since, len(value), _seal(mark, since, value))
        return True

    def forget(self) -> None:
        """Forget them all, in every process."""
        for place in range(0, len(self._memory), self._each):
            _HEAD.pack_into(self._memory, place, b"", 0.0, 0, b"")

    def _places(self, mark: bytes) -> range:
        first = int.from_bytes(mark[:8], "little") % self._sets * _WAYS * self._each
        return range(first, first + _WAYS * self._each, self._each)


def _mark(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()


def _seal(mark: bytes, since: float, value: bytes) -> bytes:
    return blake2b(value, digest_size=16, key=mark + Struct("<d").pack(since)).digest()
