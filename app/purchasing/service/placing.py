"""Placing an order: the order, its reservations and its purchase orders in one transaction.

This is the hot path: statements are built once, all new rows go out in one round trip (``together``), and levels are
locked in the order of their ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.tiers.rules import price_for
from app.config import settings
from app.db import add_rows, together
from app.identity.models import Organisation
from app.inventory.service import Wanted, reserve
from app.inventory.service.settling import units_set_aside
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid
from app.kit.ids import new_id
from app.kit.money import Money
from app.listings.service import note_store_sale
from app.orders import service as orders
from app.orders.models import OrderLine
from app.orders.rules import PENDING, HoldReason, address_problem
from app.outbox.service import emit
from app.pricing.queries import exchange_rate
from app.pricing.rules import converted
from app.purchasing.events import OrderRouted
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.stores.platform import Address
from app.suppliers.models import Supplier
from app.suppliers.queries import CLOSED, as_closures, rates_of
from app.suppliers.rules import ACTIVE, Parcel, Rate, delivery_range, order_day, rate_for, shipping_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line wanted: a supplier's variant and how many. ``retail_price`` is in minor units of the order's currency."""

    variant_id: UUID
    quantity: int
    external_line_id: str | None = None
    retail_price: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """An order wanted. ``trouble``: a person who places an order is refused (``refuse``) what can't be delivered;
    an order that a shopper has paid for is kept and ``hold``s with the reason."""

    retailer_id: UUID
    store_id: UUID | None
    external_id: str
    external_name: str
    currency: str
    address: Address | None
    lines: Sequence[Line]
    note: str = ""
    placed_at: datetime | None = None
    trouble: Literal["refuse", "hold"] = "refuse"
    store_name: str = ""
    #: Nobody paid for it: it is written down and goes no further.
    test: bool = False
    kind: Literal["order", "sample"] = "order"
    #: Variant → price of one unit that was agreed on, in minor units of the supplier's currency; the others cost what
    #: their quantity costs.
    agreed: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """The order's id, and whether it is new."""

    order_id: UUID
    created: bool


def place_order(session: Session, wanted: PlaceOrder) -> Placed:
    """Place an order, once per external id.

    Raises ``Invalid`` and ``InsufficientStock`` (nothing is written then, the caller rolls back); with
    ``trouble="hold"`` only for a currency that is not settled or no lines at all.
    """
    _check(wanted)
    variants = _variants(session, wanted.retailer_id, {line.variant_id for line in wanted.lines})
    problems = _offer_problems(wanted, variants)
    if problems and wanted.trouble == "refuse":
        raise Invalid("Some lines can't be ordered.", errors=problems)
    known = [line for line in wanted.lines if line.variant_id in variants]
    if not known:
        raise Invalid("No line of the order can be delivered by a supplier.", code="no_known_lines")
    with together(session):
        taken = orders.take_in(session, _new_order(wanted, known, variants))
        if taken is not None:
            _set_aside_and_route(session, wanted, known, variants, problems, *taken)
            return Placed(taken[0], created=True)
    existing = orders.find_by_external_id(session, wanted.retailer_id, wanted.store_id, wanted.external_id)
    assert existing is not None
    return Placed(existing.id, created=False)


def _set_aside_and_route(
    session: Session,
    wanted: PlaceOrder,
    known: Sequence[Line],
    variants: Mapping[UUID, Any],
    problems: Sequence[FieldError],
    order_id: UUID,
    number: int,
    line_ids: Sequence[UUID],
) -> None:
    now = clock.now()
    wants = [
        Wanted(line_id, line.variant_id, line.quantity)
        for line_id, line in zip(line_ids, known, strict=True)
        if variants[line.variant_id].offered and not wanted.test
    ]
    filled = reserve(
        session,
        wanted.retailer_id,
        wants,
        expires_at=now + settings().payment_hold,
        partial=wanted.trouble == "hold",
    )
    if wanted.store_id is not None:
        sold: defaultdict[UUID, int] = defaultdict(int)
        for line in known:
            sold[line.variant_id] += line.quantity
        note_store_sale(session, wanted.store_id, sold)
    first = {
        "message": "order.received",
        "values": {"name": wanted.external_name, "store": wanted.store_name},
    }
    if wanted.store_id is None:
        first = {"message": "order.sample_placed" if wanted.kind == "sample" else "order.placed", "values": {}}
    orders.write_timeline(session, [{"order_id": order_id, "retailer_id": wanted.retailer_id, **first}])
    audit.record(session, wanted.retailer_id, "orders.placed", "order", order_id)
    holds = _holds(wanted, problems, len(filled) < len(wants))
    if holds:
        order = orders.locked(session, order_id)
        for reason, details in holds:
            orders.hold(session, order, reason, details=details)
        return
    assert wanted.address is not None
    routing = _priced(
        [(line_id, line.quantity, variants[line.variant_id]) for line_id, line in zip(line_ids, known, strict=True)],
        wanted.agreed,
    )
    _route_or_hold(session, order_id, number, wanted, wanted.address, routing)


def resume_order(session: Session, order_id: UUID) -> bool:
    """Take up an order again whose holds may be over: reserve what is missing and make its purchase orders.

    Payment holds are not touched here, and a test order never goes on. Returns whether it is routed now.
    """
    order = orders.locked(session, order_id)
    if any(hold.reason == HoldReason.TEST_ORDER for hold in orders.open_holds(session, order_id)):
        return False
    if session.scalar(select(PurchaseOrder.id).where(PurchaseOrder.order_id == order_id).limit(1)) is not None:
        return True
    rows = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)).all()
    open_lines = [row for row in rows if row.quantity > row.cancelled]
    if not open_lines:
        return False
    address = orders.address_of(order.ship_to, "orders", order.id)
    wanted = PlaceOrder(
        retailer_id=order.retailer_id,
        store_id=order.store_id,
        external_id=order.external_id,
        external_name=order.external_name,
        currency=order.currency,
        address=address,
        lines=[Line(variant_id=row.variant_id, quantity=row.quantity - row.cancelled) for row in open_lines],
        trouble="hold",
    )
    variants = _variants(session, order.retailer_id, {row.variant_id for row in open_lines})
    problems = _offer_problems(wanted, variants)
    has = units_set_aside(session, [row.id for row in open_lines])
    wants = [
        Wanted(row.id, row.variant_id, row.quantity - row.cancelled - has.get(row.id, 0))
        for row in open_lines
        if row.variant_id in variants
        and variants[row.variant_id].offered
        and row.quantity - row.cancelled > has.get(row.id, 0)
    ]
    filled = reserve(session, order.retailer_id, wants, expires_at=clock.now() + settings().payment_hold, partial=True)
    holds = _holds(wanted, problems, len(filled) < len(wants))
    still = {reason for reason, _ in holds}
    over = [reason for reason in HoldReason if reason not in still]
    for reason, details in holds:
        orders.hold(session, order, reason, details=details)
    orders.release(session, order, over)
    if holds or address is None:
        return False
    session.flush()
    return _route_or_hold(
        session,
        order.id,
        order.number,
        wanted,
        address,
        _priced([(row.id, row.quantity - row.cancelled, variants[row.variant_id]) for row in open_lines]),
    )


@dataclass(frozen=True, slots=True)
class _RoutingLine:
    order_line_id: UUID
    quantity: int
    variant: Any
    #: Of one unit, in minor units of the supplier's currency; frozen with the purchase order.
    price: int


def _priced(lines: Sequence[tuple[UUID, int, Any]], agreed: Mapping[UUID, int] | None = None) -> list[_RoutingLine]:
    """Lines (order line's id, quantity, variant) with the price that was ``agreed`` on, else that of their quantity:
    lines of the same variant, which go into one purchase order, are added up."""
    fixed = agreed or {}
    units: defaultdict[UUID, int] = defaultdict(int)
    for _, quantity, variant in lines:
        units[variant.id] += quantity
    return [
        _RoutingLine(
            line_id,
            quantity,
            variant,
            fixed[variant.id]
            if variant.id in fixed
            else price_for(variant.wholesale_price, variant.price_tiers, units[variant.id]),
        )
        for line_id, quantity, variant in lines
    ]


def _check(wanted: PlaceOrder) -> None:
    errors = []
    if wanted.currency not in settings().currencies:
        errors.append(
            FieldError("currency", "currency_not_settled", f"Orders in {wanted.currency} are not settled here.")
        )
    for index, line in enumerate(wanted.lines):
        if not 0 < line.quantity <= orders.LARGEST_QUANTITY:
            errors.append(
                FieldError(f"lines[{index}].quantity", "out_of_range", "A quantity is a whole number from 1 up.")
            )
    first_with: dict[str, int] = {}
    for index, line in enumerate(wanted.lines):
        if line.external_line_id and first_with.setdefault(line.external_line_id, index) != index:
            errors.append(
                FieldError(f"lines[{index}].external_line_id", "duplicate", "Another line of the order has this id.")
            )
    if not wanted.lines:
        errors.append(FieldError("lines", "required", "An order has at least one line."))
    if errors:
        raise Invalid("The order can't be taken.", errors=errors)
    if wanted.trouble == "refuse":
        if wanted.address is None:
            raise Invalid.field("shipping_address", "required", "An order needs a delivery address.")
        orders.check_address(wanted.address)


#: What placing needs to know of variants, by ``ids``, of suppliers' closures from ``today`` on, and of the
#: ``retailer`` that buys. Built once: building it costs more than running it.
_VARIANTS = (
    select(
        SupplierVariant.id,
        SupplierVariant.supplier_id,
        SupplierVariant.sku,
        SupplierVariant.options,
        SupplierVariant.wholesale_price,
        SupplierVariant.price_tiers,
        SupplierVariant.currency,
        SupplierProduct.title,
        Organisation.name.label("retailer_name"),
        Organisation.currency.label("retailer_currency"),
        Supplier.company_name,
        SupplierVariant.weight_grams,
        Supplier.handling_days,
        Supplier.cutoff_hour,
        Supplier.timezone,
        CLOSED.label("closed"),
        Supplier.commission_bps,
        (
            (SupplierVariant.status == "active") & (SupplierProduct.status == "active") & (Supplier.status == ACTIVE)
        ).label("offered"),
    )
    .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
    .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
    .join(Organisation, Organisation.id == bindparam("retailer", type_=Uuid))
    .where(SupplierVariant.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)


def _variants(session: Session, retailer_id: UUID, variant_ids: set[UUID]) -> dict[UUID, Any]:
    today = clock.now().date()
    rows = session.connection().execute(_VARIANTS, {"ids": list(variant_ids), "retailer": retailer_id, "today": today})
    return {row.id: row for row in rows}


def _offer_problems(wanted: PlaceOrder, variants: Mapping[UUID, Any]) -> list[FieldError]:
    problems = []
    for index, line in enumerate(wanted.lines):
        variant = variants.get(line.variant_id)
        if variant is None:
            problems.append(FieldError(f"lines[{index}].variant_id", "unknown_variant", "No such variant."))
        elif not variant.offered:
            problems.append(
                FieldError(f"lines[{index}].variant_id", "not_on_offer", "This variant is no longer on offer.")
            )
    return problems


def _new_order(wanted: PlaceOrder, known: Sequence[Line], variants: Mapping[UUID, Any]) -> orders.NewOrder:
    return orders.NewOrder(
        retailer_id=wanted.retailer_id,
        store_id=wanted.store_id,
        external_id=wanted.external_id,
        external_name=wanted.external_name,
        currency=wanted.currency,
        address=wanted.address,
        note=wanted.note,
        placed_at=wanted.placed_at or clock.now(),
        kind=wanted.kind,
        lines=[
            orders.NewLine(
                variant_id=line.variant_id,
                quantity=line.quantity,
                title=_line_title(variants[line.variant_id]),
                sku=variants[line.variant_id].sku,
                external_line_id=line.external_line_id,
                retail_price=line.retail_price,
            )
            for line in known
        ],
    )


def _line_title(variant: Any) -> str:
    options = " / ".join(str(value) for value in variant.options.values() if value != "Default Title")
    return f"{variant.title} – {options}" if options else str(variant.title)


def _holds(wanted: PlaceOrder, problems: Sequence[FieldError], short: bool) -> list[tuple[HoldReason, dict[str, Any]]]:
    if wanted.test:
        return [(HoldReason.TEST_ORDER, {})]
    holds: list[tuple[HoldReason, dict[str, Any]]] = []
    if problems:
        holds.append((HoldReason.NOT_ON_OFFER, {"lines": [problem.field for problem in problems]}))
    if short:
        holds.append((HoldReason.OUT_OF_STOCK, {}))
    address = wanted.address
    problem = (
        ("address", "The order has no delivery address.")
        if address is None
        else address_problem(
            name=address.name,
            address1=address.address1,
            city=address.city,
            postal_code=address.postal_code,
            country_code=address.country_code,
        )
    )
    if problem:
        holds.append((HoldReason.ADDRESS_INCOMPLETE, {"field": problem[0], "message": problem[1]}))
    return holds


def _route_or_hold(
    session: Session,
    order_id: UUID,
    number: int,
    wanted: PlaceOrder,
    address: Address,
    lines: Sequence[_RoutingLine],
) -> bool:
    """Make one purchase order per supplier, or hold the order where a supplier can't ship there."""
    by_supplier: defaultdict[UUID, list[_RoutingLine]] = defaultdict(list)
    for line in lines:
        by_supplier[line.variant.supplier_id].append(line)
    rates = rates_of(session, by_supplier)
    now = clock.now()
    plans: list[_Plan] = []
    trouble: list[tuple[HoldReason, dict[str, Any]]] = []
    for supplier_id, own in by_supplier.items():
        first = own[0].variant
        parcel = _parcel(own)
        rate = rate_for(rates[supplier_id], address.country_code, parcel)
        exchange = exchange_rate(session, first.currency, first.retailer_currency, now)
        if rate is None:
            trouble.append((HoldReason.NOT_SHIPPED_THERE, {"supplier": first.company_name}))
        elif exchange is None:
            trouble.append((HoldReason.NO_EXCHANGE_RATE, {"from": first.currency, "to": first.retailer_currency}))
        else:
            plans.append(_Plan(supplier_id, own, parcel, rate, exchange[0], exchange[1]))
    if trouble:
        if wanted.trouble == "refuse":
            reason, details = trouble[0]
            raise Conflict(
                f"{details['supplier']} does not ship to {address.country_code}."
                if reason is HoldReason.NOT_SHIPPED_THERE
                else "No exchange rate for this supplier's currency is known yet.",
                code=reason,
            )
        order = orders.locked(session, order_id)
        for reason, details in trouble:
            orders.hold(session, order, reason, details=details)
        return False
    _write_purchase_orders(session, order_id, number, wanted, address, plans, now)
    emit(session, OrderRouted(order_id=order_id, retailer_id=wanted.retailer_id))
    return True


def _parcel(lines: Sequence[_RoutingLine]) -> Parcel:
    return Parcel(
        units=sum(line.quantity for line in lines),
        grams=sum(line.quantity * (line.variant.weight_grams or 0) for line in lines),
        goods=sum(line.quantity * line.price for line in lines),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    supplier_id: UUID
    lines: Sequence[_RoutingLine]
    parcel: Parcel
    rate: Rate
    exchange: Decimal
    exchange_as_of: datetime


def _write_purchase_orders(
    session: Session,
    order_id: UUID,
    number: int,
    wanted: PlaceOrder,
    address: Address,
    plans: Sequence[_Plan],
    now: datetime,
) -> None:
    heads: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    story: list[dict[str, Any]] = []
    for suffix, plan in enumerate(plans, start=1):
        head = _head(order_id, f"{number}-{suffix}", wanted, address, plan, now)
        heads.append(head)
        rows += [
            {
                "id": new_id(),
                "purchase_order_id": head["id"],
                "retailer_id": wanted.retailer_id,
                "supplier_id": plan.supplier_id,
                "order_line_id": line.order_line_id,
                "position": position,
                "variant_id": line.variant.id,
                "sku": line.variant.sku,
                "title": _line_title(line.variant),
                "quantity": line.quantity,
                "wholesale_price": line.price,
            }
            for position, line in enumerate(plan.lines)
        ]
        story.append(
            {
                "order_id": order_id,
                "retailer_id": wanted.retailer_id,
                "message": "po.created",
                "values": {"number": head["number"], "supplier": plan.lines[0].variant.company_name},
            }
        )
    add_rows(session, PurchaseOrder, heads)
    add_rows(session, PurchaseOrderLine, rows)
    orders.write_timeline(session, story)


def _head(
    order_id: UUID,
    number: str,
    wanted: PlaceOrder,
    address: Address,
    plan: _Plan,
    now: datetime,
) -> dict[str, Any]:
    first = plan.lines[0].variant
    goods = Money(plan.parcel.goods, first.currency)
    shipping = shipping_cost(plan.rate, plan.parcel, first.currency)
    bps = first.commission_bps if first.commission_bps is not None else settings().commission_bps
    begins = order_day(now, first.timezone, first.cutoff_hour)
    arrives = delivery_range(begins, first.handling_days, plan.rate, as_closures(first.closed))
    row_id = new_id()
    return {
        "id": row_id,
        "order_id": order_id,
        "retailer_id": wanted.retailer_id,
        "supplier_id": plan.supplier_id,
        "number": number,
        "retailer_name": first.retailer_name,
        "order_reference": wanted.external_name,
        "kind": wanted.kind,
        "status": PENDING,
        "currency": first.currency,
        "wholesale_total": goods.minor,
        "shipping_cost": shipping.minor,
        "platform_fee": goods.share(bps).minor,
        "commission_bps": bps,
        "charge_currency": first.retailer_currency,
        "charge_total": converted(goods + shipping, rate=plan.exchange, currency=first.retailer_currency).minor,
        "exchange_rate": plan.exchange,
        "exchange_rate_as_of": plan.exchange_as_of,
        "ship_to": orders.seal_address(address, "purchase_orders", row_id),
        "ship_to_country": address.country_code,
        "shipping_method": plan.rate.name,
        "estimated_from": arrives[0],
        "estimated_to": arrives[1],
        "created_at": now,
        "updated_at": now,
    }
