"""Papers: what a file really is, whether it is safe to open, and when it runs out.

What is refused is refused by looking at bytes alone, in time that grows with the file's size.
"""

from __future__ import annotations

import io
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from PIL import Image

KINDS = ("registration", "insurance", "other")
#: Kinds that a supplier must have before it sends its application, and those that run out.
NEEDED, EXPIRING = ("registration", "insurance"), ("insurance",)
#: The most bytes of one paper.
LARGEST = 10 * 1024 * 1024
#: Before the end a supplier is reminded so many days ahead.
REMINDERS = (30, 7, 0)
#: So many days after its insurance has lapsed a supplier sells on.
GRACE = timedelta(days=14)
#: No paper is valid longer than so many years from now; a later day is a slip.
LONGEST_YEARS = 10

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
_MOST_PIXELS = 60_000_000
#: Bytes of one object stream that are looked at, and of all of them together.
_ONE_STREAM, _ALL_STREAMS = 8 * 1024 * 1024, 64 * 1024 * 1024
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n")
_END = rb"(?![A-Za-z0-9_.-])"
_ENCRYPTED = re.compile(rb"/Encrypt" + _END)
#: Long enough not to turn up in a picture's bytes by chance, and so looked for everywhere.
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToR|GoToE)" + _END)
_FORMS = re.compile(rb"/(?:JS|XFA)" + _END)
_OBJECTS = re.compile(rb"/ObjStm" + _END)


class UnfitFile(ValueError):
    """The file can't be taken; the text says why and what to do."""


def media_type_of(content: bytes) -> str:
    """What a file is by its content. Raises ``UnfitFile`` for all but sound PDF, JPEG and PNG files, and for PDF files
    that are encrypted, run scripts, start programs or hold other files."""
    if not content:
        raise UnfitFile("The file is empty.")
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return PDF
    if content.startswith(b"\xff\xd8\xff"):
        _check_picture(content, "JPEG")
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        _check_picture(content, "PNG")
        return PNG
    raise UnfitFile("This is neither a PDF, a JPEG nor a PNG file. Scan or photograph the paper, or print it to PDF.")


def _check_picture(content: bytes, wanted: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[wanted]) as picture:
                width, height = picture.size
                picture.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnfitFile("The picture can't be read. Take it again.") from error
    if width * height > _MOST_PIXELS:
        raise UnfitFile("The picture is too large. Send one with fewer pixels.")


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-2048:]:
        raise UnfitFile("The PDF file is cut off. Save it again.")
    whole = _plain(content)
    if _ENCRYPTED.search(whole):
        raise UnfitFile("The PDF file is protected by a password. Save it without one.")
    outside, streams = _taken_apart(content)
    found = _ACTIVE.search(whole) or _FORMS.search(_plain(outside))
    if found or any(_ACTIVE.search(part) for part in _unpacked(streams)):
        raise UnfitFile("The PDF file holds scripts or other files. Print it to a new PDF, and send that.")


def _taken_apart(content: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """What stands outside of a PDF's streams, and each stream with what stands before it."""
    outside: list[bytes] = []
    streams: list[tuple[bytes, bytes]] = []
    begin = 0
    for found in _STREAM.finditer(content):
        if found.start() < begin:
            continue
        end = content.find(b"endstream", found.end())
        if end < 0:
            break
        outside.append(content[begin : found.start()])
        streams.append((_plain(outside[-1][-4096:]), content[found.end() : end]))
        begin = end + len(b"endstream")
    outside.append(content[begin:])
    return b"\n".join(outside), streams


def _unpacked(streams: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """What the packed streams hold, as much of it as is looked at. Objects may stand in them, packed only in the usual
    way and not too tightly."""
    left = _ALL_STREAMS
    for head, data in streams:
        objects = _OBJECTS.search(head[head.rfind(b"endobj") + 1 :]) is not None
        if not objects and (left <= 0 or data[:1] != b"\x78"):
            continue
        unpacker = zlib.decompressobj()
        try:
            part = unpacker.decompress(data, max(1, min(_ONE_STREAM, left)))
        except zlib.error as error:
            if objects:
                raise UnfitFile("The PDF file is packed in an unusual way. Print it to a new PDF.") from error
            continue
        if objects and unpacker.unconsumed_tail:
            raise UnfitFile("The PDF file is packed too tightly. Print it to a new PDF, and send that.")
        left -= len(part)
        yield _plain(part)


def _plain(text: bytes) -> bytes:
    """Names may be written with escapes: ``/J#53`` is ``/JS``."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text) if b"#" in text else text


def reminder_due(expires_on: date, today: date, reminded: int | None) -> int | None:
    """The reminder that is due today, as its number of days before the end; None while the last one stands. Of
    several that were missed only the latest is due."""
    left = (expires_on - today).days
    due = [days for days in REMINDERS if left <= days]
    if not due or (reminded is not None and min(due) >= reminded):
        return None
    return min(due)


def lapsed(expires_on: date, today: date) -> bool:
    """Whether a paper is out of date: its last day is over."""
    return expires_on < today


def too_far(expires_on: date, today: date) -> bool:
    """Whether no paper can be valid for so long."""
    return (expires_on.year, expires_on.month, expires_on.day) > (today.year + LONGEST_YEARS, today.month, today.day)


def review_due(expires_on: date) -> date:
    """The last day on which a supplier sells without a valid paper."""
    return expires_on + GRACE
