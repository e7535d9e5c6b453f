"""Files that people sent us, given out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from flask import Response, stream_with_context

_CHUNK = 256 * 1024
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def file_answer(name: str, media_type: str, content: BinaryIO) -> Response:
    """A file to be kept, never shown in the page's own place."""

    def parts() -> Iterator[bytes]:
        with content:
            yield from iter(lambda: content.read(_CHUNK), b"")

    return Response(
        stream_with_context(parts()),
        content_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{_ENDINGS[media_type]}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
