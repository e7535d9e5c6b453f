"""Reads of suppliers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Date, Uuid, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db import table_of
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.suppliers.models import ShippingRate, Supplier, SupplierApplication, SupplierClosure, SupplierStatusChange
from app.suppliers.rules import ACTIVE, Closure, Rate, Tier


def active_suppliers(
    session: Session,
    *,
    search: str | None = None,
    category_ids: Sequence[UUID] | None = None,
    country: str | None = None,
    business_type: str | None = None,
    min_rating: Decimal | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Supplier]:
    """Suppliers that sell now, by name. ``category_ids`` are suppliers' ids when filtered by category."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(Supplier).where(Supplier.status == ACTIVE).order_by(Supplier.company_name, Supplier.id).limit(limit + 1)
    )
    if search:
        query = query.where(Supplier.search_text.contains(search.casefold(), autoescape=True))
    if category_ids is not None:
        query = query.where(Supplier.id.in_(category_ids))
    if country:
        query = query.where(Supplier.country == country.upper())
    if business_type:
        query = query.where(Supplier.business_type == business_type)
    if min_rating is not None:
        query = query.where(Supplier.rating >= min_rating)
    if cursor:
        name, last_id = decode_cursor(cursor, 2)
        query = query.where(
            (Supplier.company_name > name) | ((Supplier.company_name == name) & (Supplier.id > last_id))
        )
    return page_of(session.scalars(query).all(), limit, lambda supplier: [supplier.company_name, supplier.id])


def supplier(session: Session, supplier_id: UUID) -> Supplier:
    """One supplier. Raises ``NotFound``."""
    found = session.get(Supplier, supplier_id)
    if found is None:
        raise NotFound("supplier")
    return found


_RATES = select(table_of(ShippingRate)).where(
    table_of(ShippingRate).c.supplier_id == any_(bindparam("suppliers", type_=ARRAY(Uuid)))
)


def rates_of(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, list[Rate]]:
    """The shipping rates of each supplier."""
    found: dict[UUID, list[Rate]] = {supplier_id: [] for supplier_id in supplier_ids}
    for row in session.connection().execute(_RATES, {"suppliers": list(found)}):
        found[row.supplier_id].append(
            Rate(
                row.name,
                tuple(row.countries),
                row.first_item,
                row.next_item,
                row.transit_days_min,
                row.transit_days_max,
                row.method,
                row.price_by,
                tuple(Tier(tier["up_to"], tier["price"]) for tier in row.tiers),
            )
        )
    return found


def closures(session: Session, supplier_id: UUID) -> Sequence[SupplierClosure]:
    """A supplier's closures that are not over, the next first."""
    return session.scalars(
        select(SupplierClosure)
        .where(SupplierClosure.supplier_id == supplier_id, SupplierClosure.ends_on >= clock.now().date())
        .order_by(SupplierClosure.starts_on)
    ).all()


def closures_of(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, list[SupplierClosure]]:
    """The same of several suppliers."""
    found: dict[UUID, list[SupplierClosure]] = {supplier_id: [] for supplier_id in supplier_ids}
    rows = session.scalars(
        select(SupplierClosure)
        .where(SupplierClosure.supplier_id.in_(list(found)), SupplierClosure.ends_on >= clock.now().date())
        .order_by(SupplierClosure.starts_on)
    )
    for row in rows:
        found[row.supplier_id].append(row)
    return found


#: A supplier's closures that are not over as JSON ``[[first day, last day], …]``, for statements about suppliers;
#: ``today`` is bound to the day.
CLOSED = (
    select(
        func.coalesce(
            func.jsonb_agg(func.jsonb_build_array(SupplierClosure.starts_on, SupplierClosure.ends_on)),
            text("'[]'::jsonb"),
        )
    )
    .where(SupplierClosure.supplier_id == Supplier.id, SupplierClosure.ends_on >= bindparam("today", type_=Date))
    .correlate(Supplier)
    .scalar_subquery()
)


def as_closures(pairs: Iterable[Sequence[str]]) -> list[Closure]:
    """What ``CLOSED`` gave, as plain values."""
    return [Closure(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs]


def shipping_rates(session: Session, supplier_id: UUID) -> Sequence[ShippingRate]:
    """A supplier's shipping rates, by name."""
    return session.scalars(
        select(ShippingRate).where(ShippingRate.supplier_id == supplier_id).order_by(ShippingRate.name)
    ).all()


def own_rate(session: Session, supplier_id: UUID, rate_id: UUID) -> ShippingRate:
    """One of a supplier's shipping rates. Raises ``NotFound``."""
    found = session.get(ShippingRate, rate_id)
    if found is None or found.supplier_id != supplier_id:
        raise NotFound("shipping rate")
    return found


def applications(session: Session, statuses: Sequence[str]) -> Sequence[tuple[Supplier, SupplierApplication]]:
    """Suppliers in the given statuses with what they applied with, longest waiting first. System scope."""
    rows = session.execute(
        select(Supplier, SupplierApplication)
        .join(SupplierApplication, SupplierApplication.supplier_id == Supplier.id)
        .where(Supplier.status.in_(statuses))
        .order_by(SupplierApplication.submitted_at)
    )
    return [(one, application) for one, application in rows]


def history(session: Session, supplier_id: UUID) -> Sequence[SupplierStatusChange]:
    """How a supplier's status came about, newest first."""
    return session.scalars(
        select(SupplierStatusChange)
        .where(SupplierStatusChange.supplier_id == supplier_id)
        .order_by(SupplierStatusChange.at.desc())
    ).all()
