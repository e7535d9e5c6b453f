"""What files are taken as papers, and when papers run out."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.suppliers.rules.papers import JPEG, PDF, PNG, UnfitFile, media_type_of, reminder_due


def pdf(*objects: bytes, trailer: bytes = b"<< /Root 1 0 R >>") -> bytes:
    """A small PDF file with these objects besides its pages."""
    numbered = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, start=4))
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>\nendobj\n"
        + numbered
        + b"trailer\n"
        + trailer
        + b"\nstartxref\n0\n%%EOF\n"
    )


def stream(head: bytes, data: bytes) -> bytes:
    """A stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture."""
    kept = io.BytesIO()
    Image.new("RGB", size, "white").save(kept, kind)
    return kept.getvalue()


def bomb() -> bytes:
    """A PNG that says it has 100,000 by 100,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_sound_files_are_told_apart_by_their_content() -> None:
    assert media_type_of(pdf()) == PDF
    assert media_type_of(picture("JPEG")) == JPEG
    assert media_type_of(picture("PNG")) == PNG
    page = stream(b"/Filter /FlateDecode", zlib.compress(b"BT (JavaScript and Encrypt are words too) Tj ET"))
    assert media_type_of(
        pdf(page, stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zlib.compress(b"9 0 7")))
    )
    assert media_type_of(pdf(b"<< /OpenAction [3 0 R /Fit] >>")) == PDF


HOSTILE = {
    "nothing": b"",
    "a program": b"MZ\x90\0" + b"\0" * 200,
    "a page": b"<html><script>alert(1)</script></html>",
    "a drawing with scripts": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "an archive": b"PK\x03\x04" + b"\0" * 100,
    "a page before the PDF": b"<script>alert(1)</script>" + pdf(),
    "a PDF that is cut off": pdf()[:-40],
    "encrypted": pdf(trailer=b"<< /Root 1 0 R /Encrypt 4 0 R >>"),
    "encrypted, escaped": pdf(trailer=b"<< /Root 1 0 R /Encr#79pt 4 0 R >>"),
    "a script": pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>"),
    "a script, escaped": pdf(b"<< /S /J#61vaScript /J#53 (app.alert(1)) >>"),
    "a script in packed objects": pdf(
        stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zlib.compress(b"9 0 << /S /JavaScript /JS (x) >>"))
    ),
    "a script in a stream that hides what it is": pdf(
        stream(b"/Filter /FlateDecode", zlib.compress(b"9 0 << /S /JavaScript /JS (x) >>"))
    ),
    "a program to start": pdf(b"<< /S /Launch /F (cmd.exe) >>"),
    "a file inside": pdf(b"<< /Names << /EmbeddedFiles 9 0 R >> >>"),
    "a form with scripts": pdf(b"<< /AcroForm << /XFA 9 0 R >> >>"),
    "objects packed in another way": pdf(stream(b"/Type /ObjStm /N 1 /First 4 /Filter /LZWDecode", b"\x80\x0b\x60")),
    "objects packed very tightly": pdf(
        stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zlib.compress(b" " * 40_000_000, 9))
    ),
    "half a picture": picture("JPEG")[:60],
    "a picture's head": b"\x89PNG\r\n\x1a\n",
    "a picture of too many pixels": bomb(),
    "another kind of picture": b"GIF89a" + b"\0" * 50,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_everything_else_is_refused_in_words(name: str) -> None:
    with pytest.raises(UnfitFile) as refused:
        media_type_of(HOSTILE[name])
    assert str(refused.value).endswith(".")


heads = st.sampled_from([b"", b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", picture("JPEG"), picture("PNG")])


@given(heads, st.binary(max_size=400), st.sampled_from([b"", b"\n%%EOF", b"\nstream\nx\x9c\nendstream %%EOF"]))
def test_any_bytes_are_a_known_kind_or_refused(head: bytes, body: bytes, tail: bytes) -> None:
    with suppress(UnfitFile):
        assert media_type_of(head + body + tail) in (PDF, JPEG, PNG)


def test_a_large_file_is_looked_at_in_time_that_grows_with_its_size() -> None:
    many = b"stream\nendobj /ObjStm\n" * 200_000
    with pytest.raises(UnfitFile):
        media_type_of(b"%PDF-1.7\n" + many)
    assert media_type_of(b"%PDF-1.7\n" + b"stream\nx\nendstream\n" * 200_000 + b"%%EOF") == PDF


@given(st.integers(-40, 60))
def test_each_reminder_comes_once(first_look: int) -> None:
    ends = date(2026, 12, 31)
    reminded: int | None = None
    seen = []
    for day in range(first_look, -60, -1):
        due = reminder_due(ends, ends - timedelta(days=day), reminded)
        if due is not None:
            assert day <= due
            seen.append(due)
            reminded = due
    expected = [days for days in (30, 7, 0) if days <= first_look]
    late = [days for days in (30, 7, 0) if days > first_look]
    assert seen == ([min(late)] if late and min(late) not in expected and first_look not in expected else []) + expected
