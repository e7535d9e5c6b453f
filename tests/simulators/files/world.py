"""What the simulated servers hold: files, who may read them, and how they misbehave."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any

import paramiko


@dataclass(slots=True)
class File:
    """One file. ``basic`` is user and password, ``token`` header and value; ``status`` an answer to give instead."""

    content: bytes
    changed_at: int
    basic: tuple[str, str] | None = None
    token: tuple[str, str] | None = None
    status: int = 200
    etag: bool = True

    @property
    def tag(self) -> str:
        """Its ETag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'


@dataclass(slots=True)
class World:
    """Everything. ``asked`` is each request: way, path and status."""

    files: dict[str, File] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    #: User → the base64 of public keys.
    keys: dict[str, list[str]] = field(default_factory=dict)
    host_key: paramiko.PKey = field(default_factory=lambda: paramiko.ECDSAKey.generate())
    asked: list[dict[str, Any]] = field(default_factory=list)
    #: Folders that are there even when empty, and of these those into which users may write.
    folders: set[str] = field(default_factory=set)
    writable: set[str] = field(default_factory=set)
    #: The next renaming breaks the talk off, ``before`` or ``after`` it was done; empty: none does.
    breaks_at_rename: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _clock: int = 1_790_000_000

    def put(self, path: str, content: bytes, **how: Any) -> File:
        """A file, changed later than all before."""
        with self.lock:
            self._clock += 60
            self.files[path] = File(content, self._clock, **how)
            return self.files[path]

    def may_write(self, path: str) -> bool:
        """Whether a user may make or replace this file."""
        return path.rpartition("/")[0] in self.writable

    def note(self, way: str, path: str, status: int) -> None:
        """Somebody asked."""
        with self.lock:
            self.asked.append({"way": way, "path": path, "status": status})

    def folder(self, path: str) -> dict[str, File]:
        """The files of a folder by name."""
        prefix = path.strip("/") + "/" if path.strip("/") else ""
        return {
            name.removeprefix(prefix): file
            for name, file in self.files.items()
            if name.startswith(prefix) and "/" not in name.removeprefix(prefix)
        }
