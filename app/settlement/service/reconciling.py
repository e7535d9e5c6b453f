"""The nightly comparison: ledger, purchase orders, stock, and the processor's own account of our money.

Every difference is a row with kind, amount, age and owner, opened once and closed when it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.ledger import queries as ledger
from app.ledger.rules import AccountKind
from app.notifications.service import resolve
from app.settlement.models import ProcessorTransaction, ReconciliationBreak, ReconciliationRun
from app.settlement.processor import BalanceLine

#: Movements younger than this may still be on their way from one book to the other.
_GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Break:
    """A difference found. ``amount`` is in minor units of ``currency``; 0 where it is not about money."""

    kind: str
    reference: str
    amount: int
    currency: str
    detail: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """The same difference on two nights."""
        return f"{self.kind}:{self.reference}"


def record_balance_lines(session: Session, processor: str, lines: Iterable[BalanceLine]) -> int:
    """Copy the processor's account of our balance. Returns how many lines are new."""
    now = clock.now()
    new = 0
    for line in lines:
        new += len(
            session.execute(
                upsert(ProcessorTransaction)
                .values(
                    id=line.id,
                    processor=processor,
                    kind=line.kind,
                    source_ref=line.source_ref,
                    amount=line.amount,
                    fee=line.fee,
                    net=line.net,
                    currency=line.currency,
                    available_on=line.available_on,
                    created_at=line.created_at,
                    recorded_at=now,
                )
                .on_conflict_do_nothing()
                .returning(ProcessorTransaction.id)
            ).all()
        )
    return new


def reconcile(session: Session) -> ReconciliationRun:
    """Compare everything, open a break for each difference, close those that are gone."""
    started = clock.now()
    run = ReconciliationRun(id=new_id(), day=started.date(), started_at=started, checked={})
    session.add(run)
    found: list[Break] = []
    checked: dict[str, int] = {}
    for check in _CHECKS:
        breaks = list(check(session))
        checked[check.__name__.strip("_")] = len(breaks)
        found += breaks
    for one in found:
        session.execute(
            upsert(ReconciliationBreak)
            .values(
                id=new_id(),
                fingerprint=one.fingerprint,
                kind=one.kind,
                reference=one.reference,
                amount=one.amount,
                currency=one.currency,
                detail=one.detail,
                state="OPEN",
                found_at=started,
                seen_at=started,
            )
            .on_conflict_do_update(
                index_elements=["fingerprint"],
                set_={
                    "seen_at": started,
                    "amount": one.amount,
                    "detail": one.detail,
                    "closed_at": None,
                    "state": "OPEN",
                },
                # What was explained stays so while it is the same difference.
                where=(ReconciliationBreak.state != "EXPLAINED") | (ReconciliationBreak.amount != one.amount),
            )
        )
    session.execute(
        update(ReconciliationBreak)
        .where(ReconciliationBreak.state == "OPEN", ReconciliationBreak.seen_at < started)
        .values(state="FIXED", closed_at=started)
    )
    run.checked, run.finished_at = checked, clock.now()
    session.flush()
    return run


def open_breaks(session: Session) -> list[ReconciliationBreak]:
    """Differences nobody has explained, oldest first."""
    return breaks_in(session, "OPEN")


def breaks_in(session: Session, state: str) -> list[ReconciliationBreak]:
    """Differences in one state, oldest first."""
    return list(
        session.scalars(
            select(ReconciliationBreak).where(ReconciliationBreak.state == state).order_by(ReconciliationBreak.found_at)
        )
    )


def break_of(session: Session, break_id: UUID) -> ReconciliationBreak:
    """One difference. Raises ``NotFound``."""
    found = session.get(ReconciliationBreak, break_id)
    if found is None:
        raise NotFound("difference")
    return found


def explain(session: Session, break_id: UUID, *, note: str) -> ReconciliationBreak:
    """A person knows why two books differ and that this is all right. Raises ``NotFound`` and ``Conflict``."""
    found = session.scalar(select(ReconciliationBreak).where(ReconciliationBreak.id == break_id).with_for_update())
    if found is None:
        raise NotFound("difference")
    if found.state != "OPEN":
        raise Conflict("This difference is not open any more.", code="break_closed")
    found.state, found.closed_at = "EXPLAINED", clock.now()
    found.explanation, found.owner = note, current_scope().actor
    platform = platform_organisation(session)
    audit.record(
        session,
        platform.id,
        "settlement.break_explained",
        "break",
        break_id,
        details={"kind": found.kind, "amount": found.amount, "currency": found.currency},
    )
    session.flush()
    if not open_breaks(session):
        resolve(session, platform.id, "reconciliation")
    return found


def _entries_balance(session: Session) -> Iterator[Break]:
    for entry_id in ledger.unbalanced_entries(session):
        yield Break("entry_unbalanced", str(entry_id), 0, "", {})


def _processor_agrees(session: Session) -> Iterator[Break]:
    """Each thing that the processor names has moved our balance there as it did in the ledger. A reversal belongs to
    what the entry that it takes back is about."""
    rows = session.execute(
        text(
            """
            with booked as (
              select coalesce(e.details ->> 'processor_ref', taken_back.details ->> 'processor_ref') as ref,
                p.currency, sum(p.amount) as amount
              from journal_entries e
              left join journal_entries taken_back on taken_back.id = (e.details ->> 'reverses')::uuid
              join postings p on p.entry_id = e.id
              join ledger_accounts a on a.id = p.account_id
              where a.kind = 'processor_balance' and e.created_at < :settled
              group by 1, 2
            ), theirs as (
              select source_ref as ref, currency, sum(net) as amount
              from processor_transactions
              where created_at < :settled and kind <> 'topup'
              group by 1, 2
            )
            select coalesce(booked.ref, theirs.ref) as ref, coalesce(booked.currency, theirs.currency) as currency,
              booked.amount as ours, theirs.amount as theirs
            from booked full join theirs on theirs.ref = booked.ref and theirs.currency = booked.currency
            where coalesce(booked.amount, 0) <> coalesce(theirs.amount, 0)
            """
        ),
        {"settled": _settled()},
    )
    for ref, currency, ours, theirs in rows:
        kind = "not_at_processor" if theirs is None else "not_in_ledger" if ours is None else "amount_differs"
        amount = int(theirs or 0) - int(ours or 0)
        yield Break(kind, str(ref), amount, currency, {"ledger": _number(ours), "processor": _number(theirs)})


def _suppliers_are_owed_what_is_open(session: Session) -> Iterator[Break]:
    """What the ledger owes as goods and as earnings is what purchase orders and earnings say."""
    rows = session.execute(
        text(
            """
            with paid as (
              select po.supplier_id, po.currency,
                sum(po.wholesale_total + po.shipping_cost - po.platform_fee) as amount
              from purchase_orders po
              where case when po.rerouting_id is null
                then exists (select from charges c where c.order_id = po.order_id and c.state = 'PAID')
                else po.released_at is not null end
              group by 1, 2
            ), gone as (
              select e.supplier_id, e.currency, sum(e.amount) filter (where e.credit_memo_id is null) as amount,
                sum(e.amount) filter (where p.state is distinct from 'PAID') as unpaid
              from earnings e left join payouts p on p.id = e.payout_id group by 1, 2
            ), back as (
              select po.supplier_id, po.currency, sum(r.goods + r.shipping - r.platform_fee) as amount
              from refunds r join purchase_orders po on po.id = r.purchase_order_id
              where r.state in ('SUCCEEDED', 'WAIVED', 'MOVED') and case when po.rerouting_id is null
                then exists (select from charges c where c.order_id = po.order_id and c.state = 'PAID')
                else po.released_at is not null end
              group by 1, 2
            ), books as (
              select a.organisation_id as supplier_id, a.currency,
                -sum(p.amount) filter (where a.kind = 'goods_to_ship') as goods,
                -sum(p.amount) filter (where a.kind = 'supplier_payable') as payable
              from ledger_accounts a join postings p on p.account_id = a.id
              where a.kind in ('goods_to_ship', 'supplier_payable') group by 1, 2
            )
            select coalesce(paid.supplier_id, books.supplier_id), coalesce(paid.currency, books.currency),
              coalesce(paid.amount, 0) - coalesce(gone.amount, 0) - coalesce(back.amount, 0) as goods_expected,
              coalesce(books.goods, 0) as goods, coalesce(gone.unpaid, 0) as payable_expected,
              coalesce(books.payable, 0) as payable
            from paid
            full join books using (supplier_id, currency)
            left join gone using (supplier_id, currency)
            left join back using (supplier_id, currency)
            """
        )
    )
    for supplier_id, currency, goods_expected, goods, payable_expected, payable in rows:
        if goods_expected != goods:
            detail = {"expected": int(goods_expected), "ledger": int(goods)}
            yield Break("goods_to_ship_differs", str(supplier_id), int(goods - goods_expected), currency, detail)
        if payable_expected != payable:
            detail = {"expected": int(payable_expected), "ledger": int(payable)}
            yield Break("payable_differs", str(supplier_id), int(payable - payable_expected), currency, detail)


def _retailers_are_owed_what_is_credited(session: Session) -> Iterator[Break]:
    """What the ledger owes to retailers is what credit memos say, and what changed orders left over, as far as cards
    have not got it."""
    rows = session.execute(
        text(
            """
            with owed as (
              select retailer_id, currency, sum(amount) as amount from (
                select m.retailer_id, m.refund_currency as currency, coalesce(r.amount, m.refund_amount) as amount
                from credit_memos m left join refunds r on r.credit_memo_id = m.id
                where m.refund_amount is not null and r.state is distinct from 'SUCCEEDED'
                union all
                select retailer_id, currency,
                  case when kind = 'difference' then amount else 0 end
                  + case when state <> 'SUCCEEDED' then 0 when kind = 'share' then rest else -amount end
                from refunds where credit_memo_id is null
              ) each_one group by 1, 2 having sum(amount) <> 0
            ), books as (
              select a.organisation_id as retailer_id, a.currency, -sum(p.amount) as amount
              from ledger_accounts a join postings p on p.account_id = a.id
              where a.kind = 'retailer_payable' group by 1, 2
            )
            select coalesce(owed.retailer_id, books.retailer_id), coalesce(owed.currency, books.currency),
              coalesce(owed.amount, 0) as expected, coalesce(books.amount, 0) as booked
            from owed full join books using (retailer_id, currency)
            where coalesce(owed.amount, 0) <> coalesce(books.amount, 0)
            """
        )
    )
    for retailer_id, currency, expected, booked in rows:
        detail = {"expected": int(expected), "ledger": int(booked)}
        yield Break("credits_differ", str(retailer_id), int(booked - expected), currency, detail)


def _retailers_owe_what_is_carried(session: Session) -> Iterator[Break]:
    """What the ledger says that retailers owe is what was too little to be charged, as far as no other charge has
    brought it in."""
    rows = session.execute(
        text(
            """
            with owed as (
              select c.retailer_id, c.currency, sum(c.amount - coalesce((
                select sum(r.amount) from refunds r where r.charge_id = c.id and r.state = 'SUCCEEDED'), 0)) as amount
              from charges c left join charges along on along.id = c.taken_with
              where c.carried and c.charge_ref is null and (along.state is distinct from 'PAID' or along.carried)
              group by 1, 2
            ), books as (
              select a.organisation_id as retailer_id, a.currency, sum(p.amount) as amount
              from ledger_accounts a join postings p on p.account_id = a.id
              where a.kind = 'retailer_receivable' group by 1, 2
            )
            select coalesce(owed.retailer_id, books.retailer_id), coalesce(owed.currency, books.currency),
              coalesce(owed.amount, 0) as expected, coalesce(books.amount, 0) as booked
            from owed full join books using (retailer_id, currency)
            where coalesce(owed.amount, 0) <> coalesce(books.amount, 0)
            """
        )
    )
    for retailer_id, currency, expected, booked in rows:
        detail = {"expected": int(expected), "ledger": int(booked)}
        yield Break("carried_differs", str(retailer_id), int(booked - expected), currency, detail)


def _paid_orders_were_released(session: Session) -> Iterator[Break]:
    rows = session.execute(
        text(
            """
            select po.id, po.charge_total, po.charge_currency from purchase_orders po
            join charges c on c.order_id = po.order_id and c.state = 'PAID' and c.cause = ''
            where po.released_at is null and po.status <> 'CANCELLED' and po.rerouting_id is null
              and c.paid_at < :settled
            """
        ),
        {"settled": _settled()},
    )
    for purchase_order_id, amount, currency in rows:
        yield Break("paid_not_released", str(purchase_order_id), int(amount), currency, {})


def _shipments_were_earned(session: Session) -> Iterator[Break]:
    rows = session.execute(
        text(
            """
            select s.id from shipments s left join earnings e on e.shipment_id = s.id and e.state <> 'REVERSED'
            where (e.id is null) = (s.shipment_status = 'shipped')
              and s.replaces_id is null and s.updated_at < :settled
            """
        ),
        {"settled": _settled()},
    )
    for (shipment_id,) in rows:
        yield Break("shipped_not_earned", str(shipment_id), 0, "", {})


def _reservations_match_levels(session: Session) -> Iterator[Break]:
    for level_id, reserved, promised in stock_mismatches(session):
        yield Break("reserved_differs", str(level_id), 0, "", {"reserved": reserved, "reservations": promised})


def stock_mismatches(session: Session) -> list[tuple[UUID, int, int]]:
    """Levels whose ``reserved`` is not the sum of their open reservations: (level, reserved, sum)."""
    rows = session.execute(
        text(
            """
            select l.id, l.reserved, coalesce(r.units, 0)::bigint as units from inventory_levels l
            left join (
              select level_id, sum(quantity - consumed - released) as units from reservations
              where state in ('HELD', 'COMMITTED') group by level_id
            ) r on r.level_id = l.id
            where l.reserved <> coalesce(r.units, 0)
            """
        )
    )
    return [(level_id, int(reserved), int(units)) for level_id, reserved, units in rows]


def _settled() -> datetime:
    """What is older has reached all books."""
    return clock.now() - _GRACE


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


_CHECKS = (
    _entries_balance,
    _processor_agrees,
    _suppliers_are_owed_what_is_open,
    _retailers_are_owed_what_is_credited,
    _retailers_owe_what_is_carried,
    _paid_orders_were_released,
    _shipments_were_earned,
    _reservations_match_levels,
)

#: Accounts that the comparison covers, for the console.
COVERED = (
    AccountKind.PROCESSOR_BALANCE,
    AccountKind.GOODS_TO_SHIP,
    AccountKind.SUPPLIER_PAYABLE,
    AccountKind.RETAILER_PAYABLE,
    AccountKind.RETAILER_RECEIVABLE,
)
