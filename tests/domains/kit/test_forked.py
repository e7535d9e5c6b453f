"""Work in a forked process gives its answer once, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from app.kit.forked import Forked, Lost, Progress


def _until_stopped(progress: Progress, seen: Path) -> bytes:
    progress.tell(os.getpid(), 2)
    while not progress.stopped:
        pass
    seen.write_text("ended by itself")
    return b"too late"


def test_it_answers_with_all_that_was_known_before() -> None:
    known = b"x" * 300_000
    with Forked(lambda progress: progress.tell(3, 4) or known) as other:  # type: ignore[func-returns-value]
        assert other.answer() == known
        assert other.progress.told == (3, 4)


def test_one_that_breaks_or_is_killed_is_lost() -> None:
    for work in (lambda _: 1 / 0, lambda _: os.kill(os.getpid(), signal.SIGKILL)):
        with Forked(work) as other, pytest.raises(Lost):  # type: ignore[arg-type]
            other.answer()


def test_it_has_ended_when_the_block_has(tmp_path: Path) -> None:
    with pytest.raises(KeyError), Forked(lambda progress: _until_stopped(progress, tmp_path / "seen")) as other:
        while not (pid := other.progress.told[0]):
            pass
        raise KeyError
    assert (tmp_path / "seen").read_text() == "ended by itself"
    assert not Path(f"/proc/{pid}").exists()
