"""The newest file of a pattern in a folder of an SFTP server, whose key is remembered at the first visit."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import paramiko

from app.adapters._sftp import UNFINISHED, talk
from app.feeds.source import Access, AddressRefused, Brought
from app.kit.errors import Rejected, Unavailable
from app.kit.texts import marked as _

#: Entries of a folder that are looked at.
_MOST_ENTRIES = 10_000
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """``sftp://host:port/folder/pattern``, taken apart."""

    host: str
    port: int
    folder: str
    pattern: str

    @classmethod
    def parse(cls, address: str) -> Place:
        """Raises ``AddressRefused``."""
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise AddressRefused("That is not an address. It looks like " + Sftp.example) from error
        folder, _slash, pattern = unquote(parts.path).rpartition("/")
        if parts.scheme != "sftp" or not host or len(address) > 2000 or "\x00" in address:
            raise AddressRefused("The address must begin with sftp://, for example " + Sftp.example)
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("Leave the user name and password out of the address; there are fields for them.")
        if not pattern or parts.query or parts.fragment:
            raise AddressRefused("The address must end with a file's name or a pattern, for example " + Sftp.example)
        return cls(host, port or 22, folder or "/", pattern)


class Sftp:
    """The ``FeedTransport`` port over SFTP."""

    name = "sftp"
    label = "SFTP"
    example = "sftp://files.example.com/outbox/stock*.csv"
    schemes = (
        ("password", _("User name and password")),
        ("key", _("User name and private key")),
    )

    def check_address(self, address: str) -> None:
        """By its form only."""
        Place.parse(address)

    def fetch(
        self,
        address: str,
        access: Access,
        marks: Mapping[str, str],
        *,
        into: BinaryIO,
        largest: int,
        total_seconds: float,
    ) -> Brought:
        """See the port. ``marks["host_key"]`` is the server's key as it was seen first."""
        place = Place.parse(address)
        with talk(
            place.host,
            place.port,
            user=access.name,
            secret=access.secret,
            by_key=access.scheme == "key",
            known=marks.get("host_key"),
            total_seconds=total_seconds,
        ) as server:
            return _brought(server.client, place, {**marks, "host_key": server.host_key}, into, largest)


def _brought(
    client: paramiko.SFTPClient, place: Place, marks: Mapping[str, str], into: BinaryIO, largest: int
) -> Brought:
    newest = _newest(client, place)
    name, size, changed_at = newest.filename, newest.st_size or 0, newest.st_mtime or 0
    mark = f"{name}|{size}|{changed_at}"
    if marks.get("file") == mark:
        return Brought("", marks)
    too_large = Rejected("too_large", f"The file is larger than {largest} bytes.")
    if size > largest:
        raise too_large
    path = f"{place.folder.rstrip('/')}/{name}"
    written = 0
    with client.open(path, "rb") as file:
        file.prefetch(size, max_concurrent_requests=64)
        while piece := file.read(_CHUNK):
            written += len(piece)
            if written > largest:
                raise too_large
            into.write(piece)
    after = client.stat(path)
    if (after.st_size, after.st_mtime) != (newest.st_size, newest.st_mtime) or written != size:
        raise Unavailable("the file is still being written")
    return Brought(name, {**marks, "file": mark})


def _newest(client: paramiko.SFTPClient, place: Place) -> paramiko.SFTPAttributes:
    """The file of the pattern that was changed last. Raises ``Rejected`` when there is none."""
    found: paramiko.SFTPAttributes | None = None
    try:
        for count, one in enumerate(client.listdir_iter(place.folder)):
            if count >= _MOST_ENTRIES:
                raise Rejected("too_many_files", f"The folder holds more than {_MOST_ENTRIES} files; clear it up.")
            if not _is_wanted(one, place.pattern):
                continue
            if found is None or (one.st_mtime or 0, one.filename) > (found.st_mtime or 0, found.filename):
                found = one
    except FileNotFoundError as error:
        raise Rejected("no_folder", f"There is no folder {place.folder}.") from error
    except PermissionError as error:
        raise Rejected("not_readable", f"The folder {place.folder} may not be read.") from error
    if found is None:
        raise Rejected("no_file", f"No file in {place.folder} is called {place.pattern}.")
    return found


def _is_wanted(one: paramiko.SFTPAttributes, pattern: str) -> bool:
    name = one.filename
    if "/" in name or name.startswith(".") or name.lower().endswith(UNFINISHED):
        return False
    return stat.S_ISREG(one.st_mode or 0) and fnmatchcase(name, pattern)
