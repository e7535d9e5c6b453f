"""Ordering a sample: an order of the retailer's own for one variant, at the sample's price, which goes the way of every
order from there on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.catalog.queries import product as offered_product
from app.catalog.samples.rules import Terms
from app.catalog.samples.service import terms_of
from app.identity.models import Organisation
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.money import Money
from app.orders.models import Order, OrderLine
from app.orders.rules import HoldReason
from app.orders.service import check_address, find_by_external_id
from app.pricing.queries import exchange_rate
from app.pricing.rules import converted
from app.purchasing.models import PurchaseOrderLine
from app.purchasing.service.placing import Placed, place_order
from app.purchasing.service.wanted import Line, PlaceOrder
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.rules import Closure, Parcel, rate_for, sending


@dataclass(frozen=True, slots=True)
class Allowance:
    """The terms that hold for a product, how many units of it a retailer may still order now, and, where that is none
    because of earlier ones, the day from which on it may again."""

    terms: Terms
    left: int
    again_on: date | None = None


@dataclass(frozen=True, slots=True)
class SampleQuote:
    """What a sample of a product costs to an address: ``price`` of one, ``goods`` and ``shipping`` in the supplier's
    currency, of shipping ``order_fee`` for the order itself; ``total`` in the retailer's, which is charged.
    ``arrives``: the first and the last day."""

    product_id: UUID
    price: Money
    goods: Money
    shipping: Money
    order_fee: Money
    total: Money
    method: str
    arrives: tuple[date, date]

    @property
    def carriage(self) -> Money:
        """Of ``shipping`` what is asked for the way, without the order fee."""
        return self.shipping - self.order_fee


def allowance(session: Session, retailer_id: UUID, product_id: UUID) -> Allowance:
    """What a retailer may order of a product on offer. Raises ``NotFound``."""
    product = offered_product(session, product_id)
    terms = terms_of(session, product.supplier_id, product_id)
    if not terms.allowed:
        return Allowance(terms, 0)
    since = clock.now() - timedelta(days=terms.days)
    gone = func.coalesce(PurchaseOrderLine.cancelled, OrderLine.cancelled)
    rows = session.execute(
        select(Order.placed_at, OrderLine.quantity - gone)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(SupplierVariant, SupplierVariant.id == OrderLine.variant_id)
        .outerjoin(PurchaseOrderLine, PurchaseOrderLine.order_line_id == OrderLine.id)
        .where(
            Order.retailer_id == retailer_id,
            Order.kind == "sample",
            Order.placed_at > since,
            SupplierVariant.product_id == product_id,
        )
        .order_by(Order.placed_at)
    ).all()
    counted = [(placed, units) for placed, units in rows if units > 0]
    left = terms.left(sum(units for _, units in counted))
    again = counted[0][0] + timedelta(days=terms.days) if counted and not left else None
    return Allowance(terms, left, again.date() if again else None)


def quote_sample(session: Session, retailer_id: UUID, variant_id: UUID, units: int, country_code: str) -> SampleQuote:
    """What units of a variant cost as a sample, delivered to a country. Raises ``NotFound`` for what is not on offer,
    and ``Conflict``: ``no_samples``, ``sample_limit``, ``not_shipped_there`` or ``no_exchange_rate``."""
    variant = _variant(session, variant_id)
    allowed = _allowed(session, retailer_id, variant, units)
    supplier = suppliers.supplier(session, variant.supplier_id)
    price = allowed.terms.price_of(variant.wholesale_price)
    parcel = Parcel(units, units * (variant.weight_grams or 0), units * price)
    rate = rate_for(suppliers.rates_of(session, [supplier.id])[supplier.id], country_code, parcel)
    if rate is None:
        raise Conflict(f"{supplier.company_name} does not ship to {country_code}.", code=HoldReason.NOT_SHIPPED_THERE)
    now, currency = clock.now(), session.get_one(Organisation, retailer_id).currency
    exchange = exchange_rate(session, variant.currency, currency, now)
    if exchange is None:
        raise Conflict("No exchange rate for this supplier's currency is known yet.", code=HoldReason.NO_EXCHANGE_RATE)
    goods = Money(parcel.goods, variant.currency)
    closed = [Closure(one.starts_on, one.ends_on) for one in suppliers.closures(session, supplier.id)]
    sent = sending(supplier, rate, parcel, variant.currency, now, closed)
    return SampleQuote(
        variant.product_id,
        Money(price, variant.currency),
        goods,
        sent.price,
        Money(supplier.order_fee, variant.currency),
        converted(goods + sent.price, rate=exchange[0], currency=currency),
        rate.name,
        sent.arrives,
    )


def order_sample(
    session: Session,
    retailer_id: UUID,
    variant_id: UUID,
    units: int,
    address: Address,
    *,
    external_id: str,
    note: str = "",
    expected: Money | None = None,
) -> Placed:
    """Order a sample, once per ``external_id``. ``expected``: the total that the retailer agreed to. Raises as
    ``quote_sample`` and ``place_order``, and ``Conflict`` (``price_changed``) where it costs something else."""
    one_at_a_time = f"samples of {retailer_id}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(one_at_a_time, 0))))
    known = find_by_external_id(session, retailer_id, None, external_id)
    if known is not None:
        return Placed(known.id, created=False)
    check_address(address)
    quote = quote_sample(session, retailer_id, variant_id, units, address.country_code)
    if expected is not None and quote.total != expected:
        raise Conflict(f"It costs {quote.total} by now. Look at it again, then order.", code="price_changed")
    variant = _variant(session, variant_id)
    return place_order(
        session,
        PlaceOrder(
            retailer_id=retailer_id,
            store_id=None,
            external_id=external_id,
            external_name=f"Sample {variant.sku}",
            currency=quote.total.currency,
            address=address,
            lines=[Line(variant_id=variant_id, quantity=units)],
            note=note,
            kind="sample",
            agreed={variant_id: quote.price.minor},
        ),
    )


def _variant(session: Session, variant_id: UUID) -> SupplierVariant:
    found = session.get(SupplierVariant, variant_id)
    if found is None or found.status != "active":
        raise NotFound("variant")
    offered_product(session, found.product_id)
    return found


def _allowed(session: Session, retailer_id: UUID, variant: SupplierVariant, units: int) -> Allowance:
    found = allowance(session, retailer_id, variant.product_id)
    if not found.terms.allowed:
        raise Conflict("The supplier gives no samples of this product.", code="no_samples")
    if not 0 < units <= found.left:
        raise Conflict(
            f"The supplier gives each retailer at most {found.terms.max_units} of this product as samples within "
            f"{found.terms.days} days; {found.left} are left for you.",
            code="sample_limit",
        )
    return found
