"""Reads the spreadsheet on standard input and tells of it on standard output, in a process that may not grow large; it
ends by a signal, or as ``NO_MEMORY``, where it would.

The library holds a sheet as a full rectangle, so that a few bytes that name a cell far away take all memory there is.
What it tells are parts of JSON, each after its length in four bytes: the columns, then rows, none at the end.
"""

from __future__ import annotations

import resource
import sys
from itertools import islice
from typing import Any

import orjson

from app.adapters.feeds.sheet.lists import NO_MEMORY, read_lists
from app.feeds.feed import UnreadableFile

#: Rows told at once.
_AT_ONCE = 500


def main() -> None:
    """See the module. The most bytes of memory, seconds and columns come as arguments."""
    memory, seconds, columns = map(int, sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        names, detected, rows = read_lists(sys.stdin.buffer, columns)
        _tell({"columns": names, "detected": detected})
        while some := list(islice(rows, _AT_ONCE)):
            _tell({"rows": some})
        _tell({"rows": []})
    except MemoryError:
        sys.exit(NO_MEMORY)
    except UnreadableFile as error:
        _tell({"unreadable": [error.code, str(error)]})


def _tell(part: Any) -> None:
    told = orjson.dumps(part)
    sys.stdout.buffer.write(len(told).to_bytes(4) + told)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
