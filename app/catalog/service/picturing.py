"""Taking over the pictures that come with files, and leaving those that people sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.catalog.models import ProductImage
from app.catalog.pictures.queries import known_pictures
from app.db import add_rows, change_rows, table_of
from app.kit.ids import new_id

Shown = list[dict[str, Any]]


def save_pictures(
    session: Session, pictures: Mapping[UUID, Sequence[tuple[str, str]]], *, keep_texts: bool = False
) -> dict[UUID, tuple[Shown, Shown]]:
    """Product → its pictures (address, text) in order. They replace those that came with earlier files; a product
    without pictures keeps its. What was uploaded by hand stays, and so do texts that people wrote; with ``keep_texts``
    all texts of pictures that are there. Returns the products that have others now: as they were, and as they are, each
    with ``url``, ``alt`` and ``alt_owned``."""
    wanted = {product_id: dict(images) for product_id, images in pictures.items() if images}
    if not wanted:
        return {}
    today: dict[UUID, dict[str, Any]] = {product_id: {} for product_id in wanted}
    uploaded: set[tuple[UUID, str]] = set()
    for row in session.connection().execute(
        select(table_of(ProductImage))
        .where(ProductImage.product_id.in_(wanted))
        .order_by(ProductImage.product_id, ProductImage.position)
    ):
        if row.uploaded:
            uploaded.add((row.product_id, row.url))
        else:
            today[row.product_id][row.url] = row
    gone: list[UUID] = []
    added: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    changed: dict[UUID, tuple[Shown, Shown]] = {}
    for product_id, images in wanted.items():
        rows = today[product_id]
        after: Shown = []
        written = len(gone), len(added), len(moved)
        gone += [row.id for url, row in rows.items() if url not in images]
        kept = [(url, alt) for url, alt in images.items() if (product_id, url) not in uploaded]
        for position, (url, alt) in enumerate(kept):
            present = rows.get(url)
            owned = present is not None and present.alt_owned
            alt = present.alt if present is not None and (owned or keep_texts) else alt
            after.append({"url": url, "alt": alt, "alt_owned": owned})
            if present is None:
                added.append({"id": new_id(), "product_id": product_id, "url": url, "alt": alt, "position": position})
            elif (present.alt, present.position) != (alt, position):
                moved.append({"id": present.id, "alt": alt, "position": position})
        if (len(gone), len(added), len(moved)) != written:
            before = [{"url": row.url, "alt": row.alt, "alt_owned": row.alt_owned} for row in rows.values()]
            changed[product_id] = (before, after)
    if gone:
        session.execute(delete(ProductImage).where(ProductImage.id.in_(gone)))
    known = known_pictures(session, {row["url"] for row in added})
    add_rows(session, ProductImage, [{**row, "sha256": known.get(row["url"])} for row in added])
    change_rows(session, ProductImage, moved)
    return changed
