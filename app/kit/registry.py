"""Adapters and jobs are found by walking a package: adding one is adding a folder or a file.

A folder offers its ``ADAPTER``, or ``ADAPTERS`` where many parties keep to one standard and differ in a few values. An
adapter that can't be imported stops the start with its name; it is never skipped.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def walk(package: ModuleType) -> Iterator[ModuleType]:
    """Every module directly below ``package``, imported, in the order of their names."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


class Registry(Generic[T]):
    """The adapters of one kind, by name: those of the package and those of installed packages."""

    def __init__(self, package_name: str) -> None:
        self._package_name = package_name
        self._found: dict[str, T] | None = None

    def all(self) -> Mapping[str, T]:
        """Every adapter by its name."""
        if self._found is None:
            modules = list(walk(importlib.import_module(self._package_name)))
            modules += [point.load() for point in entry_points(group=self._package_name)]
            self._found = {}
            for module in modules:
                offered: Sequence[Any] = module.ADAPTERS if hasattr(module, "ADAPTERS") else (module.ADAPTER,)
                self._found.update({adapter.name: adapter for adapter in offered})
        return self._found

    def get(self, name: str) -> T:
        """The adapter called ``name``. Raises ``KeyError`` when there is none."""
        return self.all()[name]

    def names(self) -> list[str]:
        """The names, sorted."""
        return sorted(self.all())
