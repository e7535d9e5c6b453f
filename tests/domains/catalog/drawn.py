"""Files that say they are pictures: good ones, and ones made to hurt."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (200, 100), colour: Any = (200, 30, 30), mode: str = "RGB", **more: Any
) -> bytes:
    """A picture of one colour."""
    into = BytesIO()
    Image.new(mode, size, colour).save(into, kind, **more)
    return into.getvalue()


def lying_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 10_000))
        + chunk(b"IEND", b"")
    )


def turned() -> bytes:
    """A wide photo that its camera says is to be turned upright, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    return picture(size=(400, 200), exif=exif)


def animated() -> bytes:
    """A GIF of two pictures: red, then blue."""
    into = BytesIO()
    Image.new("RGB", (64, 64), (255, 0, 0)).save(
        into, "GIF", save_all=True, append_images=[Image.new("RGB", (64, 64), (0, 0, 255))]
    )
    return into.getvalue()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!DOCTYPE html><html><body>Sign in to see this picture</body></html>"
