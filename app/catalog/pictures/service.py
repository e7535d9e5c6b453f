"""Taking pictures in. Fetching and storing happen outside, between two of these transactions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.catalog.models import ImageAddress, Media, ProductImage, SupplierProduct
from app.catalog.pictures.derivatives import Made
from app.catalog.pictures.rules import RECHECK, address_key, address_of, wait_after
from app.catalog.search.refreshing import show_pictures, tell_of_changes
from app.db import table_of
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id

#: Pictures that one product may have by hand.
MOST_UPLOADED = 20
#: Uploaded pictures stand after those of files.
_AFTER_FILES = 1000


@dataclass(frozen=True, slots=True)
class Due:
    """An address that is to be fetched, with what its host said last time."""

    id: UUID
    url: str
    etag: str
    last_modified: str
    known: bool
    failures: int


def note(session: Session, product_ids: Collection[UUID]) -> None:
    """Remember the addresses of these products' pictures; what we know already is shown at once."""
    urls = sorted(
        set(
            session.scalars(
                select(ProductImage.url).where(
                    ProductImage.product_id.in_(product_ids), ProductImage.uploaded.is_(False)
                )
            )
        )
    )
    if not urls:
        return
    now = clock.now()
    statement = upsert(table_of(ImageAddress))
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["url_key"],
            set_={"due_at": func.coalesce(table_of(ImageAddress).c.due_at, now)},
            # One that is in use and has its day keeps it.
            where=table_of(ImageAddress).c.due_at.is_(None),
        ),
        [
            {
                "id": new_id(),
                "url": url,
                "url_key": address_key(url),
                "state": "waiting",
                "due_at": now,
                "created_at": now,
            }
            for url in urls
        ],
    )
    session.execute(
        update(ProductImage)
        .where(
            ProductImage.product_id.in_(product_ids),
            ProductImage.sha256.is_(None),
            ProductImage.url == ImageAddress.url,
            ImageAddress.media_sha256.is_not(None),
        )
        .values(sha256=ImageAddress.media_sha256)
        .execution_options(synchronize_session=False)
    )
    show_pictures(session, product_ids)


def due(session: Session, *, limit: int, product_ids: Collection[UUID] | None = None) -> Sequence[Due]:
    """Addresses to fetch now, longest waiting first; of certain products only where these are given."""
    query = select(ImageAddress).where(ImageAddress.due_at <= clock.now()).order_by(ImageAddress.due_at).limit(limit)
    if product_ids is not None:
        urls = session.scalars(select(ProductImage.url).where(ProductImage.product_id.in_(product_ids))).all()
        query = query.where(ImageAddress.url_key.in_([address_key(url) for url in urls]))
    return [
        Due(row.id, row.url, row.etag, row.last_modified, row.media_sha256 is not None, row.failures)
        for row in session.scalars(query)
    ]


def put_off(session: Session, address_ids: Collection[UUID]) -> set[UUID]:
    """Addresses that no product names any more are not fetched until one does. Returns their ids."""
    unused = session.scalars(
        update(ImageAddress)
        .where(ImageAddress.id.in_(address_ids), ~exists().where(ProductImage.url == ImageAddress.url))
        .values(due_at=None)
        .returning(ImageAddress.id)
        .execution_options(synchronize_session=False)
    )
    return set(unused)


def keep_media(session: Session, made: Made) -> None:
    """Remember a picture whose files are stored. One that is known changes nothing."""
    session.execute(
        upsert(table_of(Media))
        .values(
            id=new_id(),
            sha256=made.sha256,
            mime=made.mime,
            size=made.size,
            width=made.width,
            height=made.height,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
    )


def is_known(session: Session, digest: str) -> bool:
    """Whether the picture of this hash is kept already."""
    return session.scalar(select(Media.id).where(Media.sha256 == digest)) is not None


def record_ready(session: Session, address_id: UUID, digest: str, *, etag: str, last_modified: str) -> None:
    """An address leads to a picture that we keep: all products that name it show it."""
    now = clock.now()
    address = session.get_one(ImageAddress, address_id, with_for_update=True)
    address.state, address.reason, address.failures = "ready", "", 0
    address.media_sha256, address.etag, address.last_modified = digest, etag, last_modified
    address.checked_at, address.due_at = now, now + RECHECK
    shown = session.scalars(
        update(ProductImage)
        .where(ProductImage.url == address.url, ProductImage.sha256.is_distinct_from(digest))
        .values(sha256=digest)
        .returning(ProductImage.product_id)
    ).all()
    show_pictures(session, shown)


def record_unchanged(session: Session, address_id: UUID) -> None:
    """The host says that what we have still holds."""
    now = clock.now()
    address = session.get_one(ImageAddress, address_id, with_for_update=True)
    address.state, address.reason, address.failures = "ready", "", 0
    address.checked_at, address.due_at = now, now + RECHECK


def record_broken(session: Session, address_id: UUID, reason: str, *, again_at: datetime | None = None) -> None:
    """An address leads to nothing that can be shown. A picture that it led to before is shown on."""
    now = clock.now()
    address = session.get_one(ImageAddress, address_id, with_for_update=True)
    again = again_at or now + wait_after(reason, address.failures)
    address.state, address.reason, address.failures = "broken", reason, address.failures + 1
    address.checked_at, address.due_at = now, again


def fetch_again(session: Session, supplier_id: UUID, product_ids: Collection[UUID]) -> None:
    """Fetch pictures of a supplier's products now, the broken and the good. Raises ``NotFound`` for foreign ones."""
    own = session.scalars(
        select(SupplierProduct.id).where(
            SupplierProduct.supplier_id == supplier_id, SupplierProduct.id.in_(product_ids)
        )
    ).all()
    if len(own) != len(set(product_ids)):
        raise NotFound("product")
    urls = session.scalars(select(ProductImage.url).where(ProductImage.product_id.in_(own))).all()
    session.execute(
        update(ImageAddress)
        .where(ImageAddress.url_key.in_([address_key(url) for url in urls]))
        .values(due_at=clock.now())
    )
    tell_of_changes(session, supplier_id, own)


def add_uploaded(session: Session, supplier_id: UUID, product_id: UUID, digest: str, alt: str) -> None:
    """A picture that was uploaded by hand belongs to a product now; a second time changes only its text.

    Raises ``NotFound`` for a foreign product, ``Conflict`` where there are too many.
    """
    product = session.scalar(
        select(SupplierProduct)
        .where(SupplierProduct.id == product_id, SupplierProduct.supplier_id == supplier_id)
        .with_for_update()
    )
    if product is None:
        raise NotFound("product")
    mine = session.scalars(
        select(ProductImage).where(ProductImage.product_id == product_id, ProductImage.uploaded)
    ).all()
    same = next((one for one in mine if one.sha256 == digest), None)
    if same is not None:
        same.alt = alt or same.alt
    elif len(mine) >= MOST_UPLOADED:
        raise Conflict(f"A product has at most {MOST_UPLOADED} uploaded pictures. Remove one first.", code="too_many")
    else:
        session.add(
            ProductImage(
                id=new_id(),
                product_id=product_id,
                url=address_of(digest),
                alt=alt,
                position=max([_AFTER_FILES, *(one.position + 1 for one in mine)]),
                sha256=digest,
                uploaded=True,
            )
        )
    product.updated_at = clock.now()
    session.flush()
    tell_of_changes(session, supplier_id, [product_id])


def remove_uploaded(session: Session, supplier_id: UUID, product_id: UUID, image_id: UUID) -> None:
    """Take an uploaded picture away. Raises ``NotFound``; a file's picture goes with the file."""
    found = session.scalar(
        select(ProductImage)
        .join(SupplierProduct, SupplierProduct.id == ProductImage.product_id)
        .where(
            ProductImage.id == image_id,
            ProductImage.product_id == product_id,
            ProductImage.uploaded,
            SupplierProduct.supplier_id == supplier_id,
        )
    )
    if found is None:
        raise NotFound("picture")
    session.delete(found)
    session.flush()
    tell_of_changes(session, supplier_id, [product_id])
