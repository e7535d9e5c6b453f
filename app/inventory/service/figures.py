"""Taking over suppliers' own figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, any_, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import add_rows, current_scope, table_of
from app.inventory.events import InventoryChanged, ShortfallFound, StockFreed
from app.inventory.models import (
    InventoryLevel,
    Reservation,
    Shortfall,
    StockConfirmation,
    StockLocation,
    StockMovement,
)
from app.inventory.queries import FIGURE_AS_OF, figure_as_of, untold_units
from app.inventory.rules import LARGEST_QUANTITY
from app.inventory.service.settling import OPEN_STATES
from app.kit import clock
from app.kit.countries import country_codes
from app.kit.errors import Invalid
from app.kit.ids import new_id
from app.outbox.service import emit

#: A figure may be ahead of our clock by this much.
_TOLERANCE = timedelta(minutes=5)
#: A level without any figure yet: every figure is newer.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
#: A figure confirmed after this time is told again though it is the same, since stores may show it as stale.
FRESHENS = timedelta(hours=1)
#: Ids compare by it, much quicker than by themselves.
_NUMBER = attrgetter("int")
#: Variants told of in one event.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class StockFigure:
    """A supplier says that ``quantity`` units of a variant were free at ``as_of``, after the orders it knew."""

    variant_id: UUID
    quantity: int
    as_of: datetime
    location_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FigureResult:
    """How a level stands after a figure, and stood before it. ``stale``: the figure was older than what is known, and
    ignored."""

    variant_id: UUID
    location_id: UUID
    on_hand: int
    reserved: int
    as_of: datetime
    stale: bool
    level_id: UUID
    on_hand_before: int
    as_of_before: datetime


@dataclass(frozen=True, slots=True)
class Level:
    """A level as it was before a figure."""

    id: UUID
    variant_id: UUID
    location_id: UUID
    on_hand: int
    reserved: int
    as_of: datetime
    #: It was made with its figure, and needs no other statement.
    fresh: bool = False


_LOCK = text(
    f"""
    select level.id, level.variant_id, level.location_id, level.on_hand, level.reserved, {FIGURE_AS_OF} as as_of
    from inventory_levels as level
    where (level.variant_id, level.location_id) in (select * from unnest(:variants, :places))
    order by level.id for update of level
    """  # noqa: S608 - a constant of this package's queries
).bindparams(bindparam("variants", type_=ARRAY(Uuid)), bindparam("places", type_=ARRAY(Uuid)))

_MAKE = text(
    "insert into inventory_levels (id, supplier_id, variant_id, location_id, on_hand, as_of, updated_at, confirmed_by) "
    "select id, :supplier, variant_id, location_id, on_hand, as_of, :now, :origin "
    "from unnest(:ids, :variants, :places, :on_hand, :as_of) as fresh(id, variant_id, location_id, on_hand, as_of) "
    "on conflict (variant_id, location_id) do nothing returning variant_id, location_id, id"
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("supplier", type_=Uuid),
    bindparam("variants", type_=ARRAY(Uuid)),
    bindparam("places", type_=ARRAY(Uuid)),
    bindparam("on_hand", type_=ARRAY(Integer)),
    bindparam("as_of", type_=ARRAY(DateTime(timezone=True))),
    bindparam("origin", type_=Uuid),
)

_SET = text(
    "update inventory_levels as level "
    "set on_hand = figure.on_hand, as_of = figure.as_of, updated_at = :now, confirmed_by = :origin "
    "from unnest(:ids, :on_hand, :as_of) as figure(id, on_hand, as_of) where level.id = figure.id"
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("on_hand", type_=ARRAY(Integer)),
    bindparam("as_of", type_=ARRAY(DateTime(timezone=True))),
    bindparam("origin", type_=Uuid),
)


def add_location(session: Session, supplier_id: UUID, *, code: str, name: str, country: str, default: bool) -> UUID:
    """Make a stock location. Raises ``Invalid``, also for a code that another one has."""
    code, name = code.strip(), name.strip()
    if not code or len(code) > 40:
        raise Invalid.field("code", "required", "A code has 1 to 40 characters.")
    if not name or len(name) > 120:
        raise Invalid.field("name", "required", "A name has 1 to 120 characters.")
    if country not in country_codes():
        raise Invalid.field("country", "unknown_country", "Choose a country.")
    location_id = new_id()
    made = session.connection().execute(
        upsert(table_of(StockLocation))
        .values(id=location_id, supplier_id=supplier_id, code=code, name=name, country=country, is_default=default)
        .on_conflict_do_nothing()
    )
    if not made.rowcount:
        raise Invalid.field("code", "taken", "Another location has this code.")
    audit.record(session, supplier_id, "inventory.location_added", "stock_location", location_id)
    return location_id


def ensure_location(session: Session, supplier_id: UUID, *, country: str) -> None:
    """A supplier without any stock location gets one in its country: stock is kept somewhere."""
    if session.scalar(select(StockLocation.id).where(StockLocation.supplier_id == supplier_id).limit(1)) is None:
        add_location(session, supplier_id, code="main", name="Main warehouse", country=country, default=True)


def default_place(session: Session, supplier_id: UUID) -> UUID | None:
    """The location of a supplier at which figures hold that name none; None where it has no location yet."""
    return session.scalar(
        select(StockLocation.id).where(StockLocation.supplier_id == supplier_id, StockLocation.is_default)
    )


def keep_times(session: Session, supplier_id: UUID, *, alone: bool = False) -> None:
    """Until the transaction ends, no origin of the supplier's figures confirms its levels: what time each one's figure
    has stays as it is read from here on, but for what is locked. ``alone``: nobody sets a figure either. Taken before
    levels are locked."""
    lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
    session.execute(select(lock(func.hashtextextended(f"figures of {supplier_id}", 0))))


def joins(session: Session, origin_id: UUID | None, as_of: datetime) -> UUID | None:
    """The origin that confirms levels from now on whose figures hold for ``as_of``; None where it has confirmed its own
    for a later time, which is not theirs. The supplier's times are kept (``keep_times``)."""
    later = select(StockConfirmation.as_of).where(
        StockConfirmation.origin_id == origin_id, StockConfirmation.as_of > as_of
    )
    return None if origin_id is None or session.scalar(later) is not None else origin_id


def set_figures(
    session: Session,
    supplier_id: UUID,
    figures: Sequence[StockFigure],
    *,
    because: str = "",
    origin_id: UUID | None = None,
) -> list[FigureResult]:
    """Take over figures of one supplier's variants, which the caller has checked to be its own. ``because``: what
    movements refer to, such as ``feed_run:<id>``; else who does it. ``origin_id``: whose later files may confirm them
    together (``confirm_together``).

    What a figure already subtracted (orders told to the supplier by ``as_of``) is added back to what is on hand,
    so an order is never subtracted twice; a figure below what is promised besides makes a ``Shortfall``. Results
    come in the order of the figures. Raises ``Invalid`` for a negative, huge or future figure.
    """
    now = clock.now()
    for index, figure in enumerate(figures):
        _check(figure, index, now)
    places = _places(session, supplier_id, figures)
    keep_times(session, supplier_id)
    origin_id = joins(session, origin_id, min((figure.as_of for figure in figures), default=now))
    levels = _locked(session, supplier_id, list(zip(figures, places, strict=True)), now, origin_id)
    promised = promised_of(session, [level.id for level in levels.values() if level.reserved])
    standing = {level.id: (level.on_hand, level.as_of) for level in levels.values()}
    applied: dict[UUID, StockFigure] = {}
    results: list[FigureResult] = []
    for figure, place in zip(figures, places, strict=True):
        level = levels[(figure.variant_id, place)]
        on_hand, as_of = standing[level.id]
        stale = figure.as_of < as_of
        if not stale:
            counted = sum(units for told_at, units, _ in promised[level.id] if told_at and told_at <= figure.as_of)
            on_hand, as_of = figure.quantity + counted, figure.as_of
            standing[level.id] = (on_hand, as_of)
            applied[level.id] = figure
        results.append(
            FigureResult(
                figure.variant_id, place, on_hand, level.reserved, as_of, stale, level.id, level.on_hand, level.as_of
            )
        )
    by_id = {level.id: level for level in levels.values()}
    changes = [(by_id[level_id], *standing[level_id]) for level_id in applied]
    write_figures(session, supplier_id, changes, now, because=because, origin_id=origin_id)
    note_shortfalls(session, supplier_id, by_id, standing, promised, applied, now)
    return results


def set_free(session: Session, supplier_id: UUID, free: Mapping[UUID, int]) -> list[FigureResult]:
    """Take over what somebody who sees our reservations says is free of variants at the default location now: also
    units set aside for orders that the supplier was not told of yet are left out of such a count. Raises as
    ``set_figures``."""
    held = untold_units(session, free)
    now = clock.now()
    figures = [StockFigure(variant_id, units + held.get(variant_id, 0), now) for variant_id, units in free.items()]
    return set_figures(session, supplier_id, figures)


def _check(figure: StockFigure, index: int, now: datetime) -> None:
    if not 0 <= figure.quantity <= LARGEST_QUANTITY:
        raise Invalid.field(
            f"items[{index}].quantity", "out_of_range", f"A quantity is between 0 and {LARGEST_QUANTITY}."
        )
    if figure.as_of > now + _TOLERANCE:
        raise Invalid.field(f"items[{index}].as_of", "in_the_future", "as_of lies in the future.")


def _places(session: Session, supplier_id: UUID, figures: Sequence[StockFigure]) -> list[UUID]:
    """The location of each figure: the one it names, which must be the supplier's, or the default."""
    rows = session.execute(
        select(StockLocation.id, StockLocation.is_default).where(StockLocation.supplier_id == supplier_id)
    ).all()
    own = {row.id for row in rows}
    default = next((row.id for row in rows if row.is_default), None)
    if default is None:
        raise Invalid("The supplier has no stock location yet.", code="no_location")
    for index, figure in enumerate(figures):
        if figure.location_id is not None and figure.location_id not in own:
            raise Invalid.field(f"items[{index}].location_id", "unknown_location", "No such stock location.")
    return [figure.location_id or default for figure in figures]


def _locked(
    session: Session,
    supplier_id: UUID,
    wanted: Sequence[tuple[StockFigure, UUID]],
    now: datetime,
    origin_id: UUID | None,
) -> dict[tuple[UUID, UUID], Level]:
    """The levels of the figures, locked in the order of their ids. Where one was missing it is made with its figure:
    nobody can have reserved of it."""
    levels = _lock(session, {(figure.variant_id, place) for figure, place in wanted})
    first: dict[tuple[UUID, UUID], tuple[int, datetime]] = {}
    for figure, place in wanted:
        key = (figure.variant_id, place)
        if key not in levels:
            known = first.setdefault(key, (0, _NEVER))
            if figure.as_of >= known[1]:
                first[key] = (figure.quantity, figure.as_of)
    if not first:
        return levels
    fresh = sorted(first)
    made = session.connection().execute(
        _MAKE,
        {
            "ids": [new_id() for _ in fresh],
            "supplier": supplier_id,
            "variants": [variant_id for variant_id, _ in fresh],
            "places": [location_id for _, location_id in fresh],
            "on_hand": [first[key][0] for key in fresh],
            "as_of": [first[key][1] for key in fresh],
            "now": now,
            "origin": origin_id,
        },
    )
    for variant_id, location_id, level_id in made:
        levels[variant_id, location_id] = Level(level_id, variant_id, location_id, 0, 0, _NEVER, fresh=True)
    # Somebody else made it a moment ago.
    levels |= _lock(session, first.keys() - levels.keys())
    return levels


def _lock(session: Session, keys: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Level]:
    if not keys:
        return {}
    arrays = {"variants": [variant_id for variant_id, _ in keys], "places": [place for _, place in keys]}
    found = session.connection().execute(_LOCK, arrays)
    return {(row.variant_id, row.location_id): Level(*row) for row in found}


def locked_levels(session: Session, supplier_id: UUID, level_ids: Collection[UUID]) -> list[Level]:
    """Levels of a supplier as they stand, locked in the order of their ids, with its times kept (``keep_times``)."""
    keep_times(session, supplier_id)
    rows = session.connection().execute(
        select(
            InventoryLevel.id,
            InventoryLevel.variant_id,
            InventoryLevel.location_id,
            InventoryLevel.on_hand,
            InventoryLevel.reserved,
            figure_as_of().label("as_of"),
        )
        .where(InventoryLevel.id.in_(level_ids), InventoryLevel.supplier_id == supplier_id)
        .order_by(InventoryLevel.id)
        .with_for_update(of=InventoryLevel)
    )
    return [Level(*row) for row in rows]


def promised_of(session: Session, level_ids: Sequence[UUID]) -> dict[UUID, list[tuple[datetime | None, int, UUID]]]:
    """Open reservations of each level: when the supplier was told, the units, the order line."""
    promised: defaultdict[UUID, list[tuple[datetime | None, int, UUID]]] = defaultdict(list)
    if level_ids:
        rows = session.execute(
            select(
                Reservation.level_id,
                Reservation.told_at,
                Reservation.quantity - Reservation.consumed - Reservation.released,
                Reservation.order_line_id,
            ).where(Reservation.level_id.in_(level_ids), Reservation.state.in_(OPEN_STATES))
        )
        for level_id, told_at, units, line_id in rows:
            promised[level_id].append((told_at, units, line_id))
    return promised


def write_figures(
    session: Session,
    supplier_id: UUID,
    changes: Sequence[tuple[Level, int, datetime]],
    now: datetime,
    *,
    because: str = "",
    origin_id: UUID | None = None,
) -> None:
    """Let levels stand so, each for its own time alone unless its ``origin_id`` confirms it later. The caller keeps the
    supplier's times (``keep_times``) and has the levels locked."""
    if not changes:
        return
    there = [change for change in changes if not change[0].fresh]
    if there:
        session.connection().execute(
            _SET,
            {
                "ids": [level.id for level, _, _ in there],
                "on_hand": [on_hand for _, on_hand, _ in there],
                "as_of": [as_of for _, _, as_of in there],
                "now": now,
                "origin": origin_id,
            },
        )
    moved = [(level, on_hand) for level, on_hand, _ in changes if on_hand != level.on_hand]
    if moved:
        add_rows(
            session,
            StockMovement,
            [
                {
                    "id": new_id(),
                    "level_id": level.id,
                    "variant_id": level.variant_id,
                    "supplier_id": supplier_id,
                    "retailer_id": None,
                    "kind": "set",
                    "on_hand_change": on_hand - level.on_hand,
                    "reserved_change": 0,
                    "reference": because or current_scope().actor,
                    "at": now,
                }
                for level, on_hand in moved
            ],
        )
    # A renewed figure matters even when it is the same: it is fresh again.
    told = sorted(
        {level.variant_id for level, on_hand, _ in changes if on_hand != level.on_hand or level.as_of < now - FRESHENS},
        key=_NUMBER,
    )
    more = sorted({level.variant_id for level, on_hand, _ in changes if on_hand > level.on_hand}, key=_NUMBER)
    tell_of_fresh(session, supplier_id, told)
    emit(session, *(StockFreed(supplier_id=supplier_id, variant_ids=part) for part in _parts(more)))


def tell_of_fresh(session: Session, supplier_id: UUID, variant_ids: Sequence[UUID]) -> None:
    """Say that stock of variants has changed, or that a figure is fresh again that stores may show as too old."""
    emit(session, *(InventoryChanged(supplier_id=supplier_id, variant_ids=part) for part in _parts(variant_ids)))


def _parts(variant_ids: Sequence[UUID]) -> list[tuple[UUID, ...]]:
    return [tuple(variant_ids[start : start + CHUNK]) for start in range(0, len(variant_ids), CHUNK)]


def note_shortfalls(
    session: Session,
    supplier_id: UUID,
    levels: dict[UUID, Level],
    standing: dict[UUID, tuple[int, datetime]],
    promised: dict[UUID, list[tuple[datetime | None, int, UUID]]],
    applied: dict[UUID, StockFigure],
    now: datetime,
) -> None:
    """Open a shortfall where less is on hand than reserved, and close those that are over."""
    if not applied:
        return
    session.execute(
        update(Shortfall)
        .where(
            Shortfall.supplier_id == supplier_id,
            Shortfall.resolved_at.is_(None),
            Shortfall.level_id == any_(bindparam("levels", list(applied), type_=ARRAY(Uuid))),
        )
        .values(resolved_at=now)
    )
    for level_id, figure in applied.items():
        level = levels[level_id]
        missing = level.reserved - standing[level_id][0]
        if missing <= 0:
            continue
        unknown = [
            str(line_id)
            for told_at, _, line_id in promised.get(level_id, [])
            if told_at is None or told_at > figure.as_of
        ]
        shortfall_id = new_id()
        session.execute(
            insert(Shortfall).values(
                id=shortfall_id,
                supplier_id=supplier_id,
                level_id=level_id,
                variant_id=level.variant_id,
                missing=missing,
                order_line_ids=unknown,
                created_at=now,
            )
        )
        emit(
            session,
            ShortfallFound(
                supplier_id=supplier_id,
                shortfall_id=shortfall_id,
                variant_id=level.variant_id,
                missing=missing,
            ),
        )
