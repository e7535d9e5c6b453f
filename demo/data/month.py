"""A month of orders, through the same services as real ones, each step at its own time.

Payments are bank transfers that come in within the hour, so that nothing outside is asked and the books agree.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.catalog.models import SupplierProduct, SupplierVariant
from app.config import settings
from app.fulfillment.models import Shipment
from app.fulfillment.service import NewParcel, mark_delivered, ship
from app.identity.service import add_member, create_organisation, create_user
from app.inventory.errors import InsufficientStock
from app.inventory.models import InventoryLevel
from app.kit import clock
from app.orders.service import locked
from app.purchasing.decisions.rules import Rules
from app.purchasing.decisions.saving import save_rules
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import Line, LineAnswer, PlaceOrder, acknowledge, place_order
from app.purchasing.service.status import refresh_order_status
from app.settlement.models import Charge, Payout, Refund
from app.settlement.processor import AccountStatus, BalanceLine, ChargeOutcome, RefundOutcome, SavedMethod
from app.settlement.service import (
    earn,
    follow_rejections,
    make_payable,
    plan_charge,
    plan_refund,
    record_account,
    record_charge,
    record_customer,
    record_method,
    record_refund,
    schedule_payouts,
)
from app.settlement.service.by_hand import PROCESSOR, mark_paid_out, mark_received
from app.settlement.service.earning import start_dispute_window
from app.settlement.service.reconciling import record_balance_lines
from app.suppliers.models import Supplier
from demo.data.sellers import BUYERS, SELLERS, Buyer, Seller
from demo.data.shoppers import address_in
from demo.people import PASSWORD

_STAFF_DOMAIN = "demo.crossdock.example"
#: Products that a shop sells, of each department that it is interested in.
_RANGE = 60

Told = Callable[[str], None]


@dataclass(slots=True)
class _Shop:
    buyer: Buyer
    retailer_id: UUID
    variants: Sequence[tuple[UUID, int]]


@dataclass(slots=True)
class _World:
    """What is still to happen, in the order of its time."""

    chance: random.Random
    now: datetime
    care: dict[UUID, Seller]
    waiting: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=itertools.count)
    placed: int = 0

    def at(self, moment: datetime, what: Callable[[], None]) -> None:
        """Do something then; what lies ahead of today stays undone."""
        if moment < self.now:
            heapq.heappush(self.waiting, (moment, next(self.order), what))

    def run(self) -> None:
        """Let everything happen."""
        while self.waiting:
            moment, _, what = heapq.heappop(self.waiting)
            with clock.shifted(moment - clock.now()):
                what()


def live(*, seed: int, days: int, told: Told) -> tuple[list[UUID], int]:
    """Let the retailers open and sell for so many days up to now. Returns their ids and how many orders were placed."""
    chance = random.Random(f"{seed}:month")  # noqa: S311 - believable, not secret
    now = clock.now()
    with db.system_scope(actor="demo-data"):
        with db.transaction() as session:
            by_name = {seller.name: seller for seller in SELLERS}
            rows = session.execute(select(Supplier.id, Supplier.company_name).where(Supplier.company_name.in_(by_name)))
            world = _World(chance, now, {supplier_id: by_name[name] for supplier_id, name in rows})
            for supplier_id in world.care:
                account = AccountStatus(account_ref=f"manual:{supplier_id}", capability="by_hand", requirements=())
                record_account(session, supplier_id, PROCESSOR, account)
        with clock.shifted(-timedelta(days=days + 1)):
            shops = [_open(buyer, world) for buyer in BUYERS]
        for shop in shops:
            _plan_orders(world, shop, days)
        for day in range(days):
            morning = (now - timedelta(days=days - day)).replace(hour=4, minute=0, second=0, microsecond=0)
            world.at(morning, _pay_suppliers)
        told(f"{len(shops)} retailers sell for {days} days …")
        world.run()
    return [shop.retailer_id for shop in shops], world.placed


def _open(buyer: Buyer, world: _World) -> _Shop:
    """A retailer that pays by bank transfer, with the range that it sells."""
    with db.transaction() as session:
        organisation = create_organisation(
            session,
            kind="retailer",
            name=buyer.name,
            country=buyer.country,
            currency="USD",
            timezone=buyer.timezone,
        )
        user = create_user(
            session, email=f"{buyer.handle}@{_STAFF_DOMAIN}", name=f"{buyer.name} team", password=PASSWORD
        )
        add_member(session, organisation.id, user.id, "retailer_owner")
        record_customer(session, organisation.id, processor=PROCESSOR, customer_ref=f"manual:{organisation.id}")
        # Nobody decides during this month: what is not delivered is refunded.
        save_rules(session, organisation.id, Rules(reroute_rejected=False, decide_within_hours=0))
        record_method(session, organisation.id, SavedMethod(method_ref="manual:bank_transfer", label="Bank transfer"))
        variants: list[tuple[UUID, int]] = []
        for department in buyer.departments:
            theirs = [one for one, seller in world.care.items() if seller.department == department]
            variants += _range_of(session, theirs)
        return _Shop(buyer, organisation.id, variants)


def _range_of(session: Session, supplier_ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """Variants of products that there are plenty of, with what a shop asks for one."""
    rows = session.execute(
        select(SupplierVariant.id, SupplierVariant.msrp, SupplierVariant.wholesale_price)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(InventoryLevel, InventoryLevel.variant_id == SupplierVariant.id)
        .where(SupplierVariant.supplier_id.in_(supplier_ids), InventoryLevel.on_hand > 25)
        .order_by(InventoryLevel.on_hand.desc(), SupplierVariant.sku)
        .limit(_RANGE * 4)
    )
    return [(variant_id, msrp or 2 * cost) for variant_id, msrp, cost in rows]


def _plan_orders(world: _World, shop: _Shop, days: int) -> None:
    """More towards the end of the month and on weekends, mostly in the evening."""
    for day in range(days):
        midnight = (world.now - timedelta(days=days - day)).replace(hour=0, minute=0, second=0, microsecond=0)
        busy = shop.buyer.daily * (0.7 + 0.6 * day / days) * (1.35 if midnight.weekday() >= 5 else 0.9)
        for _ in range(_poisson(world.chance, busy)):
            hour = min(23.9, max(0.0, world.chance.gauss(18, 4.5)))
            moment = midnight + timedelta(hours=hour)
            world.at(moment, lambda shop=shop: _buy(world, shop))  # type: ignore[misc]


def _poisson(chance: random.Random, mean: float) -> int:
    """How many of many possible things happen (Knuth's method)."""
    left, count = 2.718281828459045**-mean, 0
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count


def _buy(world: _World, shop: _Shop) -> None:
    chance = world.chance
    # A few things sell much better than the rest.
    wanted = {
        shop.variants[min(int(chance.paretovariate(0.7)) - 1, len(shop.variants) - 1)]
        for _ in range(chance.choices((1, 2, 3), (62, 28, 10))[0])
    }
    number = 1000 + world.placed
    order = PlaceOrder(
        retailer_id=shop.retailer_id,
        store_id=None,
        external_id=f"demo-{number}",
        external_name=f"#{number}",
        currency="USD",
        address=address_in(shop.buyer.country, chance),
        lines=[
            Line(
                variant_id=variant_id,
                quantity=chance.choices((1, 2, 3), (80, 15, 5))[0],
                external_line_id=f"{number}-{place}",
                retail_price=price,
            )
            for place, (variant_id, price) in enumerate(sorted(wanted))
        ],
        placed_at=clock.now(),
    )
    try:
        with db.transaction() as session:
            order_id = place_order(session, order).order_id
    except InsufficientStock:
        # It was the last one: the shopper goes elsewhere.
        return
    world.placed += 1
    world.at(clock.now() + timedelta(minutes=chance.uniform(3, 50)), lambda: _pay(world, order_id))


def _pay(world: _World, order_id: UUID) -> None:
    with db.transaction() as session:
        plan = plan_charge(session, order_id)
    if plan is None:
        return
    with db.transaction() as session:
        waiting = ChargeOutcome(state="processing", processor_ref=f"manual:{plan.charge_id}")
        record_charge(session, plan.charge_id, plan.attempt, waiting)
    with db.transaction() as session:
        reference = f"transfer-{str(plan.charge_id)[-12:]}"
        mark_received(session, plan.charge_id, reference=reference)
        # What may have to go back goes back by it.
        session.get_one(Charge, plan.charge_id).charge_ref = reference
        rows = session.execute(
            select(PurchaseOrder.id, PurchaseOrder.supplier_id).where(PurchaseOrder.order_id == order_id)
        ).all()
    for purchase_order_id, supplier_id in rows:
        seller = world.care[supplier_id]
        hours = world.chance.uniform(1, 9) if world.chance.random() < seller.care else world.chance.uniform(26, 60)
        world.at(
            clock.now() + timedelta(hours=hours),
            lambda one=purchase_order_id, whose=supplier_id: _answer(world, one, whose),  # type: ignore[misc]
        )


def _answer(world: _World, purchase_order_id: UUID, supplier_id: UUID) -> None:
    chance, seller = world.chance, world.care[supplier_id]
    short = chance.random() > 0.5 + seller.care / 2
    with db.transaction() as session:
        lines = _lines(session, purchase_order_id)
        answers = [LineAnswer(line_id=line.id, answer="accepted") for line in lines]
        if short:
            answers[0] = LineAnswer(
                line_id=lines[0].id, answer="rejected", reason="out_of_stock", quantity=lines[0].quantity
            )
        order_id = acknowledge(session, supplier_id, purchase_order_id, answers).order_id
        refresh_order_status(session, locked(session, order_id))
    if short:
        with db.transaction() as session:
            follow_rejections(session, order_id)
        _give_back(purchase_order_id)
    if short and len(lines) == 1:
        return
    days = seller.handling_days * chance.uniform(0.4, 0.95)
    if chance.random() > seller.care:
        days += chance.uniform(1.5, 5)
    world.at(clock.now() + timedelta(days=days), lambda: _send(world, purchase_order_id, supplier_id))


def _give_back(purchase_order_id: UUID) -> None:
    """What was rejected goes back to the retailer, by transfer as it came."""
    with db.transaction() as session:
        refund_ids = session.scalars(
            select(Refund.id).where(Refund.purchase_order_id == purchase_order_id, Refund.state == "PENDING")
        ).all()
        for refund_id in refund_ids:
            plan = plan_refund(session, refund_id)
            if plan is None:
                continue
            reference = f"transfer-back-{str(refund_id)[-12:]}"
            record_refund(session, refund_id, RefundOutcome(state="succeeded", processor_ref=reference))
            _note_line(session, "refund", refund_id, reference, -plan.amount.minor)


def _send(world: _World, purchase_order_id: UUID, supplier_id: UUID) -> None:
    chance, seller = world.chance, world.care[supplier_id]
    with db.transaction() as session:
        units = {
            line.id: line.quantity - line.cancelled - line.shipped
            for line in _lines(session, purchase_order_id)
            if line.quantity > line.cancelled + line.shipped
        }
        number = f"DEMO{chance.randrange(10**10):010d}"
        parcel = NewParcel(
            carrier="manual", tracking_number=number, tracking_url=None, shipped_at=clock.now(), lines=units
        )
        shipped = ship(session, supplier_id, purchase_order_id, [parcel])
        shipment_id = shipped[0].shipment.id
    with db.transaction() as session:
        earn(session, shipment_id)
        purchase_order = session.get_one(PurchaseOrder, purchase_order_id)
        country = purchase_order.ship_to_country
        refresh_order_status(session, locked(session, purchase_order.order_id))
    days = chance.uniform(1, 3) if country == seller.country else chance.uniform(3.5, 9)
    if chance.random() > seller.care:
        days *= 1.8
    world.at(clock.now() + timedelta(days=days), lambda: _arrive(shipment_id))


def _arrive(shipment_id: UUID) -> None:
    with db.transaction() as session:
        shipment = mark_delivered(session, session.get_one(Shipment, shipment_id), source="carrier")
        session.flush()
        refresh_order_status(session, locked(session, shipment.order_id))
    with db.transaction() as session:
        earn(session, shipment_id)
        start_dispute_window(
            session, shipment_id, settings().dispute_window, grace=settings().unconfirmed_arrival_grace
        )


def _pay_suppliers() -> None:
    with db.transaction() as session:
        make_payable(session, clock.now())
        session.flush()
        schedule_payouts(session)
        session.flush()
        due = session.scalars(select(Payout.id).where(Payout.state == "SCHEDULED", Payout.processor == PROCESSOR)).all()
    for payout_id in due:
        with db.transaction() as session:
            mark_paid_out(session, payout_id, reference=f"payout-{str(payout_id)[-12:]}")


def _lines(session: Session, purchase_order_id: UUID) -> Sequence[PurchaseOrderLine]:
    return session.scalars(
        select(PurchaseOrderLine)
        .where(PurchaseOrderLine.purchase_order_id == purchase_order_id)
        .order_by(PurchaseOrderLine.position)
    ).all()


def _note_line(session: Session, kind: Any, about: UUID, reference: str, amount: int) -> None:
    """The bank's own line, which the nightly comparison looks for."""
    line = BalanceLine(
        id=f"{PROCESSOR}:{kind}:{about}",
        kind=kind,
        source_ref=reference,
        amount=amount,
        fee=0,
        net=amount,
        currency="USD",
        available_on=clock.now(),
        created_at=clock.now(),
    )
    record_balance_lines(session, PROCESSOR, [line])
