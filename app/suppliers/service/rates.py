"""A supplier's shipping rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit.countries import country_codes
from app.kit.errors import Invalid
from app.kit.ids import new_id
from app.suppliers.models import ShippingRate, Supplier
from app.suppliers.queries import own_rate
from app.suppliers.rules import METHODS, PRICE_BY, Rate, Tier

#: Most steps of a rate.
MOST_TIERS = 12


def set_rates(session: Session, supplier_id: UUID, rates: Sequence[Rate]) -> None:
    """Replace a supplier's shipping rates. Raises ``Invalid``."""
    for index, rate in enumerate(rates):
        _check_rate(rate, f"rates[{index}].")
    session.execute(delete(ShippingRate).where(ShippingRate.supplier_id == supplier_id))
    session.add_all(ShippingRate(id=new_id(), supplier_id=supplier_id, **_columns(rate)) for rate in rates)
    _follow_methods(session, supplier_id)
    audit.record(session, supplier_id, "suppliers.rates_changed", "supplier", supplier_id)


def add_rate(session: Session, supplier_id: UUID, rate: Rate) -> UUID:
    """Add a shipping rate. Raises ``Invalid``, also for a name that another one has."""
    _check_rate(rate)
    _check_name_free(session, supplier_id, rate.name)
    row = ShippingRate(id=new_id(), supplier_id=supplier_id, **_columns(rate))
    session.add(row)
    _follow_methods(session, supplier_id)
    audit.record(session, supplier_id, "suppliers.rates_changed", "shipping_rate", row.id)
    return row.id


def change_rate(session: Session, supplier_id: UUID, rate_id: UUID, rate: Rate) -> None:
    """Change a shipping rate; orders placed before keep theirs. Raises ``NotFound`` and ``Invalid``."""
    row = own_rate(session, supplier_id, rate_id)
    _check_rate(rate)
    _check_name_free(session, supplier_id, rate.name, but=rate_id)
    for column, value in _columns(rate).items():
        setattr(row, column, value)
    _follow_methods(session, supplier_id)
    audit.record(session, supplier_id, "suppliers.rates_changed", "shipping_rate", rate_id)


def remove_rate(session: Session, supplier_id: UUID, rate_id: UUID) -> None:
    """Take a shipping rate away. Raises ``NotFound``."""
    session.delete(own_rate(session, supplier_id, rate_id))
    _follow_methods(session, supplier_id)
    audit.record(session, supplier_id, "suppliers.rates_changed", "shipping_rate", rate_id)


def _check_rate(rate: Rate, prefix: str = "") -> None:
    if not rate.name.strip() or len(rate.name) > 80:
        raise Invalid.field(f"{prefix}name", "required", "A name has 1 to 80 characters.")
    if not rate.countries:
        raise Invalid.field(f"{prefix}countries", "required", "Name at least one country, or * for all.")
    unknown = [code for code in rate.countries if code != "*" and code not in country_codes()]
    if unknown:
        raise Invalid.field(
            f"{prefix}countries", "unknown_country", f"{', '.join(unknown)}: not a country's ISO code such as DE or GB."
        )
    for field, amount in (("first_item", rate.first_item), ("next_item", rate.next_item)):
        if amount < 0:
            raise Invalid.field(f"{prefix}{field}", "out_of_range", "A rate is not negative.")
    for field, days in (("transit_days_min", rate.transit_days_min), ("transit_days_max", rate.transit_days_max)):
        if not 0 <= days <= 120:
            raise Invalid.field(f"{prefix}{field}", "out_of_range", "Transit takes 0 to 120 days.")
    if rate.transit_days_min > rate.transit_days_max:
        raise Invalid.field(f"{prefix}transit_days_max", "out_of_range", "The longest time is not below the shortest.")
    if rate.method not in METHODS:
        raise Invalid.field(f"{prefix}method", "unknown", f"One of: {', '.join(METHODS)}.")
    if rate.price_by not in PRICE_BY:
        raise Invalid.field(f"{prefix}price_by", "unknown", f"One of: {', '.join(PRICE_BY)}.")
    if rate.price_by != "item":
        _check_tiers(rate.tiers, f"{prefix}tiers")


def _check_tiers(tiers: Sequence[Tier], field: str) -> None:
    if not 1 <= len(tiers) <= MOST_TIERS:
        raise Invalid.field(field, "required", f"Give 1 to {MOST_TIERS} steps.")
    if any(tier.price < 0 for tier in tiers):
        raise Invalid.field(field, "out_of_range", "A rate is not negative.")
    limits = [tier.up_to for tier in tiers]
    if None in limits[:-1]:
        raise Invalid.field(field, "out_of_order", "Only the last step is without end.")
    known = [limit for limit in limits if limit is not None]
    if any(limit <= 0 for limit in known) or known != sorted(set(known)):
        raise Invalid.field(field, "out_of_order", "Each step reaches further than the one before.")


def _check_name_free(session: Session, supplier_id: UUID, name: str, *, but: UUID | None = None) -> None:
    taken = session.scalar(
        select(ShippingRate.id).where(ShippingRate.supplier_id == supplier_id, ShippingRate.name == name.strip())
    )
    if taken is not None and taken != but:
        raise Invalid.field("name", "taken", "Another rate has this name.")


def _columns(rate: Rate) -> dict[str, Any]:
    steps = asdict(rate)["tiers"] if rate.price_by != "item" else ()
    return {
        **asdict(rate),
        "name": rate.name.strip(),
        "countries": list(dict.fromkeys(rate.countries)),
        "tiers": list(steps),
    }


def _follow_methods(session: Session, supplier_id: UUID) -> None:
    """The profile names the methods that the rates have."""
    session.flush()
    found = set(session.scalars(select(ShippingRate.method).where(ShippingRate.supplier_id == supplier_id)))
    supplier = session.get(Supplier, supplier_id)
    if supplier is not None and found:
        supplier.shipping_methods = [one for one in METHODS if one in found]
