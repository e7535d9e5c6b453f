"""Decisions about pictures, on plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from app.kit.texts import marked as _

#: The longer side of each size that is kept, in pixels; smaller pictures are never enlarged.
SIZES = (1600, 800, 320, 96)
#: The sizes that are also kept as AVIF, which is slow to make: the large one would cost more than it saves.
AVIF_SIZES = (800, 320)
LARGEST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000
#: Below this side a file is no product picture but a tracking pixel or an icon.
SMALLEST_SIDE = 16

RECHECK = timedelta(days=7)
_FIRST_WAIT = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a picture is broken, what to do about it, and whether trying again soon may help."""

    text: str
    advice: str
    passing: bool = False


REASONS: Mapping[str, Reason] = {
    "not_found": Reason(_("There is no file at this address."), _("Put the picture back, or correct the address.")),
    "refused": Reason(
        _("The host does not let us read it."), _("Allow reading without signing in, or upload the picture here.")
    ),
    "unreachable": Reason(
        _("The host did not answer."), _("Check the address. We try again by ourselves."), passing=True
    ),
    "not_public": Reason(
        _("The address does not lead to the public internet by https."),
        _("Use an address that begins with https:// and that everybody can open."),
    ),
    "too_large": Reason(
        _("The file is larger than 20 MB."), _("Save it as JPEG or WebP with at most 20 MB, and send it again.")
    ),
    "too_many_pixels": Reason(
        _("The picture has more than 50 million pixels."), _("Make it smaller: 2,000 pixels a side are plenty.")
    ),
    "too_small": Reason(
        _("The picture is smaller than 16 pixels a side."), _("Use a picture of at least 800 pixels a side.")
    ),
    "vector": Reason(_("It is a drawing (SVG), which can hold scripts."), _("Save it as PNG, JPEG or WebP.")),
    "web_page": Reason(
        _("It is a web page, not a picture."), _("Use the picture's own address, often “copy image address”.")
    ),
    "not_a_picture": Reason(
        _("It is not a picture that we can read."), _("Use JPEG, PNG, WebP, AVIF, GIF or BMP.")
    ),
    "damaged": Reason(_("The file is damaged or cut off."), _("Save the picture again and replace the file.")),
}  # fmt: skip

#: What the guarded client says → our reason.
_REFUSALS = {
    "url_refused": "not_public",
    "address_refused": "not_public",
    "certificate_refused": "not_public",
    "too_large": "too_large",
    "not_readable": "damaged",
    "too_many_redirects": "unreachable",
    "http_404": "not_found",
    "http_410": "not_found",
}


def reason_of(code: str) -> str:
    """The reason behind a refusal of the guarded client."""
    return _REFUSALS.get(code, "refused")


def wait_after(reason: str, failures: int) -> timedelta:
    """How long until a broken picture is tried again: soon and ever later where that may help, else weekly."""
    if not REASONS[reason].passing:
        return RECHECK
    return min(_FIRST_WAIT * (1, 4, 16, 64)[min(failures, 3)], _LONGEST_WAIT)


def address_key(url: str) -> str:
    """The key under which an address is remembered."""
    return sha256(url.encode()).hexdigest()


_FILE = re.compile(r"([0-9]{2,4})\.(webp|avif)")
_CONTENT_TYPES = {"webp": "image/webp", "avif": "image/avif"}


def file_key(digest: str, name: str) -> str:
    """Where a size of a picture is kept."""
    return f"media/{digest[:2]}/{digest}/{name}"


def content_type_of(digest: str, name: str) -> str | None:
    """The type of a picture that may be asked for by this address; None for any other address."""
    found = _FILE.fullmatch(name)
    if found is None or not re.fullmatch(r"[0-9a-f]{64}", digest):
        return None
    size, kind = int(found[1]), found[2]
    return _CONTENT_TYPES[kind] if size in (SIZES if kind == "webp" else AVIF_SIZES) else None


def address_of(digest: str, size: int = 1600) -> str:
    """The path under which we show a picture."""
    return f"/media/{digest}/{size}.webp"
