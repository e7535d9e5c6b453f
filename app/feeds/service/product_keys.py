"""Keys of products that are there already, for files that tell products by nothing but SKUs."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.feeds.rules.product_keys import MARK_DIGITS

_KEPT = text(
    """
    with other as materialized (
        select distinct variant.product_id
        from supplier_variants as variant
        join supplier_products as product on product.id = variant.product_id
        where variant.supplier_id = :supplier and variant.sku <> upper(product.handle)
            and right(product.handle, :digits) <> left(encode(sha256(convert_to(variant.sku, 'UTF8')), 'hex'), :digits)
    )
    select variant.sku, product.handle
    from other
    join supplier_products as product on product.id = other.product_id
    join supplier_variants as variant on variant.product_id = product.id
    """
)


def kept_keys(session: Session, supplier_id: UUID) -> dict[str, str]:
    """SKU → the key of its product, of all products with an SKU that today would give another key
    (``app.feeds.rules.product_keys``): such as were told by an id of their own, or came before keys told SKUs apart."""
    found = session.execute(_KEPT, {"supplier": supplier_id, "digits": MARK_DIGITS})
    return {row.sku: row.handle for row in found}
