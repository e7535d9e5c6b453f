"""Segments of an interchange. Separators differ from file to file: the ISA segment shows them (X12.5)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 64 * 1024
LONGEST_SEGMENT = 20_000

#: A segment's name and its elements, all of them stripped.
Segment = list[str]


class NotX12(ValueError):
    """These bytes are no interchange; the text says why."""


@dataclass(frozen=True, slots=True)
class Separators:
    """What stands between elements, between the parts of one, and after a segment."""

    element: str
    component: str
    terminator: str


def segments(stream: BinaryIO) -> tuple[Separators, Iterator[Segment]]:
    """The separators and the segments, one after the other. Raises ``NotX12``, the iterator as well.

    Lines that lack the terminator are taken apart where the next one begins with a segment's name."""
    # A letter of several bytes may stand across two chunks.
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    head = _text(decoder, stream.read(_CHUNK)).lstrip()
    separator = head[3:4]
    parts = head[:400].split(separator) if separator else []
    if not head.startswith("ISA") or separator.isalnum() or len(parts) < 17 or len(parts[16]) < 2:
        raise NotX12("The interchange header (ISA) is cut short.")
    found = Separators(separator, parts[16][0], parts[16][1])
    return found, _all(stream, decoder, head, found)


def _all(stream: BinaryIO, decoder: codecs.IncrementalDecoder, head: str, found: Separators) -> Iterator[Segment]:
    lost_end = re.compile(rf"[\r\n]+[ \t]*(?=[A-Z][A-Z0-9]{{1,2}}{re.escape(found.element)})")
    rest = head
    while True:
        *whole, rest = rest.split(found.terminator)
        for written in whole:
            for one in lost_end.split(written.strip()):
                yield from _one(one, found.element)
        if len(rest) > LONGEST_SEGMENT:
            raise NotX12("A segment of the interchange never ends.")
        chunk = stream.read(_CHUNK)
        if not chunk:
            break
        rest += _text(decoder, chunk)
    for one in lost_end.split(rest.strip()):
        yield from _one(one, found.element)


def _text(decoder: codecs.IncrementalDecoder, chunk: bytes) -> str:
    """Machines that fill up with zeros leave them in; no text may hold them."""
    return decoder.decode(chunk).replace("\x00", "")


def _one(written: str, separator: str) -> Iterator[Segment]:
    elements = [element.strip() for element in written.strip().split(separator)]
    if elements[0]:
        yield elements
