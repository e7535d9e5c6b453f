"""Figures that say what stands already: their time is noted, nothing else. Most of a supplier's figures are such."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Uuid, and_, any_, bindparam, case, false, func, null, select, union_all, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.inventory.models import InventoryLevel, Shortfall, StockConfirmation
from app.inventory.queries import figure_as_of
from app.inventory.service.figures import FRESHENS, StockFigure, default_place, joins, keep_times, tell_of_fresh
from app.kit import clock

#: Levels that are named at once, and that are locked in one statement.
_PARTING_AT_ONCE, _AT_ONCE = 50_000, 10_000


def confirm_together(
    session: Session, supplier_id: UUID, origin_id: UUID, figures: Select[UUID, int], as_of: datetime
) -> tuple[int, list[UUID]]:
    """Note by one row that figures of variants (columns ``variant_id`` and ``quantity``, each variant once), which hold
    for ``as_of``, say what stands at those levels that the origin confirms together: as many on hand, none set aside,
    no shortfall. Returns how many figures are not noted by that, which are for ``confirm_figures``; and levels of the
    origin of which these figures say something else, or nothing, or the first of many. While there are such, nothing is
    noted: they are for ``part_from``, in a transaction before. Repeated, nothing more happens.

    To be called in a transaction of its own, which holds nothing yet: nobody sets a figure of the supplier meanwhile.
    What orders and parcels do meanwhile comes after it."""
    keep_times(session, supplier_id, alone=True)
    known = session.scalar(select(StockConfirmation.as_of).where(StockConfirmation.origin_id == origin_id))
    figure = figures.cte("figure").prefix_with("materialized")
    there = (
        select(
            *(
                getattr(InventoryLevel, name)
                for name in ("id", "variant_id", "on_hand", "reserved", "as_of", "confirmed_by")
            ),
            InventoryLevel.id.in_(_short(supplier_id)).label("short"),
        )
        .where(
            InventoryLevel.supplier_id == supplier_id,
            InventoryLevel.location_id == default_place(session, supplier_id),
        )
        .cte("there")
    )
    # Not null, where there is no level.
    own = and_(there.c.id.is_not(None), func.coalesce(there.c.confirmed_by == origin_id, false()))
    since = case((own, func.greatest(there.c.as_of, known)), else_=there.c.as_of)
    told = figure.c.variant_id.is_not(None)
    fits = and_(told, ~there.c.short, there.c.reserved == 0, there.c.on_hand == figure.c.quantity)
    older = func.coalesce(since < as_of, false())
    newer = func.coalesce(since >= as_of, false())
    open_, parting = session.execute(
        select(
            func.count().filter(told, ~newer, ~and_(own, fits)),
            func.array_agg(there.c.id).filter(own, older, ~fits)[1:_PARTING_AT_ONCE],
        ).select_from(figure.join(there, there.c.variant_id == figure.c.variant_id, full=True))
    ).one()
    if not parting and (known is None or known < as_of):
        _note(session, supplier_id, origin_id, known, as_of)
    return open_, parting or []


def _note(session: Session, supplier_id: UUID, origin_id: UUID, known: datetime | None, as_of: datetime) -> None:
    of_origin = and_(InventoryLevel.supplier_id == supplier_id, InventoryLevel.confirmed_by == origin_id)
    long_ago = clock.now() - FRESHENS
    if known is None or known < long_ago:
        again = session.scalars(
            select(InventoryLevel.variant_id)
            .where(of_origin, InventoryLevel.as_of < long_ago)
            .order_by(InventoryLevel.variant_id)
        )
        tell_of_fresh(session, supplier_id, again.all())
    noted = upsert(StockConfirmation).values(origin_id=origin_id, supplier_id=supplier_id, as_of=as_of)
    session.execute(noted.on_conflict_do_update(index_elements=["origin_id"], set_={"as_of": as_of}))


def part_from(session: Session, supplier_id: UUID, origin_id: UUID, level_ids: Sequence[UUID]) -> None:
    """Levels whose figures an origin confirms together have their own times again, which are the same as before."""
    keep_times(session, supplier_id)
    for start in range(0, len(level_ids), _AT_ONCE):
        some = any_(bindparam("some", level_ids[start : start + _AT_ONCE], type_=ARRAY(Uuid)))
        locked = (
            select(InventoryLevel.id)
            .where(InventoryLevel.id == some, InventoryLevel.confirmed_by == origin_id)
            .order_by(InventoryLevel.id)
            .with_for_update()
            .cte("locked")
        )
        session.execute(
            update(InventoryLevel)
            .where(InventoryLevel.id == locked.c.id)
            .values(as_of=figure_as_of(), confirmed_by=None)
            .execution_options(synchronize_session=False)
        )


def confirm_figures(
    session: Session,
    supplier_id: UUID,
    figures: Select[UUID, int],
    as_of: datetime,
    *,
    origin_id: UUID | None = None,
) -> list[StockFigure]:
    """Take over figures of variants (columns ``variant_id`` and ``quantity``) at the default location, which hold for
    ``as_of``, where they confirm what stands: as many on hand, none set aside, no shortfall. Returns the others, which
    are ``set_figures``'s, in another transaction: each locks its levels in one order. A figure of that time or a later
    one stays as it is; repeated, nothing more happens. ``origin_id``: whose later files may confirm them together."""
    now = clock.now()
    keep_times(session, supplier_id)
    location = default_place(session, supplier_id)
    figure = figures.cte("figure").prefix_with("materialized")
    # Not "not exists", here and below: a plan that expects few rows would compare each figure with each other row.
    standing = (
        select(InventoryLevel.id, figure_as_of().label("as_of"))
        .join(figure, figure.c.variant_id == InventoryLevel.variant_id)
        .where(
            InventoryLevel.location_id == location,
            InventoryLevel.reserved == 0,
            InventoryLevel.on_hand == figure.c.quantity,
            figure_as_of() < as_of,
            InventoryLevel.id.not_in(_short(supplier_id)),
        )
        .order_by(InventoryLevel.id)
        .with_for_update(of=InventoryLevel)
        .cte("standing")
    )
    confirmed = (
        update(InventoryLevel)
        .where(InventoryLevel.id == standing.c.id)
        .values(as_of=as_of, updated_at=now, confirmed_by=joins(session, origin_id, as_of))
        .returning(InventoryLevel.variant_id, standing.c.as_of)
        .cte("confirmed")
    )
    fresh_again = select(confirmed.c.variant_id, null().label("quantity")).where(confirmed.c.as_of < now - FRESHENS)
    # Of a figure that was noted before, in a task that was cut off, parcels may have taken units since.
    noted = (
        select(InventoryLevel.variant_id)
        .join(figure, figure.c.variant_id == InventoryLevel.variant_id)
        .where(InventoryLevel.location_id == location, figure_as_of() >= as_of)
    )
    others = select(figure.c.variant_id, figure.c.quantity).where(
        figure.c.variant_id.not_in(select(confirmed.c.variant_id)), figure.c.variant_id.not_in(noted)
    )
    found = session.execute(union_all(fresh_again, others)).all()
    tell_of_fresh(session, supplier_id, sorted(variant_id for variant_id, quantity in found if quantity is None))
    return [StockFigure(variant_id, quantity, as_of) for variant_id, quantity in found if quantity is not None]


def _short(supplier_id: UUID) -> Select[UUID]:
    return select(Shortfall.level_id).where(Shortfall.supplier_id == supplier_id, Shortfall.resolved_at.is_(None))
