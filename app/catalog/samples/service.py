"""Suppliers' terms for samples."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SampleTerms
from app.catalog.queries import product as own_product
from app.catalog.samples.rules import NONE, Terms
from app.kit import clock
from app.kit.ids import new_id


def set_terms(session: Session, supplier_id: UUID, product_id: UUID | None, terms: Terms | None) -> None:
    """Set the terms of one of the supplier's products, or of all that have none of their own. None takes a product's
    away. Raises ``NotFound``."""
    if product_id is not None:
        own_product(session, product_id, supplier_id=supplier_id)
    if terms is None:
        session.execute(
            delete(SampleTerms).where(
                SampleTerms.supplier_id == supplier_id, SampleTerms.product_id.is_not_distinct_from(product_id)
            )
        )
    else:
        told = {
            "allowed": terms.allowed,
            "price": terms.price,
            "max_units": terms.max_units,
            "days": terms.days,
            "updated_at": clock.now(),
        }
        session.execute(
            upsert(SampleTerms)
            .values(id=new_id(), supplier_id=supplier_id, product_id=product_id, **told)
            .on_conflict_do_update(index_elements=["supplier_id", "product_id"], set_=told)
        )
    audit.record(session, supplier_id, "catalog.sample_terms_changed", "product", product_id or supplier_id)


def own_terms(session: Session, supplier_id: UUID, product_id: UUID | None) -> Terms | None:
    """The terms of exactly this product, or the supplier's default; None where there are none."""
    row = session.scalar(
        select(SampleTerms).where(
            SampleTerms.supplier_id == supplier_id, SampleTerms.product_id.is_not_distinct_from(product_id)
        )
    )
    return None if row is None else Terms(row.allowed, row.price, row.max_units, row.days)


def terms_of(session: Session, supplier_id: UUID, product_id: UUID) -> Terms:
    """The terms that hold for a product: its own, else its supplier's default, else no samples."""
    own = own_terms(session, supplier_id, product_id)
    return own or own_terms(session, supplier_id, None) or NONE
