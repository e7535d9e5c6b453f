"""First figures of variants that were just made, set by set."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import DateTime, TextClause, Uuid, bindparam, text
from sqlalchemy.orm import Session

from app.inventory.events import InventoryChanged, StockFreed
from app.inventory.service.figures import CHUNK, default_place, joins, keep_times
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import ID_IN_SERIES, new_series
from app.outbox.service import emit_parts

#: What stands in the place of the braces is of this module, of ``kit.ids`` and of those who call it.
_KEEP = """
    with made as (
        insert into inventory_levels (
            id, supplier_id, variant_id, location_id, on_hand, as_of, updated_at, confirmed_by)
        select {level}, :supplier, variant_id, :place, quantity, :as_of, :now, :origin
        from (select *, row_number() over (order by variant_id) as nth from ({figures}) as told) as figure
        order by nth
        returning id, variant_id, on_hand
    )
    insert into stock_movements (
        id, level_id, variant_id, supplier_id, retailer_id, kind, on_hand_change, reserved_change, reference, at)
    select {movement}, id, variant_id, :supplier, null, 'set', on_hand, 0, :because, :now
    from (select made.*, row_number() over () as nth from made where on_hand <> 0) as moved
    """


def set_first_figures(
    session: Session, supplier_id: UUID, figures: str, as_of: datetime, *, because: str, origin_id: UUID
) -> None:
    """Take over figures that hold for ``as_of``, as ``set_figures`` does, at the default location, of variants that
    this transaction has made, each named once: nobody else can have seen them, so there is nothing to look at before.
    ``figures``: a SELECT of ``variant_id`` and ``quantity``, without values. ``origin_id``: whose later files may
    confirm them together. Raises ``Invalid``."""
    place = default_place(session, supplier_id)
    if place is None:
        raise Invalid("The supplier has no stock location yet.", code="no_location")
    keep_times(session, supplier_id)
    values = {
        "supplier": supplier_id,
        "origin": joins(session, origin_id, as_of),
        "place": place,
        "as_of": as_of,
        "because": because,
        "now": clock.now(),
        "levels": new_series(),
        "movements": new_series(),
    }
    session.execute(_keep(figures), values)
    # These are the caller's own statement.
    ids = f"select variant_id as id, true as told_0, quantity > 0 as told_1 from ({figures}) as told"  # noqa: S608
    events = [kind(supplier_id=supplier_id, variant_ids=()) for kind in (InventoryChanged, StockFreed)]
    emit_parts(session, events, "variant_ids", ids, at_once=CHUNK)


@cache
def _keep(figures: str) -> TextClause:
    levels, movements = (ID_IN_SERIES.replace(":series", f":{name}") for name in ("levels", "movements"))
    statement = _KEEP.format(level=levels.format("nth"), movement=movements.format("nth"), figures=figures)
    return text(statement).bindparams(
        bindparam("supplier", type_=Uuid),
        bindparam("origin", type_=Uuid),
        bindparam("place", type_=Uuid),
        bindparam("as_of", type_=DateTime(timezone=True)),
        bindparam("now", type_=DateTime(timezone=True)),
    )
