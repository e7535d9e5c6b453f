"""Purchase orders on their way to their suppliers: planning, sending by a click, and what is known to have arrived.

A message is put together once: ``dispatch_id`` is its key, ``sequence`` its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.config import key_ring
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.events import DispatchDue, TransmissionInDoubt
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine, Transmission
from app.purchasing.schedule import next_time, read_schedule
from app.purchasing.service.channels import DEFAULT_CHANNEL, setting_of, take_number
from app.purchasing.transmission_rules import (
    DELIVERED,
    NOT_RECEIVED,
    QUEUED,
    REJECTED,
    SENT,
    UNKNOWN,
    WITHDRAWN,
    may_move,
)
from app.suppliers.models import Supplier


def plan_transmission(session: Session, supplier_id: UUID, purchase_order_id: UUID) -> Transmission | None:
    """Write down that a released purchase order is to be told, by the channel and at the time that its supplier chose.
    None where that was done before, or where nothing is wanted of it any more."""
    order = session.scalar(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == purchase_order_id, PurchaseOrder.supplier_id == supplier_id)
        .options(selectinload(PurchaseOrder.lines))
        .with_for_update(of=PurchaseOrder)
    )
    if order is None or order.released_at is None or all(line.quantity == line.cancelled for line in order.lines):
        return None
    if session.scalar(select(Transmission.id).where(Transmission.purchase_order_id == order.id).limit(1)):
        return None
    setting = setting_of(session, supplier_id)
    now = clock.now()
    due_at = now
    if setting is not None and setting.schedule:
        zone = session.get_one(Supplier, supplier_id).timezone
        due_at = next_time(read_schedule(setting.schedule), now, zone)
    row = _new(order, setting.channel if setting is not None else DEFAULT_CHANNEL, 1, due_at)
    session.add(row)
    if due_at > now:
        story_of(session, row, "po.gathered", at=clock.iso(due_at))
    return row


def put_together(session: Session, rows: Sequence[Transmission]) -> UUID:
    """Make one message of transmissions of one supplier and channel. Returns its key."""
    dispatch_id, number = new_id(), take_number(session, rows[0].supplier_id)
    for row in rows:
        row.dispatch_id, row.sequence = dispatch_id, number
    return dispatch_id


def arrived(session: Session, row: Transmission, *, reference: str = "", by: str) -> None:
    """It is known that the supplier has it. ``by``: what knows it (``probe``, ``answer``, ``fetched``,
    ``receipt`` or an actor)."""
    in_doubt, refused = row.state in (UNKNOWN, NOT_RECEIVED, REJECTED), row.state == REJECTED
    move(row, DELIVERED)
    row.reference, row.answered_at = reference or row.reference, clock.now()
    row.problem, row.words, row.next_probe_at = None, None, None
    row.detail = {**row.detail, "by": by}
    settle_doubt(session, row)
    if in_doubt:
        story_of(session, row, "po.found")
    if refused:
        tell_of_doubt(session, row)


def withdraw(session: Session, row: Transmission) -> None:
    """Nothing of it is wanted any more, and its supplier has not got it: nobody is to send it."""
    refused = row.state == REJECTED
    move(row, WITHDRAWN)
    story_of(session, row, "po.not_sent")
    if refused:
        tell_of_doubt(session, row)


def note_answered(session: Session, supplier_id: UUID, purchase_order_ids: Sequence[UUID], *, by: str) -> None:
    """The supplier has said or asked something about purchase orders: what was on its way has arrived."""
    for row in session.scalars(
        select(Transmission)
        .where(
            Transmission.supplier_id == supplier_id,
            Transmission.purchase_order_id.in_(purchase_order_ids),
            Transmission.state.in_((SENT, UNKNOWN, NOT_RECEIVED, REJECTED)),
        )
        .order_by(Transmission.id)
        .with_for_update()
    ):
        arrived(session, row, by=by)


def send_now(session: Session, organisation_id: UUID | None, purchase_order_id: UUID, transmission_id: UUID) -> None:
    """Send at once what waits for its batch. Raises ``NotFound``, and ``Conflict`` (``not_waiting``)."""
    row = own_transmission(session, organisation_id, purchase_order_id, transmission_id)
    if row.state != QUEUED or row.dispatch_id is not None:
        raise Conflict("It does not wait any more.", code="not_waiting")
    _at_once(session, row)
    audit.record(session, row.supplier_id, "purchasing.sent_now", "purchase_order", row.purchase_order_id)


def send_again(session: Session, organisation_id: UUID | None, purchase_order_id: UUID, transmission_id: UUID) -> None:
    """Send anew what the supplier's system refused, by the channel that holds now. Raises ``NotFound``, and
    ``Conflict`` (``not_refused``): what may have arrived is never sent again by a click."""
    row = own_transmission(session, organisation_id, purchase_order_id, transmission_id)
    if row.state != REJECTED:
        raise Conflict("Only what was refused can be sent again.", code="not_refused")
    setting = setting_of(session, row.supplier_id)
    row.channel = setting.channel if setting is not None else DEFAULT_CHANNEL
    move(row, QUEUED)
    # Refused by form: it is another message now.
    row.dispatch_id, row.problem, row.words = None, None, None
    forget_told(row)
    _at_once(session, row)
    tell_of_doubt(session, row)
    audit.record(session, row.supplier_id, "purchasing.sent_again", "purchase_order", row.purchase_order_id)


def units_told(row: Transmission) -> Mapping[str, int]:
    """The units of each line (by its id) that the message tells; empty before it was put together."""
    told: Mapping[str, int] = row.detail.get("lines") or {}
    return told


def units_gone(row: Transmission | None) -> Mapping[str, int]:
    """The units of each line (by its id) that had left, or were packed, before the message was put together: it does
    not tell them, and its supplier's system never hears of them."""
    gone: Mapping[str, int] = {} if row is None else row.detail.get("gone") or {}
    return gone


def units_wanted(session: Session, purchase_order_id: UUID, *, told: Transmission | None) -> dict[str, int]:
    """The units of each of a purchase order's lines (by its id) that are wanted now of what ``told`` tells of it."""
    lines = session.execute(
        select(PurchaseOrderLine.id, PurchaseOrderLine.quantity - PurchaseOrderLine.cancelled).where(
            PurchaseOrderLine.purchase_order_id == purchase_order_id
        )
    )
    gone = units_gone(told)
    wanted = {str(line_id): units - gone.get(str(line_id), 0) for line_id, units in lines}
    return {line_id: units for line_id, units in wanted.items() if units > 0}


def forget_told(row: Transmission) -> None:
    """It is put together anew when it is sent: nothing of what it told before was taken."""
    row.detail = {name: value for name, value in row.detail.items() if name not in ("lines", "gone")}


def words_of(row: Transmission) -> str:
    """What went wrong, in the supplier's system's words or ours; empty when nothing did."""
    return "" if row.words is None else key_ring().open(row.words, Place("transmissions", "words", row.id)).decode()


def doubt(purchase_order_id: UUID) -> str:
    """What the notices of a doubtful outcome are known by."""
    return f"transmission_in_doubt:{purchase_order_id}"


def _at_once(session: Session, row: Transmission) -> None:
    row.due_at = clock.now()
    dispatch_id = put_together(session, [row])
    emit(session, DispatchDue(dispatch_id=dispatch_id, supplier_id=row.supplier_id))


def _new(order: PurchaseOrder, channel: str, attempt: int, due_at: datetime) -> Transmission:
    now = clock.now()
    return Transmission(
        id=new_id(),
        purchase_order_id=order.id,
        retailer_id=order.retailer_id,
        supplier_id=order.supplier_id,
        channel=channel,
        attempt=attempt,
        state=QUEUED,
        dispatch_id=None,
        sequence=0,
        due_at=due_at,
        tries=0,
        probes=0,
        reference="",
        detail={},
        created_at=now,
        updated_at=now,
    )


def of_dispatch(session: Session, dispatch_id: UUID) -> Sequence[Transmission]:
    """A message's transmissions, locked."""
    return session.scalars(
        select(Transmission)
        .where(Transmission.dispatch_id == dispatch_id)
        .order_by(Transmission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def own_transmission(
    session: Session, organisation_id: UUID | None, purchase_order_id: UUID, transmission_id: UUID
) -> Transmission:
    """A transmission of a purchase order, locked; only a supplier's own where one is named. Raises ``NotFound``."""
    query = select(Transmission).where(
        Transmission.id == transmission_id, Transmission.purchase_order_id == purchase_order_id
    )
    if organisation_id is not None:
        query = query.where(Transmission.supplier_id == organisation_id)
    row = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("transmission")
    return row


def tell_of_doubt(session: Session, row: Transmission) -> None:
    """A person is asked, or no longer: see the event."""
    emit(
        session,
        TransmissionInDoubt(
            purchase_order_id=row.purchase_order_id,
            order_id=session.get_one(PurchaseOrder, row.purchase_order_id).order_id,
            retailer_id=row.retailer_id,
            supplier_id=row.supplier_id,
        ),
    )


def settle_doubt(session: Session, row: Transmission) -> None:
    """Nobody is asked any more."""
    if row.person_asked_at is not None:
        row.person_asked_at = None
        tell_of_doubt(session, row)


def move(row: Transmission, state: str) -> None:
    """Change the state. Raises ``Conflict`` for a forbidden move."""
    if not may_move(row.state, state):
        raise Conflict(f"A transmission that is {row.state} can't become {state}.", code="move_not_allowed")
    row.state, row.updated_at = state, clock.now()


def story_of(session: Session, row: Transmission, message: str, **values: object) -> None:
    """As ``tell_story``, of a transmission."""
    tell_story(session, session.get_one(PurchaseOrder, row.purchase_order_id), message, **values)


def tell_story(session: Session, order: PurchaseOrder, message: str, **values: object) -> None:
    """Add a line to the order's story that names the purchase order and its supplier."""
    supplier = session.get_one(Supplier, order.supplier_id).company_name
    write_timeline(
        session,
        [
            {
                "order_id": order.order_id,
                "retailer_id": order.retailer_id,
                "purchase_order_id": order.id,
                "supplier_id": order.supplier_id,
                "message": message,
                "values": {"supplier": supplier, "number": order.number, **values},
            }
        ],
    )
