"""Cancelling units of an order by line, for its retailer or its store: at once what no supplier has accepted, by a
request to the supplier what it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.db import current_scope
from app.inventory.service import release, units_set_aside
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid, NotFound
from app.kit.ids import new_id
from app.orders import service as orders
from app.orders.models import Order, OrderLine
from app.orders.rules import CANCELLED, HoldReason
from app.outbox.service import emit
from app.purchasing.changes.queries import waiting_of
from app.purchasing.changes.rules import (
    CANCELLATION,
    LONGEST_NOTE,
    OPEN,
    WITHDRAWN,
    Cancellable,
    cancellable_units,
    due_at,
    remind_at,
    spread,
)
from app.purchasing.decisions.queries import free_between, in_between, lost_between
from app.purchasing.decisions.service import withdraw_between
from app.purchasing.models import ChangeRequest, ChangeRequestLine, PurchaseOrder, PurchaseOrderLine
from app.purchasing.queries import being_taken_over, still_coming
from app.purchasing.service.linking import drop_unlinked
from app.purchasing.service.settling import (
    CANCELLED_UNITS,
    close,
    moved,
    open_units,
    supplier_name,
    tell,
    withdraw_units,
)
from app.purchasing.service.status import locked_of_order, refresh_order_status

Origin = Literal["retailer", "store"]


@dataclass(slots=True)
class Asked:
    """What became of a wish to cancel, by order line: units cancelled at once, and units that suppliers were asked to
    stop."""

    cancelled: dict[UUID, int] = field(default_factory=dict)
    asked: dict[UUID, int] = field(default_factory=dict)
    request_ids: list[UUID] = field(default_factory=list)


def cancellable_of(session: Session, purchase_orders: Sequence[PurchaseOrder]) -> dict[UUID, list[Cancellable]]:
    """Order line → the purchase orders' lines that fill it, as far as units of them can be cancelled or asked for.
    Units that another supplier is being paid for, and that the first one still has, are the first one's: once fewer
    are wanted there, the rerouting is given up."""
    requests = waiting_of(session, [one.id for one in purchase_orders])
    twice = being_taken_over(session, purchase_orders[0].order_id) if purchase_orders else set[UUID]()
    waiting = {
        row.purchase_order_line_id: row.waiting
        for request in requests
        for row in request.lines
        if request.state == OPEN and request.kind == CANCELLATION
    }
    found: defaultdict[UUID, list[Cancellable]] = defaultdict(list)
    for one in purchase_orders:
        told = one.released_at is not None
        for line in one.lines:
            if open_units(line) and line.id not in twice:
                found[line.order_line_id].append(
                    Cancellable(
                        line_id=line.id,
                        component=line.component,
                        per_unit=line.per_unit,
                        open=open_units(line),
                        asked=waiting.get(line.id, 0),
                        at_once=not told or (line.answer is None and one.processing_at is None),
                        packing=one.processing_at is not None,
                    )
                )
    return dict(found)


def ask_to_cancel(
    session: Session,
    retailer_id: UUID,
    order_id: UUID,
    units: Mapping[UUID, int | None],
    *,
    origin: Origin = "retailer",
    as_far: bool = False,
    note: str = "",
    only: Sequence[UUID] | None = None,
    external_ref: str | None = None,
) -> Asked:
    """Cancel units of order lines (None: all that can be). What a supplier has accepted it is asked to stop.

    What can't be cancelled is refused, or with ``as_far`` as much is done as can be. ``only``: of these
    purchase orders. ``external_ref``: the store's own request, to be answered. Raises ``NotFound``, ``Invalid`` and
    ``Conflict`` (``quantity_exceeds_open``).
    """
    if len(note) > LONGEST_NOTE:
        raise Invalid.field("reason", "too_long", f"Use at most {LONGEST_NOTE} characters.")
    order = orders.locked(session, order_id)
    if order.retailer_id != retailer_id:
        raise NotFound("order")
    lines = {
        line.id: line
        for line in session.scalars(
            select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
        )
    }
    if any(line_id not in lines for line_id in units):
        raise NotFound("order line")
    purchase_orders = locked_of_order(session, order_id)
    routed = {row.order_line_id for one in purchase_orders for row in one.lines}
    able = cancellable_of(session, purchase_orders)
    if only is not None:
        wanted_lines = {row.id for one in purchase_orders if one.id in only for row in one.lines}
        able = {key: [one for one in found if one.line_id in wanted_lines] for key, found in able.items()}
    result = Asked()
    between = {one.order_line_id for one in in_between(session, order_id)} if only is None else set()
    nobodys = free_between(session, order_id) if only is None and between else {}
    lost = lost_between(session, order_id) if between else {}
    ended: dict[UUID, int | None] = {}
    plan: dict[UUID, int] = {}
    wrong: list[FieldError] = []
    for place, (line_id, wanted) in enumerate(units.items()):
        line = lines[line_id]
        candidates = able.get(line_id, [])
        most = line.quantity - line.cancelled if line_id not in routed else cancellable_units(candidates)
        count = most if wanted is None else wanted
        if wanted is None and line_id in between:
            # No supplier has these units any more, and the retailer wants no other one.
            ended[line_id] = None
            if lost.get(line_id):
                result.cancelled[line_id] = lost[line_id]
            if not count:
                continue
        # What nobody delivers yet goes first: nobody has to be asked for it.
        loose = 0 if wanted is None else nobodys.get(line_id, 0)
        if as_far:
            count = min(count, most + loose)
        elif not 0 < count <= most + loose:
            wrong.append(
                FieldError(f"lines[{place}].quantity", "quantity_exceeds_open", _most_words(line, most + loose))
            )
            continue
        if count <= 0:
            continue
        if loose:
            ended[line_id] = result.cancelled[line_id] = min(count, loose)
            count -= result.cancelled[line_id]
            if not count:
                continue
        if line_id not in routed:
            _cancel_unrouted(session, order, line, count)
            result.cancelled[line_id] = count
            continue
        shares = spread(candidates, count)
        plan.update(shares)
        at_once = [one for one in candidates if one.at_once]
        now_units = cancelled_of(at_once, shares)
        if now_units:
            result.cancelled[line_id] = result.cancelled.get(line_id, 0) + now_units
        if count > now_units:
            result.asked[line_id] = count - now_units
    if wrong:
        raise Conflict("More than is open can't be cancelled.", code="quantity_exceeds_open", errors=wrong)
    result.request_ids += stop_units(
        session, purchase_orders, able, plan, origin=origin, note=note.strip(), external_ref=external_ref
    )
    withdraw_between(session, order, ended)
    if external_ref is not None:
        about = {row.id for one in purchase_orders for row in one.lines if row.order_line_id in units}
        for request in _joined(session, only or (), external_ref, about):
            result.request_ids.append(request.id)
    _forget(session, order, purchase_orders)
    if result.cancelled or result.asked:
        audit.record(
            session,
            order.retailer_id,
            "orders.cancelled" if not result.asked else "orders.cancellation_asked",
            "order",
            order.id,
            details={"cancelled": sum(result.cancelled.values()), "asked": sum(result.asked.values())},
        )
    return result


def cancel_all(
    session: Session, retailer_id: UUID, order_id: UUID, *, origin: Origin = "retailer", note: str = ""
) -> Asked:
    """Cancel all of an order that can be, and ask about no line of it any more. Raises ``NotFound``."""
    order = orders.locked(session, order_id)
    if order.retailer_id != retailer_id:
        raise NotFound("order")
    drop_unlinked(session, order)
    open_lines = select(OrderLine.id).where(OrderLine.order_id == order_id, OrderLine.quantity > OrderLine.cancelled)
    units = dict.fromkeys(session.scalars(open_lines.order_by(OrderLine.position)))
    return ask_to_cancel(session, retailer_id, order_id, units, origin=origin, as_far=True, note=note)


def stop_units(
    session: Session,
    purchase_orders: Sequence[PurchaseOrder],
    able: Mapping[UUID, Sequence[Cancellable]],
    units: Mapping[UUID, int],
    *,
    origin: Origin,
    note: str,
    external_ref: str | None = None,
    odd: bool = False,
) -> list[UUID]:
    """Withdraw units of the purchase orders' lines at once, or ask for them, as each is ``able``. ``odd``: since they
    make nothing whole. Returns the requests' ids. The caller holds the purchase orders' locks."""
    at_once_ids = {one.line_id for found in able.values() for one in found if one.at_once}
    request_ids = []
    for purchase_order in purchase_orders:
        own = {row: units[row.id] for row in purchase_order.lines if units.get(row.id)}
        withdraw_units(
            session,
            purchase_order,
            {row: count for row, count in own.items() if row.id in at_once_ids},
            why=CANCELLED_UNITS,
        )
        to_ask = {row: count for row, count in own.items() if row.id not in at_once_ids}
        if to_ask:
            request = _ask(
                session, purchase_order, to_ask, origin=origin, note=note, external_ref=external_ref, odd=odd
            )
            request_ids.append(request.id)
    return request_ids


def cancelled_of(lines: Iterable[Cancellable], shares: Mapping[UUID, int]) -> int:
    """Units of the order line of which at least one component is in these shares of these lines."""
    components: defaultdict[int, int] = defaultdict(int)
    for line in lines:
        components[line.component] += shares.get(line.line_id, 0) // line.per_unit
    return max(components.values(), default=0)


def withdraw_request(session: Session, retailer_id: UUID, request_id: UUID) -> ChangeRequest:
    """The retailer no longer asks. Raises ``NotFound``, and ``Conflict`` for a request that was answered."""
    request = locked_request(session, request_id, retailer_id=retailer_id)
    if request.state == WITHDRAWN:
        return request
    if request.state != OPEN:
        raise Conflict("The supplier has answered already.", code="answered")
    purchase_order = session.get_one(PurchaseOrder, request.purchase_order_id)
    tell(session, purchase_order, "change.withdrawn", supplier=supplier_name(session, request.supplier_id))
    close(session, request, WITHDRAWN)
    return request


def locked_request(
    session: Session, request_id: UUID, *, retailer_id: UUID | None = None, supplier_id: UUID | None = None
) -> ChangeRequest:
    """A request of this party (of any, without one), with its purchase order locked before it. Raises ``NotFound``."""
    query = select(ChangeRequest.purchase_order_id).where(ChangeRequest.id == request_id)
    if retailer_id is not None:
        query = query.where(ChangeRequest.retailer_id == retailer_id)
    if supplier_id is not None:
        query = query.where(ChangeRequest.supplier_id == supplier_id)
    purchase_order_id = session.scalar(query)
    if purchase_order_id is None:
        raise NotFound("change request")
    session.execute(select(PurchaseOrder.id).where(PurchaseOrder.id == purchase_order_id).with_for_update())
    return session.scalars(
        select(ChangeRequest)
        .where(ChangeRequest.id == request_id)
        .options(selectinload(ChangeRequest.lines))
        .with_for_update(of=ChangeRequest)
        .execution_options(populate_existing=True)
    ).one()


def _most_words(line: OrderLine, most: int) -> str:
    if most:
        return f"{line.title}: {most} can still be cancelled."
    return f"{line.title}: nothing is left that could be cancelled, or it is asked for already."


def _cancel_unrouted(session: Session, order: Order, line: OrderLine, units: int) -> None:
    """No supplier was chosen yet: what is set aside is let go in proportion."""
    before = line.quantity - line.cancelled
    aside = units_set_aside(session, [line.id])
    release(
        session,
        {whose: count - count * (before - units) // before for whose, count in aside.items()},
        reference=f"order:{order.id}",
    )
    orders.cancel_units(session, order, line, units)


def _ask(
    session: Session,
    purchase_order: PurchaseOrder,
    units: Mapping[PurchaseOrderLine, int],
    *,
    origin: Origin,
    note: str,
    external_ref: str | None,
    odd: bool,
) -> ChangeRequest:
    """Ask the supplier; what waits already is added to, and its time begins anew."""
    now = clock.now()
    request = next(
        (one for one in waiting_of(session, [purchase_order.id]) if one.kind == CANCELLATION),
        None,
    )
    due = due_at(now, by_platform=external_ref is not None)
    if request is None:
        request = ChangeRequest(
            id=new_id(),
            order_id=purchase_order.order_id,
            purchase_order_id=purchase_order.id,
            retailer_id=purchase_order.retailer_id,
            supplier_id=purchase_order.supplier_id,
            kind=CANCELLATION,
            state=OPEN,
            origin=origin,
            asked_by=current_scope().actor,
            note=note,
            external_ref=external_ref,
            ship_to_country="",
            asked_at=now,
            remind_at=remind_at(now, due),
            due_at=due,
            answer="",
            lines=[],
        )
        session.add(request)
        session.flush()
    else:
        request.asked_at, request.reminded_at = now, None
        request.note = note or request.note
        request.external_ref = _with_ref(request.external_ref, external_ref)
        request.due_at = min(due, request.due_at) if request.external_ref else due
        request.remind_at = remind_at(now, request.due_at)
    rows = {row.purchase_order_line_id: row for row in request.lines}
    supplier = supplier_name(session, purchase_order.supplier_id)
    for line, count in units.items():
        if line.id in rows:
            rows[line.id].quantity += count
            rows[line.id].odd += count if odd else 0
        else:
            row = ChangeRequestLine(
                change_request_id=request.id,
                purchase_order_line_id=line.id,
                retailer_id=request.retailer_id,
                supplier_id=request.supplier_id,
                quantity=count,
                granted=0,
                lost=0,
                odd=count if odd else 0,
            )
            request.lines.append(row)
        tell(session, purchase_order, "change.asked", supplier=supplier, quantity=count, title=line.title)
    purchase_order.updated_at = now
    session.flush()
    emit(session, moved(request))
    return request


def store_refs(request: ChangeRequest) -> list[str]:
    """The store's own requests that are answered with this one: one for each location that the goods are at."""
    return (request.external_ref or "").split("\n") if request.external_ref else []


def _with_ref(known: str | None, ref: str | None) -> str | None:
    refs = [*(known or "").split("\n"), ref or ""]
    return "\n".join(dict.fromkeys(one for one in refs if one)) or None


def _joined(
    session: Session, purchase_order_ids: Sequence[UUID], external_ref: str, about: Collection[UUID]
) -> list[ChangeRequest]:
    """Requests about these lines that wait already and are the store's too from now on."""
    found = [
        one
        for one in waiting_of(session, purchase_order_ids)
        if one.kind == CANCELLATION
        and external_ref not in store_refs(one)
        and any(row.purchase_order_line_id in about for row in one.lines)
    ]
    now = clock.now()
    for request in found:
        request.external_ref = _with_ref(request.external_ref, external_ref)
        request.due_at = min(request.due_at, due_at(now, by_platform=True))
        request.remind_at = min(request.remind_at, remind_at(now, request.due_at))
    return found


def _forget(session: Session, order: Order, purchase_orders: Sequence[PurchaseOrder]) -> None:
    """The order's lines and status follow what was cancelled."""
    session.flush()
    for line, units in still_coming(session, order.id).items():
        lost = line.quantity - line.cancelled - units
        if lost > 0:
            orders.cancel_units(session, order, line, lost)
    session.flush()
    if order.status == CANCELLED:
        orders.release(session, order, list(HoldReason))
        order.status = CANCELLED
    else:
        refresh_order_status(session, order, purchase_orders or None)
