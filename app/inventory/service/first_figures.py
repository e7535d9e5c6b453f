"""First figures of variants that were just made, set by set."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Select, Uuid, func, insert, literal, null, select, text
from sqlalchemy.orm import Session

from app.db import table_of
from app.inventory.events import InventoryChanged, StockFreed
from app.inventory.models import InventoryLevel, StockLocation, StockMovement
from app.inventory.service.figures import CHUNK
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import ID_IN_SERIES, new_series
from app.outbox.service import emit_parts

_levels, _movements = table_of(InventoryLevel), table_of(StockMovement)


def set_first_figures(
    session: Session, supplier_id: UUID, figures: Select[UUID, int], as_of: datetime, *, because: str
) -> None:
    """Take over figures (columns ``variant_id`` and ``quantity``) that hold for ``as_of``, as ``set_figures`` does, at
    the default location, of variants that this transaction has made, each named once: nobody else can have seen them,
    so there is nothing to look at before. Raises ``Invalid``."""
    place = session.scalar(
        select(StockLocation.id).where(StockLocation.supplier_id == supplier_id, StockLocation.is_default)
    )
    if place is None:
        raise Invalid("The supplier has no stock location yet.", code="no_location")
    now, supplier = literal(clock.now(), DateTime(timezone=True)), literal(supplier_id, Uuid)
    told = figures.subquery()
    nth = func.row_number().over(order_by=told.c.variant_id)
    figure = select(told.c.variant_id, told.c.quantity, nth.label("nth")).subquery("figure")
    made = (
        insert(_levels)
        .from_select(
            ["id", "supplier_id", "variant_id", "location_id", "on_hand", "as_of", "updated_at"],
            select(
                text(ID_IN_SERIES.format("figure.nth")).bindparams(series=new_series()),
                supplier,
                figure.c.variant_id,
                literal(place, Uuid),
                figure.c.quantity,
                literal(as_of, DateTime(timezone=True)),
                now,
            ).order_by(figure.c.nth),
        )
        .returning(_levels.c.id, _levels.c.variant_id, _levels.c.on_hand)
        .cte("made")
    )
    moved = select(made, func.row_number().over(order_by=made.c.id).label("nth")).where(made.c.on_hand != 0)
    moves = moved.subquery("moves")
    session.execute(
        insert(_movements).from_select(
            [
                "id", "level_id", "variant_id", "supplier_id", "retailer_id", "kind", "on_hand_change",
                "reserved_change", "reference", "at",
            ],
            select(
                text(ID_IN_SERIES.replace(":series", ":moves").format("moves.nth")).bindparams(moves=new_series()),
                moves.c.id,
                moves.c.variant_id,
                supplier,
                null(),
                literal("set"),
                moves.c.on_hand,
                literal(0),
                literal(because),
                now,
            ).order_by(moves.c.nth),
        )
    )  # fmt: skip
    ids, freed = select(told.c.variant_id), select(told.c.variant_id).where(told.c.quantity > 0)
    emit_parts(session, InventoryChanged(supplier_id=supplier_id, variant_ids=()), "variant_ids", ids, at_once=CHUNK)
    emit_parts(session, StockFreed(supplier_id=supplier_id, variant_ids=()), "variant_ids", freed, at_once=CHUNK)
