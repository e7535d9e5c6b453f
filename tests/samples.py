"""Real files of others, which lie beside the project on some machines. Where they don't, what is shown by them is
skipped, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[2] / "shared" / "samples"
_NOT_THERE = "samples not there"


def sample(name: str) -> Path:
    """One file, by its path in the samples; skips the test where it is not there."""
    path = _FOLDER / name
    if not path.is_file():
        pytest.skip(f"{_NOT_THERE}: {name}")
    return path


def all_samples(folder: str, pattern: str) -> list[Any]:
    """The files of a folder as a test's parameters; without any, one that is skipped."""
    found = sorted((_FOLDER / folder).glob(pattern))
    if not found:
        missing = pytest.mark.skip(reason=f"{_NOT_THERE}: {folder}/{pattern}")
        return [pytest.param(_FOLDER / folder, id="not-there", marks=missing)]
    return [pytest.param(path, id=path.stem) for path in found]
