"""PDF files as answers. They hold addresses: nothing between us and the reader may keep them."""

from __future__ import annotations

from flask import Response


def pdf_answer(content: bytes, name: str) -> Response:
    """A paper that the browser shows, or keeps as ``name``.pdf."""
    return Response(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}.pdf"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
