"""XML as programs write it that put texts together by hand: with bare ampersands, names of HTML's letters, prefixes
that nobody declared, letters of another encoding, and characters that no document may have. Each has one meaning alone,
so it is read all the same."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from html.entities import html5
from io import RawIOBase
from typing import BinaryIO

from app.adapters._encodings import STRAY

_BLOCK = 256 * 1024
#: In any encoding that has ASCII's marks where ASCII has them; others (UTF-16) are read as they are.
_AMPERSAND = re.compile(
    rb"&(?!#\d{1,7};|#x[0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]{1,30});)?"
)
_NO_CHARACTER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_PREFIX = re.compile(rb"</?([A-Za-z_][\w.-]{0,60}):[A-Za-z_]|\s([A-Za-z_][\w.-]{0,60}):[A-Za-z_][\w.-]*\s*=")
_DECLARED = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,60})\s*=")
_ROOT = re.compile(rb"<[A-Za-z_][\w.:-]*")
#: Longest name that may be cut by the end of a block.
_HELD = 64
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)")
_OURS = frozenset({b"xml", b"xmlns"})


def may_be_mended(stream: BinaryIO) -> bool:
    """Whether a file's bytes can be told without its encoding, and it declares nothing that could change what they
    mean."""
    stream.seek(0)
    head = stream.read(_BLOCK)
    return b"\x00" not in head[:_HELD] and b"<!ENTITY" not in head


class Mended(RawIOBase):
    """A file from where it stands, as its program meant it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        start = stream.tell()
        said = _ENCODING.match(stream.read(_BLOCK))
        stream.seek(start)
        self._prefixes = _undeclared(stream)
        stream.seek(start)
        of_utf_8 = said is None or said[1].lower() in (b"utf-8", b"utf8")
        self._decoder = getincrementaldecoder("utf-8")(errors=STRAY) if of_utf_8 else None
        self._left, self._in_cdata, self._ended = b"", False, False
        self._ready = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, up to so many; all there are for -1."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            block = self._stream.read(_BLOCK)
            self._ended = not block
            if self._decoder is not None:
                block = self._decoder.decode(block, final=self._ended).encode()
            self._ready += self._mended(self._left + block)
        end = len(self._ready) if size < 0 else size
        answer, self._ready = self._ready[:end], self._ready[end:]
        return answer

    def _mended(self, text: bytes) -> bytes:
        """What can be said of a text for certain; its end is held back until more of the file is read."""
        parts: list[bytes] = []
        at = 0
        while True:
            mark = _CDATA_END if self._in_cdata else _CDATA
            found = text.find(mark, at)
            if found < 0:
                break
            parts.append(self._part(text[at : found + len(mark)]))
            at = found + len(mark)
            self._in_cdata = not self._in_cdata
        rest = text[at:]
        held = 0 if self._ended else min(_HELD, len(rest))
        # What began near the end of a block may go on in the next.
        begun = rest.find(b"&", len(rest) - held) if held and not self._in_cdata else -1
        cut = begun if begun >= 0 else len(rest) - (min(len(mark) - 1, len(rest)) if held else 0)
        parts.append(self._part(rest[:cut]))
        self._left = rest[cut:]
        return b"".join(parts)

    def _part(self, text: bytes) -> bytes:
        text = _NO_CHARACTER.sub(b"", text)
        if self._in_cdata:
            return text
        if self._prefixes:
            text = self._declared(text)
        return _AMPERSAND.sub(_meant, text) if b"&" in text else text

    def _declared(self, text: bytes) -> bytes:
        """The text with what nobody declared declared at the first element."""
        root = _ROOT.search(text)
        if root is None:
            return text
        added = b"".join(b' xmlns:%s="urn:undeclared:%s"' % (name, name) for name in sorted(self._prefixes))
        self._prefixes = frozenset()
        return text[: root.end()] + added + text[root.end() :]


def _meant(found: re.Match[bytes]) -> bytes:
    """What stands for an ampersand that stands for none: a letter by its name in HTML, or itself."""
    name = found[1]
    letters = html5.get(f"{name.decode('ascii')};") if name else None
    if letters is None:
        return b"&amp;" + found[0][1:]
    return b"".join(b"&#%d;" % ord(letter) for letter in letters)


def _undeclared(stream: BinaryIO) -> frozenset[bytes]:
    """Prefixes of names that no element declares."""
    used: set[bytes] = set()
    declared: set[bytes] = set()
    last = b""
    while block := stream.read(_BLOCK):
        text = last + block
        used.update(name for pair in _PREFIX.findall(text) for name in pair if name)
        declared.update(_DECLARED.findall(text))
        last = text[-_HELD * 2 :]
    return frozenset(used - declared - _OURS)
