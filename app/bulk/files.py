"""Files that come of bulk actions: sealed, since they may hold addresses, and kept for a short time."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from app.config import key_ring, settings
from app.kit.crypto import Place
from app.kit.storage import FolderStorage, Storage

_LARGEST = 512 * 1024 * 1024


@cache
def _storage() -> Storage:
    return FolderStorage(settings().data_dir.absolute() / "bulk")


def keep(bulk_action_id: UUID, attempt: int, content: bytes) -> str:
    """Seal and keep a file. Returns the key under which it is found."""
    key = f"bulk/{bulk_action_id}-{attempt}"
    _storage().put(key, [key_ring().seal(content, _place(bulk_action_id))], limit=_LARGEST)
    return key


def read(bulk_action_id: UUID, key: str) -> bytes:
    """The file. Raises ``FileNotFoundError``."""
    with _storage().open(key) as sealed:
        return key_ring().open(sealed.read(), _place(bulk_action_id))


def forget(key: str) -> None:
    """Delete it; harmless when it is gone."""
    _storage().delete(key)


def _place(bulk_action_id: UUID) -> Place:
    return Place("bulk_actions", "file", bulk_action_id)
