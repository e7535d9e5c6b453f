"""Zipped files: what is in them is read by the other adapters; a list of products and one of their variants are joined.

Nothing is written by a name that stands in an archive, and nothing is unpacked beyond the limits, whatever the archive
says of itself.
"""

from __future__ import annotations

import gzip
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from app.adapters import registries
from app.feeds.feed import Limits, Row, SupplierFeed, Table, UnreadableFile, bounded, opened_at
from app.feeds.reading import HEAD
from app.feeds.rules.joining import joined

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
#: The first entry of what is a zip file for programs, but one document for people.
_DOCUMENTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"ppt/", b"mimetype", b"META-INF/")
_OFFICE = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv")
#: Where the name of a zip file's first entry stands, and how long it is.
_NAME_AT, _LENGTH_AT = 30, 26
MOST_ENTRIES = 1000
#: Files that systems and people put beside lists.
_NO_LISTS = frozenset(
    {".db", ".ini", ".pdf", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".doc", ".docx", ".lnk"}
)
_BESIDE = re.compile(
    r"(?:read.?me|licen[sc]e|liesmich|lies.?mich|lisez.?moi|leggimi|leame|terms|changelog|notice|manifest|info)\b[^.]*"
    r"(?:\.(?:txt|md|html?|rtf|json|xml))?$",
    re.IGNORECASE,
)
#: Files of one archive that are read.
MOST_FILES = 20
#: Bytes of them all, unpacked; and how many times the archive's size once it is large.
MOST_UNPACKED = 600 * 1024 * 1024
_LARGE, _MOST_TIMES = 50 * 1024 * 1024, 300
_CHUNK = 256 * 1024
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


class Packed:
    """The ``SupplierFeed`` port for .zip and .gz."""

    name = "packed"
    label = "ZIP"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By what is inside; spreadsheets are zip files of another kind."""
        if head.startswith(_GZIP):
            return True
        if not head.startswith(_ZIP) or file_name.lower().endswith(_OFFICE):
            return False
        length = int.from_bytes(head[_LENGTH_AT : _LENGTH_AT + 2], "little")
        first = head[_NAME_AT : _NAME_AT + length]
        return bool(first) and not first.startswith(_DOCUMENTS)

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Read the file in it; of several, parts of one list one after the other, and variants with their products."""
        return self.open_at(stream, limits, "")

    def open_at(self, stream: BinaryIO, limits: Limits, record: str) -> Table:
        """The same, with the place of products that a person chose."""
        stream.seek(0)
        files = dict(_unpacked(stream))
        if not files:
            raise UnreadableFile(
                "empty_archive", "The archive holds no list that can be read: no CSV, Excel, XML, JSON."
            )
        tables = {name: _opened(name, file, limits, record) for name, file in files.items()}
        if len(tables) == 1:
            ((name, table),) = tables.items()
            # Its lines are not the archive's.
            return replace(table, detected={**table.detected, "files": [name]}, lines=None)
        return _of_several(tables, limits)


def _unpacked(stream: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """The files in an archive that may be lists, by their names without folders."""
    head = stream.read(len(_ZIP))
    packed = stream.seek(0, 2)
    stream.seek(0)
    budget = _Budget(packed)
    try:
        if head.startswith(_GZIP):
            with gzip.open(stream) as one:
                yield "list", budget.copy(cast(BinaryIO, one))
            return
        with zipfile.ZipFile(stream) as archive:
            for name, entry in _entries(archive):
                with archive.open(entry) as one:
                    yield name, budget.copy(cast(BinaryIO, one))
    except RuntimeError as error:
        raise UnreadableFile("password", "The archive has a password. Pack it without one.") from error
    except _DAMAGED as error:
        raise UnreadableFile("malformed", "The archive is damaged. Pack it anew.") from error


class _Budget:
    """How much may still be unpacked. What the archive says of its sizes is not believed."""

    def __init__(self, packed: int) -> None:
        self._most = min(MOST_UNPACKED, max(_LARGE, packed * _MOST_TIMES))

    def copy(self, source: BinaryIO) -> BinaryIO:
        """The unpacked bytes in a file without a name, which is gone when nobody reads it any more."""
        target = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - it is read row by row, later
        while piece := source.read(_CHUNK):
            self._most -= len(piece)
            if self._most < 0:
                target.close()
                raise UnreadableFile("too_large_unpacked", "The archive is too large when it is unpacked. Split it.")
            target.write(piece)
        target.seek(0)
        return target


def _entries(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise UnreadableFile("too_many_files", f"The archive holds more than {MOST_ENTRIES} files.")
    found: list[tuple[str, zipfile.ZipInfo]] = []
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[:1] or entry.filename[1:2] == ":":
            raise UnreadableFile("bad_path", "The archive names a file outside of itself. Pack it anew.")
        if entry.is_dir() or "__MACOSX" in path.parts or path.name.startswith(".") or path.suffix.lower() in _NO_LISTS:
            continue
        with archive.open(entry) as one:
            head = one.read(HEAD)
        if head.startswith((_ZIP, _GZIP)) and PACKED.recognises(head, path.name):
            raise UnreadableFile(
                "nested", f"{path.name[:80]} is an archive within the archive. Pack the lists themselves."
            )
        if head.strip() and _reader(head, path.name) is not None:
            found.append((path.name[:200], entry))
    lists = [one for one in found if not _BESIDE.match(one[0])]
    found = lists or found
    if len(found) > MOST_FILES:
        raise UnreadableFile("too_many_files", f"The archive holds more than {MOST_FILES} lists. Send them one by one.")
    if len(dict(found)) < len(found):
        raise UnreadableFile("same_name", "Two files in the archive have the same name.")
    return found


def _reader(head: bytes, name: str) -> SupplierFeed | None:
    return next(
        (feed for known, feed in registries.feeds.all().items() if known != "packed" and feed.recognises(head, name)),
        None,
    )


def _opened(name: str, file: BinaryIO, limits: Limits, record: str) -> Table:
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith((_ZIP, _GZIP)) and PACKED.recognises(head, name):
        raise UnreadableFile("nested", "The archive holds another archive. Pack the lists themselves.")
    feed = _reader(head, name)
    if feed is None:
        raise UnreadableFile("empty_archive", "The archive holds no list that can be read: no CSV, Excel, XML, JSON.")
    try:
        return opened_at(feed, file, limits, record)
    except UnreadableFile as error:
        raise UnreadableFile(error.code, f"{name}: {error}", row=error.row, detected=error.detected) from error


def _of_several(tables: Mapping[str, Table], limits: Limits) -> Table:
    names = list(tables)
    first, *others = tables.values()
    if all(other.columns == first.columns for other in others):
        rows = chain.from_iterable(table.rows for table in tables.values())
        detected = {**first.detected, "files": names}
        return replace(first, detected=detected, rows=bounded(_numbered(rows), limits), titled=False, lines=None)
    both = joined(list(tables.values()), limits) if len(tables) == 2 else None
    if both is None:
        raise UnreadableFile(
            "several_files",
            f"The archive holds several lists with other columns: {_listed(names)}. Send them one by one.",
        )
    both.detected = {**both.detected, "files": names}
    both.rows = bounded(_numbered(both.rows), limits)
    return both


def _numbered(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows of several files as if they stood in one, with one header."""
    for number, row in enumerate(rows, start=2):
        yield Row(number, row.cells, row.wrong)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name[:60] for name in names[:5])


PACKED = Packed()
