"""Work beside this process's own, in another one that is forked from it and so begins with all that this one knows."""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import signal
import struct
import sys
from collections.abc import Callable
from types import TracebackType

_PR_SET_PDEATHSIG = 1
_TOLD, _STOPPED = struct.Struct("=2q"), struct.Struct("=q")
_LENGTH = struct.Struct("=q")
#: A process that was told to stop has so many seconds to end what it has begun.
_PATIENCE = 30.0


class Lost(Exception):
    """The process ended without an answer."""


def can_fork() -> bool:
    """Whether there is a second core to work on, and a way to fork that is safe beside threads which wait."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


class Progress:
    """Two numbers that the process tells while it works, and whether it is to stop; seen by both."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _TOLD.size + _STOPPED.size)

    @property
    def told(self) -> tuple[int, int]:
        """What it told last."""
        first, second = _TOLD.unpack_from(self._shared)
        return first, second

    def tell(self, first: int, second: int) -> None:
        """Note how far it is; only the process itself does."""
        _TOLD.pack_into(self._shared, 0, first, second)

    @property
    def stopped(self) -> bool:
        """Nobody wants the answer any more."""
        return bool(_STOPPED.unpack_from(self._shared, _TOLD.size)[0])

    def stop(self) -> None:
        """Ask it to end soon."""
        _STOPPED.pack_into(self._shared, _TOLD.size, 1)


class Forked:
    """``work`` in a process of its own, which ends with this one. At the end of the block it is stopped, if it still
    works, and has ended. It shares nothing with this one that is changed later but its ``progress``; whatever is open,
    such as connections to servers, is not for it to use."""

    def __init__(self, work: Callable[[Progress], bytes]) -> None:
        self.progress = Progress()
        parent, (self._told, told) = os.getpid(), os.pipe()
        self._ended = False
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._told)
            _work_alone(work, self.progress, told, parent)
        os.close(told)

    def answer(self) -> bytes:
        """What ``work`` returned, once it has. Raises ``Lost``."""
        with os.fdopen(self._told, "rb", closefd=False) as told:
            head = told.read(_LENGTH.size)
            answer = told.read() if len(head) == _LENGTH.size else b""
        self._wait()
        if len(head) < _LENGTH.size or len(answer) != _LENGTH.unpack(head)[0]:
            raise Lost("a process that worked beside this one ended without an answer")
        return answer

    def __enter__(self) -> Forked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self.progress.stop()
            self._let_end()
        os.close(self._told)

    def _let_end(self) -> None:
        """A transaction that it has begun is ended one way or the other, before anything is done anew."""
        ended, _, _ = select.select([self._told], [], [], _PATIENCE)
        if not ended:
            os.kill(self._pid, signal.SIGKILL)
        while os.read(self._told, 1 << 16):
            pass
        self._wait()

    def _wait(self) -> None:
        os.waitpid(self._pid, 0)
        self._ended = True


def _work_alone(work: Callable[[Progress], bytes], progress: Progress, told: int, parent: int) -> None:
    """The forked process's life. Nothing of what it has in common with its parent is closed or flushed."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == parent:
            answer = work(progress)
            with os.fdopen(told, "wb") as out:
                out.write(_LENGTH.pack(len(answer)) + answer)
            status = 0
    finally:
        os._exit(status)
