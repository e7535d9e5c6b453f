"""Pictures in the data folder of the machine: enough where web and workers share a disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from app.config import settings
from app.kit.storage import FolderStorage, Stored


class Folder:
    """The ``NamedStorage`` port on ``CROSSDOCK_DATA_DIR``."""

    name = "folder"

    def put(self, key: str, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """As the port says."""
        return _here().put(key, chunks, limit=limit)

    def open(self, key: str) -> BinaryIO:
        """As the port says."""
        return _here().open(key)

    def delete(self, key: str) -> None:
        """As the port says."""
        _here().delete(key)


def _here() -> FolderStorage:
    return FolderStorage(settings().data_dir.absolute())
