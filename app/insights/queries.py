"""Sales across orders and purchase orders: each side sees its own.

A retailer's revenue is what its shoppers paid for our lines, its cost what it is charged for goods; a supplier's
revenue is the wholesale value of its goods. Units that were withdrawn after the sale are refunds. Everything is
dated by the moment the order was placed (retailer) or reached the supplier. Samples are no sales: they are left out
here, but not of how well a supplier meets its orders (``met``), nor of charges and payouts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.identity.models import Organisation
from app.kit import clock
from app.kit.days import day_of
from app.kit.errors import Conflict
from app.kit.money import Money
from app.pricing.queries import exchange_rate
from app.pricing.rules import converted

Side = Literal["retailer", "supplier", "platform"]
GroupBy = Literal["day", "week", "month", "supplier", "retailer", "product", "store"]
_TIMES = ("day", "week", "month")


@dataclass(slots=True)
class Figures:
    """Counts, and sums in minor units of one currency."""

    orders: int = 0
    units: int = 0
    revenue: int = 0
    cost: int = 0
    fees: int = 0
    shipping: int = 0
    refunds: int = 0

    @property
    def profit(self) -> int:
        """What is left: refunds are negative for the one who gives them."""
        return self.revenue - self.cost - self.fees + self.shipping + self.refunds

    def add(self, other: Figures) -> None:
        """Add another's figures to these."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@dataclass(frozen=True, slots=True)
class Sales:
    """Totals, and a series of (key, label, figures)."""

    currency: str
    totals: Figures
    series: list[tuple[str, str, Figures]]


@dataclass(frozen=True, slots=True)
class Met:
    """How a supplier's purchase orders of a period were met so far, in units."""

    ordered: int
    shipped: int
    cancelled: int
    #: Middle time from reaching the supplier to its telling of the first parcel, over the orders that have one.
    time_to_ship: timedelta | None

    @property
    def fill_rate(self) -> int | None:
        """Basis points of the units that were sent, of those sent or cancelled; None before there is one."""
        decided = self.shipped + self.cancelled
        return self.shipped * 10_000 // decided if decided else None


_KEYS: dict[str, tuple[str, str, str]] = {
    "day": ("to_char(sold.moment, 'YYYY-MM-DD')", "''", ""),
    "week": ("to_char(date_trunc('week', sold.moment), 'YYYY-MM-DD')", "''", ""),
    "month": ("to_char(sold.moment, 'YYYY-MM')", "''", ""),
    "supplier": ("p.supplier_id::text", "max(s.company_name)", "join suppliers s on s.id = p.supplier_id"),
    "retailer": ("p.retailer_id::text", "max(p.retailer_name)", ""),
    "product": (
        "v.product_id::text",
        "max(sp.title)",
        "join supplier_variants v on v.id = l.variant_id join supplier_products sp on sp.id = v.product_id",
    ),
    "store": (
        "coalesce(sold.store_id::text, '')",
        "coalesce(max(st.name), '')",
        "left join stores st on st.id = sold.store_id",
    ),
}  # fmt: skip

_RETAILER_SIDE = """
  select o.id as order_id, o.store_id, o.currency, (o.placed_at at time zone :zone) as moment
  from orders o
  where o.placed_at >= (:start)::timestamp at time zone :zone and o.placed_at < (:past)::timestamp at time zone :zone
    and (cast(:organisation as uuid) is null or o.retailer_id = :organisation) and o.kind <> 'sample'
"""
_SUPPLIER_SIDE = """
  select p.order_id, null::uuid as store_id, p.currency, (p.released_at at time zone :zone) as moment
  from purchase_orders p
  where p.released_at >= (:start)::timestamp at time zone :zone
    and p.released_at < (:past)::timestamp at time zone :zone
    and p.supplier_id = :organisation and p.kind <> 'sample'
"""


def today_of(session: Session, organisation_id: UUID) -> date:
    """The day that it is where an organisation is: the last one of its figures so far."""
    return day_of(clock.now(), session.get_one(Organisation, organisation_id).timezone)


def sales(
    session: Session,
    organisation_id: UUID | None,
    side: Side,
    *,
    start: date,
    end: date,
    group_by: GroupBy,
    currency: str | None = None,
) -> Sales:
    """Sales from ``start`` to ``end``, both included, in the organisation's time zone; all organisations when it is
    None. Days, weeks and months without sales are there with zeros. Raises ``Conflict`` when a currency has no
    exchange rate."""
    zone, own_currency = "UTC", "USD"
    if organisation_id is not None:
        organisation = session.get_one(Organisation, organisation_id)
        zone, own_currency = organisation.timezone, organisation.currency
    wanted = currency or own_currency
    found: dict[str, tuple[str, Figures]] = {}
    if group_by in _TIMES:
        found = {key: (key, Figures()) for key in _every(start, end, group_by)}
    for row in session.execute(
        text(_statement(side, group_by)),
        {"start": start, "past": end + timedelta(days=1), "zone": zone, "organisation": organisation_id},
    ):
        found.setdefault(row.key, (row.label or row.key, Figures()))[1].add(_in_currency(session, row, wanted))
    totals = Figures()
    for _, figures in found.values():
        totals.add(figures)
    series = [(key, label, figures) for key, (label, figures) in found.items()]
    if group_by not in _TIMES:
        series.sort(key=lambda one: -one[2].revenue)
    return Sales(wanted, totals, series)


_MET = text("""
  with asked as (
    select p.id, p.released_at from purchase_orders p
    where p.supplier_id = :supplier
      and p.released_at >= (:start)::timestamp at time zone :zone
      and p.released_at < (:past)::timestamp at time zone :zone
  ), units as (
    select sum(l.quantity) as ordered, sum(l.shipped) as shipped, sum(l.cancelled) as cancelled
    from asked join purchase_order_lines l on l.purchase_order_id = asked.id
  ), first_parcels as (
    select min(coalesce(s.handed_over_at, s.created_at)) - asked.released_at as waited
    from asked join shipments s on s.purchase_order_id = asked.id and s.shipment_status not in ('announced', 'voided')
    group by asked.id, asked.released_at
  )
  select coalesce(ordered, 0)::bigint as ordered, coalesce(shipped, 0)::bigint as shipped,
    coalesce(cancelled, 0)::bigint as cancelled,
    (select percentile_cont(0.5) within group (order by waited) from first_parcels) as time_to_ship
  from units
""")


def met(session: Session, supplier_id: UUID, *, start: date, end: date) -> Met:
    """How the purchase orders were met that reached a supplier from ``start`` to ``end``, both included, in its
    time zone."""
    zone = session.get_one(Organisation, supplier_id).timezone
    row = session.execute(
        _MET, {"supplier": supplier_id, "start": start, "past": end + timedelta(days=1), "zone": zone}
    ).one()
    return Met(row.ordered, row.shipped, row.cancelled, row.time_to_ship)


def _statement(side: Side, group_by: GroupBy) -> str:
    key, label, join = _KEYS[group_by]
    sold, counted = (_SUPPLIER_SIDE, "p.id") if side == "supplier" else (_RETAILER_SIDE, "p.order_id")
    if side == "supplier":
        money = """
          p.currency as currency,
          sum(l.quantity * l.wholesale_price)::bigint as revenue,
          0::bigint as cost,
          sum(case when l.position = first.position then p.platform_fee else 0 end)::bigint as fees,
          sum(case when l.position = first.position then p.shipping_cost else 0 end)::bigint as shipping,
          -sum(l.cancelled * l.wholesale_price)::bigint as refunds"""
        line, mine = "", "and p.supplier_id = :organisation"
        by_currency = "p.currency"
    else:
        # What the shopper paid for a line counts once, with a bundle's first component.
        paid = "(case when l.component = 0 then coalesce(ol.retail_price, 0) else 0 end)"
        money = f"""
          sold.currency as currency,
          sum({paid} * (l.quantity / l.per_unit))::bigint as revenue,
          round(sum(l.quantity * l.wholesale_price * p.exchange_rate))::bigint as cost,
          0::bigint as fees,
          -round(sum(case when l.position = first.position then p.shipping_cost * p.exchange_rate else 0 end))::bigint
            as shipping,
          round(sum(case when p.released_at is null then 0
                         else l.cancelled * (l.wholesale_price * p.exchange_rate - {paid}::numeric / l.per_unit) end)
          )::bigint as refunds"""
        line, mine = "join order_lines ol on ol.id = l.order_line_id", ""
        by_currency = "sold.currency"
    # Every part is a constant of this module.
    return f"""
        with sold as ({sold})
        select {key} as key, {label} as label, count(distinct {counted}) as orders,
          sum(l.quantity)::bigint as units, {money}
        from sold
        join purchase_orders p on p.order_id = sold.order_id {mine}
          and (p.rerouting_id is null or p.released_at is not null)
        join purchase_order_lines l on l.purchase_order_id = p.id
        {line}
        join lateral (
          select min(position) as position from purchase_order_lines f where f.purchase_order_id = p.id
        ) first on true
        {join}
        group by 1, {by_currency}
        order by 1
    """  # noqa: S608


def _in_currency(session: Session, row: Any, wanted: str) -> Figures:
    figures = Figures(orders=row.orders, units=int(row.units or 0))
    rate = exchange_rate(session, row.currency, wanted, clock.now())
    if rate is None:
        raise Conflict(f"There is no exchange rate from {row.currency} to {wanted}.", code="no_exchange_rate")
    for name in ("revenue", "cost", "fees", "shipping", "refunds"):
        amount = Money(int(getattr(row, name) or 0), row.currency)
        setattr(
            figures,
            name,
            amount.minor if row.currency == wanted else converted(amount, rate=rate[0], currency=wanted).minor,
        )
    return figures


def _every(start: date, end: date, group_by: str) -> list[str]:
    days = [start + timedelta(days=count) for count in range((end - start).days + 1)]
    if group_by == "day":
        names = [day.isoformat() for day in days]
    elif group_by == "week":
        names = [(day - timedelta(days=day.weekday())).isoformat() for day in days]
    else:
        names = [f"{day:%Y-%m}" for day in days]
    return list(dict.fromkeys(names))
