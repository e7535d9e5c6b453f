"""Reads a spreadsheet on standard input once, in a process that may not grow large; it ends by a signal where it would.

The library holds a sheet as a full rectangle, so that a few bytes that name a cell far away take all memory there is.
Run as a file, without the rest of the application: it has to be quick to start.
"""

import resource
import sys

from python_calamine import CalamineWorkbook


def main() -> None:
    """See the module. The most bytes of memory, and of sheets, come as arguments. Other damages are not told here."""
    most, sheets = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = CalamineWorkbook.from_filelike(sys.stdin.buffer)
        for name in book.sheet_names[:sheets]:
            book.get_sheet_by_name(name)
    except BaseException:  # noqa: BLE001 - whatever it is, the one who asked meets it too, and tells it
        return


if __name__ == "__main__":
    main()
