"""What becomes of reservations: committed, consumed by a shipment, released, or expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ScalarSelect, SQLColumnExpression, func, select, tuple_, update
from sqlalchemy.orm import Session

from app.db import add_rows
from app.inventory.events import InventoryChanged, StockFreed
from app.inventory.models import InventoryLevel, Reservation, StockMovement
from app.kit import clock
from app.kit.ids import new_id
from app.outbox.service import emit

OPEN_STATES = ("HELD", "COMMITTED")


class Aside(NamedTuple):
    """Whose units are set aside: an order line's, of one of the variants that fill it."""

    order_line_id: UUID
    variant_id: UUID


def commit_reservations(session: Session, order_line_ids: Iterable[UUID], *, told_at: datetime) -> None:
    """The order is paid and its suppliers are told: the units no longer expire, and the suppliers' figures from
    ``told_at`` on hold the order already."""
    session.execute(
        update(Reservation)
        .where(Reservation.order_line_id.in_(list(order_line_ids)), Reservation.state == "HELD")
        .values(state="COMMITTED", expires_at=None, told_at=told_at)
    )


def consume(session: Session, units: Mapping[Aside, int], *, reference: str) -> None:
    """Units of order lines have left the house: they leave on hand and reserved alike.

    Raises ``ValueError`` when a line has fewer units set aside than are to leave.
    """
    _close(session, units, kind="consume", reference=reference, leaves_house=True)


def release(session: Session, units: Mapping[Aside, int], *, reference: str, write_off: bool = False) -> None:
    """Units of order lines are free again. With ``write_off`` they do not exist: the supplier said so, and what
    is on hand falls with what is reserved."""
    _close(
        session,
        units,
        kind="write_off" if write_off else "release",
        reference=reference,
        leaves_house=write_off,
    )


def expire(session: Session, units: Mapping[Aside, int], *, reference: str) -> None:
    """Units of order lines are free again, because nobody paid for them in time."""
    _close(session, units, kind="release", reference=reference, ended="EXPIRED")


def expire_held(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[UUID]:
    """The ids of order lines whose unpaid reservations have run out, locked for the caller to let go."""
    return session.scalars(
        select(Reservation.order_line_id)
        .where(Reservation.state == "HELD", Reservation.expires_at <= moment)
        .order_by(Reservation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _close(
    session: Session,
    units: Mapping[Aside, int],
    *,
    kind: str,
    reference: str,
    leaves_house: bool = False,
    ended: str = "RELEASED",
) -> None:
    """Settle units. ``ended`` is the state of a reservation of which nothing is left and nothing has shipped."""
    wanted = {whose: count for whose, count in units.items() if count > 0}
    if not wanted:
        return
    theirs = tuple_(Reservation.order_line_id, Reservation.variant_id).in_(list(wanted))
    # Levels first and in id order, as reserving does; then the reservations on them.
    level_ids = session.scalars(select(Reservation.level_id).where(theirs, Reservation.state.in_(OPEN_STATES))).all()
    levels = {
        level.id: level
        for level in session.scalars(
            select(InventoryLevel)
            .where(InventoryLevel.id.in_(level_ids))
            .order_by(InventoryLevel.id)
            .with_for_update()
            # Whoever looked at a level before has it as it was then.
            .execution_options(populate_existing=True)
        )
    }
    reservations = session.scalars(
        select(Reservation)
        .where(theirs, Reservation.state.in_(OPEN_STATES))
        .order_by(Reservation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    now = clock.now()
    movements = []
    changed: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for reservation in reservations:
        remaining = reservation.quantity - reservation.consumed - reservation.released
        whose = Aside(reservation.order_line_id, reservation.variant_id)
        count = min(remaining, wanted[whose])
        if not count:
            continue
        wanted[whose] -= count
        if kind == "consume":
            reservation.consumed += count
        else:
            reservation.released += count
        if count == remaining:
            reservation.state = "CONSUMED" if reservation.consumed else ended
            reservation.closed_at = now
        level = levels[reservation.level_id]
        level.reserved -= count
        # In a shortfall less may be on hand than was promised.
        left = min(count, level.on_hand) if leaves_house else 0
        level.on_hand -= left
        level.updated_at = now
        changed[level.supplier_id].add(level.variant_id)
        movements.append(
            {
                "id": new_id(),
                "level_id": level.id,
                "variant_id": level.variant_id,
                "supplier_id": level.supplier_id,
                "retailer_id": reservation.retailer_id,
                "kind": kind,
                "on_hand_change": -left,
                "reserved_change": -count,
                "reference": reference,
                "at": now,
            }
        )
    if any(wanted.values()):
        raise ValueError("fewer units are set aside than are to be settled")
    session.flush()
    add_rows(session, StockMovement, movements)
    if kind != "consume":
        emit(
            session,
            *(
                event(supplier_id=supplier_id, variant_ids=tuple(sorted(variant_ids)))
                for supplier_id, variant_ids in sorted(changed.items())
                for event in ((InventoryChanged,) if leaves_house else (InventoryChanged, StockFreed))
            ),
        )


_ASIDE = func.sum(Reservation.quantity - Reservation.consumed - Reservation.released)


def aside_for(order_line_id: SQLColumnExpression[UUID], variant_id: SQLColumnExpression[UUID]) -> ScalarSelect[int]:
    """Units of a variant still set aside for the order line that a statement is about."""
    return (
        select(func.coalesce(_ASIDE, 0))
        .where(
            Reservation.order_line_id == order_line_id,
            Reservation.variant_id == variant_id,
            Reservation.state.in_(OPEN_STATES),
        )
        .scalar_subquery()
    )


def units_set_aside(session: Session, order_line_ids: Iterable[UUID]) -> dict[Aside, int]:
    """Units still set aside for order lines, by line and variant."""
    rows = session.execute(
        select(Reservation.order_line_id, Reservation.variant_id, _ASIDE)
        .where(Reservation.order_line_id.in_(list(order_line_ids)), Reservation.state.in_(OPEN_STATES))
        .group_by(Reservation.order_line_id, Reservation.variant_id)
    )
    return {Aside(line_id, variant_id): int(count) for line_id, variant_id, count in rows}
