"""Spreadsheets. Each is read in a process of its own that may not grow large, and that does its part of the work beside
the rest: it sends the rows, as texts, while they are understood here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from app.adapters.feeds.sheet.lists import DAMAGED, NO_MEMORY
from app.adapters.feeds.sheet.tables import HTML, has_table, kind_of
from app.feeds.feed import Limits, Row, Table, UnreadableFile, bounded

_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_INSIDE = (b"[Content_Types].xml", b"xl/", b"mimetypeapplication/vnd.oasis", b"_rels/.rels", b"docProps/")
#: What a file may hold when it is unpacked: real sheets of 100,000 rows are a tenth of it.
_MOST_UNPACKED = 600 * 1024 * 1024
_MOST_TIMES = 300
#: What reading may take of memory and of the processor's time; 250,000 rows of 20 columns take a fifth of either.
_MOST_MEMORY, _MOST_SECONDS = 2 * 1024 * 1024 * 1024, 120
_APART = "app.adapters.feeds.sheet.apart"
_TOO_LARGE = "The spreadsheet is too large when it is unpacked. Split it."


class Sheet:
    """The ``SupplierFeed`` port for spreadsheets."""

    name = "sheet"
    label = "Excel"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By what is inside; the name alone can lie."""
        if head.startswith(_OLD_EXCEL):
            return True
        kind = kind_of(head)
        if kind:
            # What is sent as a list is told why it is none when it is read.
            return kind != "html" or has_table(head) or file_name.lower().endswith((".csv", ".tsv", *_ENDINGS))
        return head.startswith(_ZIP) and (
            file_name.lower().endswith(_ENDINGS) or any(inside in head for inside in _INSIDE)
        )

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Choose the sheet that looks most like a list of products, and those like it; rows follow."""
        _refuse_bombs(stream)
        reader = _Apart(stream, limits.columns)
        found = reader.next()
        return Table(
            columns=found["columns"],
            detected=found["detected"],
            rows=bounded(reader.rows(), limits),
            titled=True,
            # Cells of HTML are what people see.
            pointed="" if found["detected"].get("format") == HTML else "cells",
        )


def _refuse_bombs(stream: BinaryIO) -> None:
    """A zipped spreadsheet says beforehand how large it becomes."""
    stream.seek(0)
    if stream.read(4) != _ZIP:
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableFile("malformed", "The spreadsheet is damaged. Save it anew as .xlsx.") from error
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if unpacked > _MOST_UNPACKED or (unpacked > 50 * 1024 * 1024 and unpacked > _MOST_TIMES * max(packed, 1)):
        raise UnreadableFile("too_large_unpacked", _TOO_LARGE)


class _Apart:
    """The process that reads a spreadsheet, for as long as anybody wants its rows."""

    def __init__(self, stream: BinaryIO, most_columns: int) -> None:
        stream.seek(0)
        limits = [str(limit) for limit in (_MOST_MEMORY, _MOST_SECONDS, most_columns)]
        # Nothing of what this process knows is anything to it, but where modules are.
        env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-m", _APART, *limits], stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=env,
            )  # fmt: skip

    def next(self) -> Any:
        """The next part of what it tells. Raises ``UnreadableFile``."""
        told = self._process.stdout
        assert told is not None
        head = told.read(4)
        part = told.read(int.from_bytes(head)) if len(head) == 4 else b""
        if not part or len(part) < int.from_bytes(head):
            ended = self._process.wait()
            self.close()
            if ended < 0 or ended == NO_MEMORY:
                raise UnreadableFile("too_large_unpacked", _TOO_LARGE)
            raise UnreadableFile("malformed", DAMAGED)
        found = orjson.loads(part)
        if "unreadable" in found:
            self.close()
            raise UnreadableFile(*found["unreadable"])
        return found

    def rows(self) -> Iterator[Row]:
        """All rows; each is asked for once."""
        while some := self.next()["rows"]:
            for number, cells in some:
                yield Row(number, cells)
        self.close()

    def close(self) -> None:
        """Nobody wants more."""
        process = self._process
        if process.stdout is not None and not process.stdout.closed:
            process.stdout.close()
            process.kill()
            process.wait()

    __del__ = close
