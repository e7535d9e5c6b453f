"""Giving made-up products their drawn pictures, in all the sizes that pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from uuid import UUID

from sqlalchemy import select

from app import db
from app.catalog.models import ProductImage, SupplierProduct
from app.catalog.pictures.derivatives import Made, make
from app.catalog.pictures.rules import address_of
from app.catalog.pictures.service import keep_media
from app.config import settings
from app.db import add_rows
from app.kit.ids import new_id
from demo.data.drawing import picture
from demo.data.making import MadeProduct
from workers.pictures import store_files

_Drawn = tuple[str, str]


def give_pictures(products: Iterable[MadeProduct], supplier_ids: Sequence[UUID]) -> int:
    """Draw what the products need, keep it, and show it with them, a picture for each colour. Returns how many
    pictures were drawn; none where the installation keeps no pictures."""
    if not settings().keeps_pictures:
        return 0
    made = {(supplier_ids[one.seller], one.handle): one for one in products}
    wanted = sorted({(one.kind.shape, colour) for one in made.values() for colour in one.colours})
    digests: dict[_Drawn, str] = {}
    with ProcessPoolExecutor() as pool:
        for what, drawn in zip(wanted, pool.map(_draw, wanted, chunksize=8), strict=True):
            store_files(drawn)
            with db.transaction() as session:
                keep_media(session, drawn)
            digests[what] = drawn.sha256
    with db.transaction() as session:
        rows = session.execute(
            select(SupplierProduct.id, SupplierProduct.supplier_id, SupplierProduct.handle).where(
                SupplierProduct.supplier_id.in_(supplier_ids)
            )
        ).all()
        add_rows(
            session,
            ProductImage,
            [
                {
                    "id": new_id(),
                    "product_id": product_id,
                    # As if it had been uploaded: there is no address to fetch it from.
                    "url": address_of(digest),
                    "alt": f"{one.title} in {colour.lower()}",
                    "position": position,
                    "sha256": digest,
                    "uploaded": True,
                }
                for product_id, supplier_id, handle in rows
                if (one := made.get((supplier_id, handle))) is not None
                for position, colour in enumerate(one.colours)
                if (digest := digests[one.kind.shape, colour])
            ],
        )
    return len(wanted)


def _draw(wanted: _Drawn) -> Made:
    return make(picture(*wanted))
