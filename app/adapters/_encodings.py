"""How a text file was written: by its marks, by its bytes, or by what its letters look like."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from app.adapters._letters import encoding_of

_BLOCK = 256 * 1024
_FALLBACK = "cp1252"
#: Encodings of several bytes a letter, and the bytes by which they are told from one another.
_SEVERAL_BYTES = ["shift_jis", "gb18030", "big5", "euc_kr", "euc_jp", "utf_16_le", "utf_16_be"]
_TELLING = 64 * 1024
#: How many of the lines beyond ASCII tell that the file is UTF-8 but for the others, or UTF-8 twice.
_MOST_LINES, _TWICE = 0.5, 0.8
#: Half the bytes of Latin text in UTF-16 are zero, of other alphabets at least those of marks and figures.
_ZEROS, _NO_ZEROS = 0.1, 0.01
_LOOKED_AT = 4096
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: A reader of UTF-8 that takes bytes that are none for letters of Western Europe.
STRAY = "strayed_from_utf_8"


@dataclass(frozen=True, slots=True)
class Written:
    """``encoding`` and ``errors`` as ``open`` has them; ``twice``: text in UTF-8 was taken for another encoding and
    written as UTF-8 once more. ``name``: for people."""

    encoding: str
    errors: str = "strict"
    twice: bool = False

    @property
    def name(self) -> str:
        """What a person may know it by."""
        plain = self.encoding.removesuffix("-sig")
        if self.twice:
            return f"{plain}, twice"
        return plain if self.errors == "strict" else f"{plain} and {_FALLBACK}"

    def text(self, stream: BinaryIO) -> Iterable[str]:
        """The lines of a file from where it stands; it is not closed. May raise ``UnicodeError``."""
        lines = _Lent(stream, encoding=self.encoding, errors=self.errors, newline="")
        return map(_once, lines) if self.twice else lines

    def decoded(self, head: bytes) -> str:
        """The beginning of a file, which may end in the middle of a letter."""
        text = head.decode(self.encoding, errors="ignore")
        return "".join(map(_once, text.splitlines(keepends=True))) if self.twice else text


class _Lent(io.TextIOWrapper):
    """The text of a stream that belongs to somebody else, who closes it, or reads it again."""

    def close(self) -> None:
        """Nothing: also when nobody reads on."""


def beginning_of(head: bytes) -> str:
    """What a file begins with, as far as it can be told, without marks and empty lines before it."""
    encoding = "utf-16" if head.startswith(_UTF_16) else unmarked_utf_16(head) or "utf-8"
    return head.decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n\f\v")


def is_utf_16(head: bytes) -> bool:
    """Whether a file that begins so is UTF-16, with its mark or without."""
    return head.startswith(_UTF_16) or unmarked_utf_16(head) is not None


def unmarked_utf_16(head: bytes) -> str | None:
    """The order of bytes in a file of UTF-16 that lacks the mark; None where it is none."""
    head = head[: _LOOKED_AT & ~1]
    pairs = len(head) // 2
    if not pairs or b"\x00" not in head or head.startswith(_UTF_16):
        return None
    first, second = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    for encoding, zeros, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zeros >= _ZEROS and others <= _NO_ZEROS:
            text = head[: pairs * 2].decode(encoding, errors="replace")
            return encoding if all(char.isprintable() or char.isspace() for char in text.rstrip("\ufffd")) else None
    return None


def how_written(stream: BinaryIO, head: bytes) -> Written:
    """By the byte-order mark; else UTF-8 if all of the file is, or nearly all; else what its letters look like."""
    if head.startswith(codecs.BOM_UTF8):
        return Written("utf-8-sig")
    if head.startswith(_UTF_16):
        return Written("utf-16")
    unmarked = unmarked_utf_16(head)
    if unmarked is not None:
        return Written(unmarked)
    if _is_utf_8(stream):
        return Written("utf-8", twice=_is_twice(_telling(stream)))
    telling = _telling(stream)
    if _is_mostly_utf_8(telling):
        return Written("utf-8", errors=STRAY)
    return Written(of_letters(telling))


def of_letters(telling: bytes) -> str:
    """The encoding of some text that is no UTF-8."""
    known = encoding_of(telling)
    if known is not None:
        return known
    best = from_bytes(telling[:_TELLING], cp_isolation=_SEVERAL_BYTES).best()
    return best.encoding if best is not None else _FALLBACK


def _is_utf_8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    try:
        while chunk := stream.read(_BLOCK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _telling(stream: BinaryIO) -> bytes:
    """The lines that have bytes beyond ASCII, from all over the file, as many as tell enough."""
    stream.seek(0)
    lines: list[bytes] = []
    size = 0
    while size < _BLOCK and (line := stream.readline(_BLOCK)):
        if not line.isascii():
            lines.append(line)
            size += len(line)
    return b"".join(lines)


def _is_mostly_utf_8(telling: bytes) -> bool:
    """Whether most lines are UTF-8: by chance hardly a line of another encoding is."""
    lines = telling.splitlines()
    return sum(map(_decodes, lines)) >= _MOST_LINES * len(lines)


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_twice(telling: bytes) -> bool:
    lines = telling.decode(errors="ignore").splitlines()
    return bool(lines) and sum(_once(line) != line for line in lines) >= _TWICE * len(lines)


def _once(line: str) -> str:
    """A line of text that was written as UTF-8 twice, as it was before; any other as it is."""
    if line.isascii():
        return line
    try:
        return line.encode(_FALLBACK).decode()
    except UnicodeError:
        return line


def _stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    strayed = error.object[error.start : error.end]
    return strayed.decode(_FALLBACK, errors="replace"), error.end


codecs.register_error(STRAY, _stray)
