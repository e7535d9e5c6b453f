"""Settings for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app import config


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Give settings by name; they are gone after the test."""

    def give(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"CROSSDOCK_{name.upper()}", value)
        config.reload()

    yield give
    monkeypatch.undo()
    config.reload()
