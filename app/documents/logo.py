"""A retailer's logo, from whatever picture it sent."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from app.catalog.pictures.derivatives import make

#: Bytes.
LARGEST = 5_000_000
_SIZE = (800, 240)


def logo_of(raw: bytes) -> bytes:
    """A PNG of at most 800 × 240 pixels. Raises ``PictureRefused`` for what is no picture."""
    made = make(raw)
    with Image.open(BytesIO(max(made.files.values(), key=len)), formats=["WEBP"]) as picture:
        picture.thumbnail(_SIZE)
        out = BytesIO()
        picture.save(out, "PNG", optimize=True)
    return out.getvalue()
