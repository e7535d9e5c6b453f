"""What suppliers did, counted from what happened: orders, answers, parcels and carriers' scans, never from what a
supplier says of itself. The measures are those of ``app.suppliers.rules.scorecards``.

Every case counts on the day on which it fell due, so that a day's figures change only while late facts come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.kit import clock
from app.suppliers.rules.scorecards import ANSWER_HOURS, LAST_STEP, SCANNED_WITHIN, SCORED_OVER, SENT_DAYS, SPREADS
from app.suppliers.service.scoring import Counted, record_day

#: Parcels whose scans are told: by the carrier, or by somebody else.
_TOLD = "(h.carrier = any(:scanning) or h.reported_by is not null)"
# Names and numbers put together here are constants of ours. Orders fall due at the end of the supplier's own day,
# parcels and answers by UTC. ``left_at`` is when a parcel left: its carrier's first scan where somebody tells scans.
_CASES = f"""
with whose as (
  select id, timezone from suppliers where cast(:supplier as uuid) is null or id = :supplier
), due as materialized (
  select p.id, p.supplier_id, p.released_at, s.timezone, (p.ship_by at time zone s.timezone)::date as day
  from purchase_orders p join whose s on s.id = p.supplier_id
  where p.released_at is not null
    and p.ship_by >= cast(:first as date) - interval '2 days' and p.ship_by < cast(:last as date) + interval '3 days'
    and (p.ship_by at time zone s.timezone)::date between :first and :last
    and (p.ship_by at time zone s.timezone)::date < (:now at time zone s.timezone)::date
), short as materialized (
  select distinct line.id::uuid as order_line_id
  from shortfalls f join whose s on s.id = f.supplier_id
  cross join lateral jsonb_array_elements_text(f.order_line_ids) line(id)
  where f.created_at >= cast(:first as date) - interval '60 days'
), lined as (
  select due.id, sum(l.quantity - l.cancelled) as wanted, sum(l.quantity - l.cancelled + l.rejected) as asked,
    sum(l.rejected) as rejected, bool_or(l.unavailable > 0) as unavailable,
    bool_or(l.backordered_at is not null) as backordered, bool_or(short.order_line_id is not null) as short
  from due join purchase_order_lines l on l.purchase_order_id = due.id
  left join short on short.order_line_id = l.order_line_id
  group by due.id
), parcelled as (
  select h.id, h.purchase_order_id, due.day, due.timezone,
    case when {_TOLD} then h.first_scan_at else coalesce(h.handed_over_at, h.created_at) end
      as left_at
  from due join shipments h on h.purchase_order_id = due.id
  where h.shipment_status not in ('announced', 'voided') and h.replaces_id is null
), left_house as (
  select b.purchase_order_id as id, sum(x.quantity) as units, max(b.left_at) as last_at,
    coalesce(sum(x.quantity) filter (where (b.left_at at time zone b.timezone)::date <= b.day), 0) as in_time
  from parcelled b join shipment_lines x on x.shipment_id = b.id
  where b.left_at is not null group by 1
), orders as (
  select due.*, lined.wanted, lined.asked, lined.rejected, lined.unavailable, lined.backordered, lined.short,
    coalesce(h.units, 0) as units, coalesce(h.in_time, 0) as in_time, h.last_at
  from due join lined using (id) left join left_house h using (id)
), cases as (
  select supplier_id, day, 'sent' as measure, 0 as step, id as purchase_order_id,
    (in_time >= wanted)::int as met, 1 as counted
  from orders where wanted > 0
  union all
  select supplier_id, day, 'kept', 0, id, (asked - rejected)::int, asked::int from orders where asked > 0
  union all
  select supplier_id, day, 'stocked', 0, id, (not (unavailable or (short and in_time < wanted)))::int, 1
  from orders where asked > 0
  union all
  select supplier_id, day, 'at_once', 0, id, (not backordered)::int, 1 from orders where asked > 0
  union all
  select supplier_id, day, '{SENT_DAYS}',
    least({LAST_STEP[SENT_DAYS]}, greatest(1, ceil(extract(epoch from last_at - released_at) / 86400)::int)), id, 1, 1
  from orders where wanted > 0 and units >= wanted
  union all
  select p.supplier_id, p.acknowledge_by::date, answer.measure, answer.step, p.id, answer.met, 1
  from purchase_orders p join whose s on s.id = p.supplier_id
  cross join lateral (
    select 'answered' as measure, 0 as step, coalesce(p.acknowledged_at <= p.acknowledge_by, false)::int as met
    union all
    select '{ANSWER_HOURS}', least({LAST_STEP[ANSWER_HOURS]}, greatest(1,
      ceil(extract(epoch from p.acknowledged_at - p.released_at) / 3600)::int)), 1
    where p.acknowledged_at is not null
  ) answer
  where p.released_at is not null
    and p.acknowledge_by >= :first and p.acknowledge_by < cast(:last as date) + interval '1 day'
    and p.acknowledge_by <= :now
    -- What its retailer cancelled while there was time to answer asks for no answer.
    and not (p.acknowledged_at is null and p.status = 'CANCELLED' and p.updated_at <= p.acknowledge_by)
  union all
  select h.supplier_id, h.estimated_to, 'arrived', 0, h.purchase_order_id,
    coalesce(h.delivered_at::date <= h.estimated_to and exists (
      select from tracking_events e where e.shipment_id = h.id and e.source = 'carrier'
        and e.delivery_status = 'delivered'), false)::int, 1
  from shipments h join whose s on s.id = h.supplier_id
  where h.estimated_to between :first and :last and h.estimated_to < (:now at time zone 'UTC')::date
    and {_TOLD} and h.first_scan_at is not null
    and h.shipment_status not in ('announced', 'voided') and h.replaces_id is null
  union all
  select h.supplier_id, h.created_at::date, 'tracked', 0, h.purchase_order_id,
    coalesce(h.first_scan_at <= coalesce(h.handed_over_at, h.created_at) + interval '{SCANNED_WITHIN} days', false)
      ::int, 1
  from shipments h join whose s on s.id = h.supplier_id
  where h.created_at >= :first and h.created_at < cast(:last as date) + interval '1 day'
    and coalesce(h.handed_over_at, h.created_at) <= :now - interval '{SCANNED_WITHIN} days'
    and {_TOLD} and h.shipment_status not in ('announced', 'voided')
)
"""  # noqa: S608
#: Facts that are told so late still count: an order that left after its day, a scan that its carrier told late.
_LATE = timedelta(days=14)
_SCANNING = bindparam("scanning", type_=ARRAY(Text))
_COUNTED = text(
    _CASES + "select supplier_id, measure, step, sum(met)::int as met, sum(counted)::int as counted "
    "from cases group by 1, 2, 3"
).bindparams(_SCANNING)
_MISSED = text(
    _CASES  # noqa: S608
    + """
    , missed as (
      select purchase_order_id, max(day) as day, sum(met)::int as met, sum(counted)::int as counted
      from cases where measure = :measure group by 1 having sum(met) < sum(counted)
    )
    select p.id, p.number, p.status, p.released_at, p.acknowledge_by, p.acknowledged_at, p.ship_by, missed.day,
      missed.counted - missed.met as missed, missed.counted, count(*) over () as found
    from missed join purchase_orders p on p.id = missed.purchase_order_id
    order by missed.day desc, p.id desc limit :most offset :skipped
    """
).bindparams(_SCANNING)


def counted_on(session: Session, day: date, *, scanning: Iterable[str]) -> list[Counted]:
    """What fell due on a day and how it went, of every supplier. ``scanning`` are the carriers that tell scans. System
    scope."""
    rows = session.execute(_COUNTED, _asked(None, day, day, scanning))
    return [Counted(row.supplier_id, row.measure, row.step, row.met, row.counted) for row in rows]


def measure(session: Session, day: date, *, scanning: Iterable[str]) -> None:
    """Count a day, in place of what was counted of it before. System scope."""
    record_day(session, day, counted_on(session, day, scanning=scanning))


def days_to_measure(today: date, before: date | None) -> list[date]:
    """The days up to yesterday that are counted when the last that was is ``before``: at the first time all that are
    scored, then those that late facts may change and those that were left out."""
    first = today - timedelta(days=SCORED_OVER)
    if before is not None:
        first = max(first, min(today - _LATE, before))
    return [first + timedelta(days=count) for count in range((today - first).days)]


@dataclass(frozen=True, slots=True)
class Missed:
    """A purchase order behind a bad figure: ``missed`` of ``counted`` cases of it went wrong, due on ``day``."""

    purchase_order_id: UUID
    number: str
    status: str
    released_at: datetime
    acknowledge_by: datetime
    acknowledged_at: datetime | None
    ship_by: datetime
    day: date
    missed: int
    counted: int


def missed_by(
    session: Session,
    supplier_id: UUID,
    measure: str,
    *,
    first: date,
    last: date,
    scanning: Iterable[str],
    limit: int = 50,
    skipped: int = 0,
) -> tuple[Sequence[Missed], int]:
    """A supplier's own purchase orders that a measure counts against it, the newest first, and how many there are."""
    if measure in SPREADS:
        return (), 0
    values = {**_asked(supplier_id, first, last, scanning), "measure": measure, "most": limit, "skipped": skipped}
    rows = session.execute(_MISSED, values).all()
    found = [
        Missed(
            row.id,
            row.number,
            row.status,
            row.released_at,
            row.acknowledge_by,
            row.acknowledged_at,
            row.ship_by,
            row.day,
            row.missed,
            row.counted,
        )
        for row in rows
    ]
    return found, rows[0].found if rows else 0


def _asked(supplier_id: UUID | None, first: date, last: date, scanning: Iterable[str]) -> Mapping[str, Any]:
    return {
        "supplier": supplier_id,
        "first": first,
        "last": last,
        "now": clock.now(),
        "scanning": sorted(scanning),
    }
