"""What is counted of suppliers, against a plain recomputation; counting again; late facts; whose they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.db import table_of
from app.fulfillment.models import Shipment, ShipmentLine, TrackingEvent
from app.insights.reliability import counted_on, missed_by
from app.inventory.models import InventoryLevel, Shortfall
from app.kit import clock
from app.kit.ids import new_id
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import place_order, release_purchase_orders
from tests import factories as make

SCANNING = ("simulated",)
ZONES = ("Europe/Berlin", "America/Los_Angeles")
TODAY = clock.now().date()
MIDNIGHT = datetime.combine(TODAY, time(), UTC)


@dataclass(frozen=True)
class Parcel:
    """Moments in hours before today's midnight; ``units`` of the only line."""

    carrier: str
    #: Whether its label was bought, so that the gateway tells of it.
    labelled: bool
    units: int
    told: int
    scanned: int | None
    delivered: int | None
    by_carrier: bool
    promised: int

    @property
    def left(self) -> int | None:
        """When it left."""
        return self.scanned if self.followed else self.told

    @property
    def followed(self) -> bool:
        """Whether anybody tells its scans."""
        return self.labelled or self.carrier in SCANNING


@dataclass(frozen=True)
class Facts:
    """What happened to one purchase order of one line."""

    released: int
    due_after: int
    answered_after: int | None
    quantity: int
    cancelled: int
    rejected: int
    unavailable: int
    backordered: bool
    shortfall: bool
    ended_early: bool
    parcels: list[Parcel] = field(default_factory=list)


hours = st.integers(0, 24 * 12)
parcel = st.builds(
    Parcel,
    carrier=st.sampled_from(("simulated", "dhl")),
    labelled=st.booleans(),
    units=st.integers(1, 3),
    told=hours,
    scanned=st.none() | hours,
    delivered=st.none() | hours,
    by_carrier=st.booleans(),
    promised=st.integers(0, 12),
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Any history, also unlikely ones."""
    quantity = draw(st.integers(1, 4))
    cancelled = draw(st.integers(0, quantity))
    rejected = draw(st.integers(0, cancelled))
    return Facts(
        released=draw(st.integers(24, 24 * 12)),
        due_after=draw(st.integers(0, 24 * 6)),
        answered_after=draw(st.none() | st.integers(0, 80)),
        quantity=quantity,
        cancelled=cancelled,
        rejected=rejected,
        unavailable=draw(st.integers(0, rejected)),
        backordered=draw(st.booleans()),
        shortfall=draw(st.booleans()),
        ended_early=draw(st.booleans()),
        parcels=draw(st.lists(parcel, max_size=3)),
    )


def at(hours_ago: int | None) -> datetime | None:
    """A moment."""
    return None if hours_ago is None else MIDNIGHT - timedelta(hours=hours_ago)


def moment(hours_ago: int) -> datetime:
    """The same of one that is known."""
    return MIDNIGHT - timedelta(hours=hours_ago)


def naive(one: Facts, zone: str, now: datetime) -> Counter[tuple[date, str, int, str]]:
    """What is to be counted of one purchase order: day, measure, step and ``met`` or ``counted`` → how many."""
    found: Counter[tuple[date, str, int, str]] = Counter()

    def count(day: date, measure: str, met: int, counted: int = 1, step: int = 0) -> None:
        found[day, measure, step, "met"] += met
        found[day, measure, step, "counted"] += counted

    def local(value: datetime) -> date:
        return value.astimezone(ZoneInfo(zone)).date()

    released = moment(one.released)
    due = local(released + timedelta(hours=one.due_after))
    wanted, asked = one.quantity - one.cancelled, one.quantity - one.cancelled + one.rejected
    gone = [(moment(parcel.left), parcel.units) for parcel in one.parcels if parcel.left is not None]
    in_time = sum(units for when, units in gone if local(when) <= due)
    if due < local(now):
        if wanted:
            count(due, "sent", in_time >= wanted)
            if sum(units for _, units in gone) >= wanted:
                days = -(-(max(when for when, _ in gone) - released) // timedelta(days=1))
                count(due, "sent_days", 1, step=min(31, max(1, days)))
        if asked:
            count(due, "kept", asked - one.rejected, asked)
            count(due, "stocked", not (one.unavailable or (one.shortfall and in_time < wanted)))
            count(due, "at_once", not one.backordered)
    deadline = released + timedelta(hours=24)
    ended = one.ended_early and one.answered_after is None and one.cancelled == one.quantity
    if deadline <= now and not ended:
        answered = one.answered_after
        count(deadline.date(), "answered", answered is not None and answered <= 24)
        if answered is not None:
            count(deadline.date(), "answer_hours", 1, step=min(73, max(1, answered)))
    for parcel in one.parcels:
        if not parcel.followed:
            continue
        told, scanned, delivered = moment(parcel.told), at(parcel.scanned), at(parcel.delivered)
        promised = TODAY - timedelta(days=parcel.promised)
        if scanned and promised < now.date():
            count(promised, "arrived", bool(delivered and delivered.date() <= promised and parcel.by_carrier))
        if told <= now - timedelta(days=3):
            count(told.date(), "tracked", bool(scanned and scanned <= told + timedelta(days=3)))
    return found


class World:
    """Two suppliers in two time zones, with three purchase orders each, whose facts are set as one likes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        retailer = make.retailer(session)
        self.zones: dict[UUID, str] = {}
        self.orders: list[UUID] = []
        for zone in ZONES:
            seller = make.supplier(session, zone)
            seller.timezone = zone
            self.zones[seller.id] = zone
            (variant,) = make.product(session, seller, stock=100)
            for _ in range(3):
                order_id = place_order(session, make.order_of(retailer, {variant: 1})).order_id
                release_purchase_orders(session, order_id)
                session.flush()
                self.orders.append(
                    session.scalars(select(PurchaseOrder.id).where(PurchaseOrder.order_id == order_id)).one()
                )

    def supplier_of(self, purchase_order_id: UUID) -> UUID:
        """Whose it is."""
        return self.session.scalars(
            select(PurchaseOrder.supplier_id).where(PurchaseOrder.id == purchase_order_id)
        ).one()

    def set(self, purchase_order_id: UUID, one: Facts) -> None:
        """Let this have happened to a purchase order."""
        run, released = self.session.execute, moment(one.released)
        cancelled = one.cancelled == one.quantity
        ended_at = released + timedelta(hours=12 if one.ended_early else 30)
        run(
            update(table_of(PurchaseOrder))
            .where(PurchaseOrder.id == purchase_order_id)
            .values(
                released_at=released,
                acknowledge_by=released + timedelta(hours=24),
                ship_by=released + timedelta(hours=one.due_after),
                acknowledged_at=None if one.answered_after is None else released + timedelta(hours=one.answered_after),
                status="CANCELLED" if cancelled else "SHIPPED",
                updated_at=ended_at,
            )
        )
        line = self.session.execute(
            select(table_of(PurchaseOrderLine)).where(PurchaseOrderLine.purchase_order_id == purchase_order_id)
        ).one()
        run(
            update(table_of(PurchaseOrderLine))
            .where(PurchaseOrderLine.id == line.id)
            .values(
                quantity=one.quantity,
                cancelled=one.cancelled,
                rejected=one.rejected,
                unavailable=one.unavailable,
                backordered_at=released if one.backordered else None,
            )
        )
        if one.shortfall:
            level = self.session.execute(
                select(InventoryLevel.id).where(InventoryLevel.variant_id == line.variant_id)
            ).scalar_one()
            run(
                insert(Shortfall).values(
                    id=new_id(), supplier_id=line.supplier_id, level_id=level, variant_id=line.variant_id,
                    missing=1, order_line_ids=[str(line.order_line_id)], created_at=released,
                )
            )  # fmt: skip
        for parcel in one.parcels:
            self._send(line, parcel)

    def _send(self, line: Any, parcel: Parcel) -> None:
        shipment_id, told = new_id(), moment(parcel.told)
        parties = {"retailer_id": line.retailer_id, "supplier_id": line.supplier_id}
        order_id = self.session.execute(
            select(PurchaseOrder.order_id).where(PurchaseOrder.id == line.purchase_order_id)
        ).scalar_one()
        self.session.execute(
            insert(table_of(Shipment)).values(
                id=shipment_id, purchase_order_id=line.purchase_order_id, order_id=order_id, **parties,
                carrier=parcel.carrier, tracking_number=str(shipment_id), lines_fingerprint="x",
                shipment_status="shipped", delivery_status="unknown", shipped_at=told,
                reported_by="label" if parcel.labelled else None,
                first_scan_at=at(parcel.scanned), delivered_at=at(parcel.delivered),
                estimated_to=TODAY - timedelta(days=parcel.promised), created_at=told, updated_at=told,
            )
        )  # fmt: skip
        self.session.execute(
            insert(table_of(ShipmentLine)).values(
                shipment_id=shipment_id, purchase_order_line_id=line.id, quantity=parcel.units, **parties
            )
        )
        if parcel.delivered is not None:
            self.session.execute(
                insert(table_of(TrackingEvent)).values(
                    id=new_id(), shipment_id=shipment_id, **parties, external_id="delivered",
                    at=at(parcel.delivered), delivery_status="delivered", description="", location="",
                    source="carrier" if parcel.by_carrier else "supplier", recorded_at=told,
                )
            )  # fmt: skip


@pytest.fixture
def world(session: Session) -> World:
    """See the class."""
    return World(session)


NOON = MIDNIGHT + timedelta(hours=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(histories=st.lists(facts(), min_size=6, max_size=6))
def test_what_is_counted_is_what_happened(world: World, histories: list[Facts]) -> None:
    session = world.session
    with clock.shifted(NOON - clock.now()), session.begin_nested() as point:
        expected: Counter[tuple[UUID, date, str, int, str]] = Counter()
        missed: dict[tuple[UUID, str], set[UUID]] = {}
        now = clock.now()
        for purchase_order_id, one in zip(world.orders, histories, strict=True):
            world.set(purchase_order_id, one)
            supplier_id = world.supplier_of(purchase_order_id)
            cases = naive(one, world.zones[supplier_id], now)
            for key, count in cases.items():
                expected[(supplier_id, *key)] += count
            for day, measure, step, what in cases:
                if what == "counted" and cases[day, measure, step, "met"] < cases[day, measure, step, "counted"]:
                    missed.setdefault((supplier_id, measure), set()).add(purchase_order_id)
        found: Counter[tuple[UUID, date, str, int, str]] = Counter()
        first = TODAY - timedelta(days=14)
        for day in (first + timedelta(days=count) for count in range(16)):
            for row in counted_on(session, day, scanning=SCANNING):
                found[row.supplier_id, day, row.measure, row.step, "met"] += row.met
                found[row.supplier_id, day, row.measure, row.step, "counted"] += row.counted
        assert +found == +expected
        # The orders behind a figure are those that the figure counts.
        for supplier_id in world.zones:
            for measure in ("sent", "kept", "answered", "stocked", "at_once", "arrived", "tracked"):
                rows, count = missed_by(
                    session, supplier_id, measure, first=first, last=TODAY + timedelta(days=1), scanning=SCANNING
                )
                assert {row.purchase_order_id for row in rows} == missed.get((supplier_id, measure), set()), measure
                assert count == len(rows)
        point.rollback()
