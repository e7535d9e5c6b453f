"""Files that programs call ``.xls`` and Excel opens as such, though they are tables of HTML or Excel's XML of 2003.
Their sheets are held whole, in the process that reads them (``apart``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from app.adapters._encodings import Written, beginning_of, how_written
from app.feeds.feed import UnreadableFile

#: The kind of tables that are web pages.
HTML = "HTML"
_HEAD, _BLOCK = 4096, 256 * 1024
#: Cells that one may stand for, to the right and below.
_WIDEST, _TALLEST, _LARGEST = 500, 10_000, 10_000_000
_MOST_TABLES, _DEEPEST = 100, 60
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_HTML = re.compile(
    r"(?:<!--.*?-->|<\?xml[^>]*>|\s)*<(?:!doctype\s+html|html|head|meta|body|table|style)\b",
    re.DOTALL | re.IGNORECASE,
)
_XML = re.compile(r"<(?:\?xml|\w*:?Workbook)")
_OF_2003 = "urn:schemas-microsoft-com:office:spreadsheet"
#: What stands on lines of its own in a cell.
_BREAKS = frozenset({"br", "p", "div", "li"})
_HIDDEN = frozenset({"script", "style", "title"})


@dataclass(slots=True)
class Page:
    """A sheet as the reader of workbooks has it."""

    name: str
    rows: list[list[str | float]] = field(default_factory=list)

    @property
    def start(self) -> tuple[int, int] | None:
        """Where its cells begin; None where there are none."""
        return (0, 0) if any(map(any, self.rows)) else None

    @property
    def total_height(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def iter_rows(self) -> Iterator[list[str | float]]:
        """All rows."""
        return iter(self.rows)


@dataclass(slots=True)
class Tables:
    """The sheets of a file, by name; ``kind``: for people."""

    kind: str
    pages: Sequence[Page]

    @property
    def sheet_names(self) -> list[str]:
        """The names of all."""
        return [page.name for page in self.pages]

    @property
    def sheets(self) -> list[str]:
        """Those that may hold a list."""
        return self.sheet_names[:_MOST_TABLES]

    def get_sheet_by_name(self, name: str) -> Page:
        """The sheet of that name."""
        return next(page for page in self.pages if page.name == name)


def kind_of(head: bytes) -> str:
    """``html`` or ``xml`` of 2003 where a file begins as such a table does; empty for any other."""
    text = beginning_of(head)
    if _HTML.match(text):
        return "html"
    return "xml" if _OF_2003 in text and _XML.match(text) else ""


def has_table(head: bytes) -> bool:
    """Whether a web page that begins so may hold a table."""
    return len(head) >= _HEAD or "<table" in beginning_of(head).lower()


def tables_of(stream: BinaryIO) -> Tables | None:
    """The tables of a file; None where it is of another kind. Raises ``UnreadableFile``."""
    stream.seek(0)
    kind = kind_of(stream.read(_HEAD))
    if kind == "xml":
        return Tables("Excel 2003 XML", list(_workbook(stream)))
    return Tables(HTML, _web_page(stream)) if kind else None


def _web_page(stream: BinaryIO) -> list[Page]:
    stream.seek(0)
    head = stream.read(_BLOCK)
    written = how_written(stream, head)
    said = _CHARSET.search(head[:_HEAD])
    if said and not written.encoding.startswith("utf") and not said[1].lower().startswith(b"utf"):
        named = said[1].decode("ascii", errors="replace")
        written = Written(named, errors="replace") if _is_known(named) else written
    parser = _Parser()
    stream.seek(0)
    for line in written.text(stream):
        parser.feed(line)
    parser.close()
    pages = [page for page in parser.pages if page.start]
    if not pages:
        raise UnreadableFile(
            "web_page",
            "This is a web page without a table. Is it the page on which one signs in? Send the list itself.",
        )
    return pages


def _is_known(encoding: str) -> bool:
    try:
        return not "".encode(encoding)
    except (LookupError, UnicodeError):
        return False


class _Parser(HTMLParser):
    """Takes tables out of HTML, however carelessly it is written; a table within a cell is one of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pages: list[Page] = []
        self._open: list[_Open] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What begins. What should have ended before, ends."""
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "table":
            if len(self._open) >= _DEEPEST:
                raise UnreadableFile("malformed", f"The file's tables stand more than {_DEEPEST} levels deep.")
            self._open.append(_Open(Page(f"Table {len(self.pages) + 1}")))
            if len(self.pages) < _MOST_TABLES:
                self.pages.append(self._open[-1].page)
        elif self._open and tag == "tr":
            self._open[-1].begin_row()
        elif self._open and tag in ("td", "th"):
            sizes = dict(attrs)
            self._open[-1].begin_cell(_size(sizes.get("colspan"), _WIDEST), _size(sizes.get("rowspan"), _TALLEST))
        elif self._open and tag in _BREAKS:
            self._open[-1].add(" ")

    def handle_endtag(self, tag: str) -> None:
        """What ends."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif self._open and tag == "table":
            self._open.pop().end_row()
        elif self._open and tag == "tr":
            self._open[-1].end_row()
        elif self._open and tag in ("td", "th"):
            self._open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._open and not self._hidden:
            self._open[-1].add(data)

    def close(self) -> None:
        """The file ends, and with it what was not ended."""
        super().close()
        while self._open:
            self._open.pop().end_row()


@dataclass(slots=True)
class _Open:
    """A table under way. ``below``: places of cells that go on from rows above → how many rows more."""

    page: Page
    row: list[str | float] | None = None
    texts: list[str] | None = None
    wide: int = 1
    below: dict[int, int] = field(default_factory=dict)

    def begin_row(self) -> None:
        self.end_row()
        self.row = []

    def end_row(self) -> None:
        self.end_cell()
        if self.row is not None:
            self._skip()
            self.page.rows.append(self.row)
            self.row = None

    def begin_cell(self, wide: int, tall: int) -> None:
        self.end_cell()
        if self.row is None:
            self.row = []
        self._skip()
        self.texts, self.wide = [], wide
        if tall > 1:
            self.below |= dict.fromkeys(range(len(self.row), len(self.row) + wide), tall - 1)

    def end_cell(self) -> None:
        if self.texts is not None and self.row is not None:
            self.row.append(" ".join("".join(self.texts).split()))
            self.row.extend([""] * (self.wide - 1))
        self.texts = None

    def add(self, text: str) -> None:
        if self.texts is not None:
            self.texts.append(text)

    def _skip(self) -> None:
        """Leave out the places of cells that go on from above."""
        assert self.row is not None
        while (place := len(self.row)) in self.below:
            self.row.append("")
            self.below[place] -= 1
            if self.below[place] <= 0:
                del self.below[place]


def _size(said: str | None, most: int) -> int:
    """A number of cells, from 1 to ``most``; 1 where it is none."""
    return min(max(int(said), 1), most) if said and said.isascii() and said.isdigit() and len(said) < 9 else 1


def _workbook(stream: BinaryIO) -> Iterator[Page]:
    """The sheets of Excel's XML of 2003. Cells and rows may say which they are; those between are empty."""
    stream.seek(0)
    page: Page | None = None
    hidden = False
    row: list[str | float] = []
    deep = 0
    try:
        for event, element in iterparse(stream, events=("start", "end"), forbid_entities=True, forbid_external=True):
            name = element.tag.rpartition("}")[2]
            said = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
            deep += 1 if event == "start" else -1
            if deep > _DEEPEST:
                raise UnreadableFile("malformed", f"The file's elements stand more than {_DEEPEST} levels deep.")
            if event == "start":
                if name == "Worksheet":
                    page, hidden = Page(said.get("Name", "Sheet")), False
                elif name == "Row" and page is not None:
                    row = []
                    page.rows.extend([] for _ in range(_missing(said, len(page.rows), _TALLEST)))
                elif name == "Cell":
                    row.extend([""] * _missing(said, len(row), _WIDEST))
                continue
            if name == "Cell":
                data = next((one for one in element if one.tag.rpartition("}")[2] == "Data"), None)
                row.append("" if data is None else _value(data))
                if "MergeAcross" in said:
                    row.extend([""] * _size(said["MergeAcross"], _WIDEST))
            elif name == "Row" and page is not None:
                page.rows.append(row)
            elif name == "Visible" and (element.text or "").startswith("SheetHidden"):
                hidden = True
            elif name == "Worksheet" and page is not None:
                if not hidden:
                    yield page
                page = None
            if name in ("Row", "Style", "Worksheet"):
                element.clear()
    except DefusedXmlException as error:
        raise UnreadableFile(
            "entities", "The file declares entities or refers to other files. Save it without them."
        ) from error
    except ParseError as error:
        line = error.position[0]
        raise UnreadableFile("malformed", f"The file is no well-formed XML: {error.msg}.", row=line) from error
    except (LookupError, ValueError) as error:
        raise UnreadableFile("encoding", "The file's encoding is not known. Save it as UTF-8.") from error


def _missing(said: Mapping[str, str], there: int, most: int) -> int:
    """How many empty rows or cells stand before one that may name its place, from 1 on."""
    return max(min(_size(said.get("Index"), _LARGEST) - 1 - there, most), 0)


def _value(data: Element) -> str | float:
    text = "".join(data.itertext()).strip()
    kind = next((value for key, value in data.attrib.items() if key.rpartition("}")[2] == "Type"), "")
    if kind == "Boolean":
        return "true" if text == "1" else "false"
    try:
        return float(text) if kind == "Number" else text
    except ValueError:
        return text
