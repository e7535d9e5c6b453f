"""Files that are kept: uploads. A folder here; an object store can take its place behind the same four verbs."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

_KEY = re.compile(r"[a-z0-9][a-z0-9-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+")


class TooLarge(Exception):
    """The stream holds more bytes than may be kept; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept: bytes and their SHA-256."""

    size: int
    sha256: str


class Storage(Protocol):
    """Where files are kept, by keys such as ``uploads/0192….csv``."""

    def put(self, key: str, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """Keep a stream of at most ``limit`` bytes. It is there whole or not at all. Raises ``TooLarge``."""

    def open(self, key: str) -> BinaryIO:
        """Read it. Raises ``FileNotFoundError``."""

    def delete(self, key: str) -> None:
        """Forget it; harmless when it is gone."""


@runtime_checkable
class NamedStorage(Storage, Protocol):
    """A storage among several, chosen by its name."""

    @property
    def name(self) -> str:
        """As the settings call it."""


class FolderStorage:
    """Files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """Written beside its place, then moved there."""
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        waiting = target.with_name(f".{uuid.uuid4().hex}")
        digest, size = hashlib.sha256(), 0
        try:
            with waiting.open("wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge(str(limit))
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            waiting.replace(target)
        finally:
            waiting.unlink(missing_ok=True)
        return Stored(size, digest.hexdigest())

    def open(self, key: str) -> BinaryIO:
        """The file's bytes."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """Remove the file."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key:
            raise ValueError("not a storage key")
        return self._root / key
