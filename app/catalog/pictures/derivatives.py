"""From a stranger's bytes to our own pictures: judged by content, bounded in pixels, turned upright, without metadata,
in sRGB, in our sizes."""

from __future__ import annotations

import hashlib
import struct
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError, features

from app.catalog.pictures.rules import AVIF_SIZES, MOST_PIXELS, SIZES, SMALLEST_SIDE

#: What is read; never SVG, EPS, PDF or anything that runs a program of its own.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
_MIMES = {
    "JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif",
    "BMP": "image/bmp", "AVIF": "image/avif",
}  # fmt: skip
#: What Pillow raises on bytes that are not what they begin as.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError, KeyError, TypeError)

# Pillow's own guard, for pictures whose size changes while they are read: an error, not a warning.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class PictureRefused(Exception):
    """The bytes can't be used; ``reason`` is a key of ``rules.REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Made:
    """A picture that was taken in: the original's hash, type and size (as one sees it, in pixels), and our files by
    name (``800.webp``)."""

    sha256: str
    mime: str
    width: int
    height: int
    size: int
    files: Mapping[str, bytes]


def make(raw: bytes) -> Made:
    """All our sizes of a picture. Raises ``PictureRefused``."""
    if not raw:
        raise PictureRefused("damaged")
    try:
        with Image.open(BytesIO(raw), formats=_FORMATS) as opened:
            return _made(opened, raw)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PictureRefused("too_many_pixels") from error
    except UnidentifiedImageError as error:
        raise PictureRefused(_kind_of(raw)) from error
    except _BROKEN as error:
        raise PictureRefused("damaged") from error


def _made(opened: Image.Image, raw: bytes) -> Made:
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise PictureRefused("too_many_pixels")
    if min(width, height) < SMALLEST_SIDE:
        raise PictureRefused("too_small")
    mime = _MIMES[opened.format or ""]
    opened.seek(0)
    # A JPEG is decoded at the smallest scale that still serves our largest size.
    opened.draft(None, (SIZES[0], SIZES[0]))
    opened.load()
    orientation = opened.getexif().get(0x0112, 1)
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    upright = _in_srgb(ImageOps.exif_transpose(opened))
    upright.info.clear()
    files: dict[str, bytes] = {}
    current = upright
    for size in SIZES:
        current = current.copy()
        current.thumbnail((size, size), Image.Resampling.LANCZOS)
        files[f"{size}.webp"] = _saved(current, "WEBP", quality=82, method=3)
        if size in AVIF_SIZES and features.check("avif"):
            files[f"{size}.avif"] = _saved(current, "AVIF", quality=62, speed=8)
    return Made(hashlib.sha256(raw).hexdigest(), mime, width, height, len(raw), files)


def _in_srgb(image: Image.Image) -> Image.Image:
    """RGB or RGBA with sRGB's meaning, whatever the file's colours were."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A profile that is broken says nothing; the plain conversion is what browsers do then.
            converted = None
        if converted is not None:
            return converted
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    clear = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    into = BytesIO()
    image.save(into, kind, **options)
    return into.getvalue()


def _kind_of(raw: bytes) -> str:
    """What bytes that are no picture are, so that their owner can be told."""
    head = raw[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "vector"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "web_page"
    return "not_a_picture"
