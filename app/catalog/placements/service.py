"""Granting and ending placements, and counting how often they are seen and followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import Category, Placement, PlacementDay
from app.catalog.placements.rules import MOST_DAYS, MOST_WEIGHT, ActivePlacement
from app.catalog.rules import search_terms
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlacement:
    """What is granted: either ``category`` (a slug or a path) or ``words``."""

    supplier_id: UUID
    category: str
    words: str
    weight: int
    starts_on: date
    ends_on: date


def grant(session: Session, new: NewPlacement) -> Placement:
    """Grant a placement. Raises ``Invalid`` naming the field."""
    if bool(new.category.strip()) == bool(new.words.strip()):
        raise Invalid.field("category", "required", "Name a category, or words that are searched for: one of them.")
    category = None
    if new.category.strip():
        named = new.category.strip()
        category = session.scalar(
            select(Category).where((Category.slug == named) | (Category.path == named)).order_by(Category.id).limit(1)
        )
        if category is None:
            raise Invalid.field("category", "unknown_category", "No product is in such a category.")
    terms = search_terms(new.words)
    if category is None and not terms:
        raise Invalid.field("words", "required", "Words that are searched for, such as desk lamp.")
    if not 1 <= new.weight <= MOST_WEIGHT:
        raise Invalid.field("weight", "out_of_range", f"A whole number from 1 to {MOST_WEIGHT}.")
    if not new.starts_on <= new.ends_on <= new.starts_on + timedelta(days=MOST_DAYS):
        raise Invalid.field("ends_on", "out_of_range", f"On or after the first day, at most {MOST_DAYS} days later.")
    if new.ends_on < clock.now().date():
        raise Invalid.field("ends_on", "over", "These days are over.")
    supplier = session.get(Supplier, new.supplier_id)
    if supplier is None or supplier.status != ACTIVE:
        raise Invalid.field("supplier_id", "not_active", "Choose a supplier that sells now.")
    made = Placement(
        id=new_id(),
        supplier_id=new.supplier_id,
        category_id=category.id if category is not None else None,
        words=" ".join(terms) if category is None else "",
        weight=new.weight,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        granted_by=current_scope().actor,
        created_at=clock.now(),
        ended_at=None,
    )
    session.add(made)
    session.flush()
    audit.record(session, new.supplier_id, "catalog.placement_granted", "placement", made.id)
    return made


def end(session: Session, placement_id: UUID) -> Placement:
    """End a placement before its time. Raises ``NotFound``, and ``Conflict`` where it is over."""
    row = session.scalar(select(Placement).where(Placement.id == placement_id).with_for_update())
    if row is None:
        raise NotFound("placement")
    if row.ended_at is not None or row.ends_on < clock.now().date():
        raise Conflict("This placement is over.", code="over")
    row.ended_at = clock.now()
    audit.record(session, row.supplier_id, "catalog.placement_ended", "placement", row.id)
    return row


def active(session: Session) -> list[ActivePlacement]:
    """The placements that hold today."""
    today = clock.now().date()
    rows = session.scalars(
        select(Placement).where(Placement.ends_on >= today, Placement.starts_on <= today, Placement.ended_at.is_(None))
    )
    return [
        ActivePlacement(row.id, row.supplier_id, row.category_id, tuple(row.words.split()), row.weight) for row in rows
    ]


def tally(session: Session, seen: Mapping[UUID, int], what: Literal["impressions", "clicks"]) -> None:
    """Count for today: placement → how often. What is no placement is passed over. Needs a system scope."""
    known = session.execute(select(Placement.id, Placement.supplier_id).where(Placement.id.in_(list(seen)))).all()
    # In the order of ids, so that two pages at once do not wait for one another in a ring.
    for placement_id, supplier_id in sorted(known):
        row = upsert(PlacementDay).values(
            placement_id=placement_id,
            day=clock.now().date(),
            supplier_id=supplier_id,
            **{what: seen[placement_id]},
        )
        column = getattr(PlacementDay, what)
        session.execute(
            row.on_conflict_do_update(
                index_elements=["placement_id", "day"], set_={what: column + getattr(row.excluded, what)}
            )
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """How often a placement was seen and followed."""

    impressions: int = 0
    clicks: int = 0


def figures(session: Session, placement_ids: Sequence[UUID]) -> dict[UUID, Figures]:
    """All days of each together."""
    rows = session.execute(
        select(PlacementDay.placement_id, func.sum(PlacementDay.impressions), func.sum(PlacementDay.clicks))
        .where(PlacementDay.placement_id.in_(list(placement_ids)))
        .group_by(PlacementDay.placement_id)
    )
    return {placement: Figures(int(impressions), int(clicks)) for placement, impressions, clicks in rows}


def days(session: Session, supplier_id: UUID, *, last: int = 30) -> list[tuple[date, Figures]]:
    """All placements of a supplier together on each of the last days, the oldest first."""
    today = clock.now().date()
    first = today - timedelta(days=last - 1)
    rows = session.execute(
        select(PlacementDay.day, func.sum(PlacementDay.impressions), func.sum(PlacementDay.clicks))
        .where(PlacementDay.supplier_id == supplier_id, PlacementDay.day >= first)
        .group_by(PlacementDay.day)
    )
    known = {day: Figures(int(impressions), int(clicks)) for day, impressions, clicks in rows}
    return [(day, known.get(day, Figures())) for day in (first + timedelta(days=n) for n in range(last))]


def placements(
    session: Session, *, supplier_id: UUID | None = None, limit: int = 100
) -> list[tuple[Placement, str, str]]:
    """Placements with the supplier's name and the category's path, the newest first."""
    query = (
        select(Placement, Supplier.company_name, Category.path)
        .join(Supplier, Supplier.id == Placement.supplier_id)
        .outerjoin(Category, Category.id == Placement.category_id)
        .order_by(Placement.id.desc())
        .limit(limit)
    )
    if supplier_id is not None:
        query = query.where(Placement.supplier_id == supplier_id)
    return [(row, name, path or "") for row, name, path in session.execute(query)]
