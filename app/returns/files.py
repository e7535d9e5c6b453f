"""Where photos and labels of returns are kept, apart from everything that may be shown to others."""

from __future__ import annotations

from functools import cache

from app.config import settings
from app.kit.storage import FolderStorage, Storage


@cache
def storage() -> Storage:
    """The storage of this process: a folder in the data folder."""
    return FolderStorage(settings().data_dir.absolute() / "returns")
