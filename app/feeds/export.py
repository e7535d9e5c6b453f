"""A supplier's products as a file in the columns of our template: changed in a spreadsheet and uploaded again, it
changes what was changed and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.catalog.assortment.queries import own_names
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import category_paths
from app.catalog.tiers.rules import of_kept
from app.feeds.rules.tiers import joined_steps
from app.feeds.template import COLUMNS
from app.inventory.queries import Availability, availability, untold_units
from app.kit.csv_lines import csv_line
from app.kit.money import Money

#: Products read at once.
_CHUNK = 500


def products_csv(session: Session, supplier_id: UUID, product_ids: Sequence[UUID]) -> Iterator[str]:
    """The file's lines: one for each active variant of the supplier's products, in the order of the ids."""
    yield csv_line(COLUMNS)
    for start in range(0, len(product_ids), _CHUNK):
        yield from _lines(session, supplier_id, product_ids[start : start + _CHUNK])
        session.expunge_all()


def _lines(session: Session, supplier_id: UUID, product_ids: Sequence[UUID]) -> Iterator[str]:
    found = {
        row.id: row
        for row in session.scalars(
            select(SupplierProduct)
            .where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.id.in_(product_ids))
            .options(selectinload(SupplierProduct.variants), selectinload(SupplierProduct.images))
        )
    }
    ids = [variant.id for row in found.values() for variant in row.variants]
    stock, untold = availability(session, ids), untold_units(session, ids)
    names = own_names(session, supplier_id, (row.source_category for row in found.values()))
    paths = category_paths(session, (row.category_id for row in found.values()))
    for product_id in product_ids:
        product = found.get(product_id)
        if product is None:
            continue
        category = names.get(product.source_category) or (paths[product.category_id] if product.category_id else "")
        active = [variant for variant in product.variants if variant.status == "active"]
        for index, variant in enumerate(active):
            cells = _variant(product, variant, stock.get(variant.id), untold.get(variant.id, 0))
            if not index:
                cells |= _texts(product, category)
            yield csv_line([cells.get(column, "") for column in COLUMNS])


def _texts(product: SupplierProduct, category: str) -> dict[str, str | Decimal | int]:
    return {
        "title": product.title,
        "description": product.description,
        "brand": product.brand,
        "category": category,
        # What people sent stays whatever a file says.
        "image_urls": "|".join(image.url for image in product.images if not image.uploaded),
        "tags": ", ".join(product.tags),
        "status": product.status,
    }


def _variant(
    product: SupplierProduct, variant: SupplierVariant, level: Availability | None, untold: int
) -> dict[str, str | Decimal | int]:
    cells: dict[str, str | Decimal | int] = {
        "product_id": product.handle,
        "sku": variant.sku,
        "gtin": variant.gtin or "",
        **_options(product.option_names, variant.options),
        "cost": _amount(variant.wholesale_price, variant.currency),
        "msrp": _amount(variant.msrp, variant.currency),
        "map": _amount(variant.map_price, variant.currency),
        "price_tiers": joined_steps(
            [(one.min_quantity, Money(one.price, variant.currency).amount) for one in of_kept(variant.price_tiers)]
        ),
    }
    if variant.weight_grams is not None:
        cells |= {"weight": variant.weight_grams, "weight_unit": "g"}
    if level is not None:
        # As the supplier counts, who does not know of orders that are not paid yet.
        cells["stock"] = level.free + untold
    return cells


def _options(names: Sequence[str], options: Mapping[str, str]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for place, name in enumerate(names[:3], start=1):
        if name in options:
            cells |= {f"option{place}_name": name, f"option{place}_value": options[name]}
    return cells


def _amount(minor: int | None, currency: str) -> str | Decimal:
    return "" if minor is None else Decimal(Money(minor, currency).amount)
