"""Applying what suppliers answer through their channels: each answer once, by the services that people's clicks use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.config import key_ring
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id, parse_id
from app.kit.money import Money
from app.orders.rules import BACKORDERED, CONFIRMED, PARTIALLY_SHIPPED, PENDING, PROCESSING
from app.outbox.service import emit
from app.purchasing.answers import (
    Acknowledgement,
    Answer,
    CancellationTold,
    ChangeAnswered,
    InvoiceTold,
    LineName,
    ReceiptTold,
    Unreadable,
)
from app.purchasing.changes.rules import CANCELLATION, WITHDRAW
from app.purchasing.channel import ChannelSettings
from app.purchasing.errors import NoSuchOrder
from app.purchasing.events import ChannelPollDue
from app.purchasing.models import (
    ChangeMessage,
    ChannelAnswer,
    ChannelSetting,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierInvoice,
    Transmission,
)
from app.purchasing.queries import newest_transmission
from app.purchasing.service.acknowledging import acknowledge
from app.purchasing.service.answered_lines import LineAnswer, by_line, newly_rejected
from app.purchasing.service.channels import note_worked, setting_of, settings_of
from app.purchasing.service.passing_on import (
    answered,
    message_meant,
    record_receipt,
    stop_rejected,
    take_grant,
    take_refusal,
)
from app.purchasing.service.settling import open_units
from app.purchasing.service.stopping import READDRESSED
from app.purchasing.service.transmitting import arrived, tell_of_doubt, tell_story, units_gone, units_told
from app.purchasing.transmission_rules import DELIVERED, REJECTED, SENT, UNKNOWN
from app.suppliers.queries import today_of

#: Polls put to work at once.
_AT_ONCE = 200
_UNFINISHED = (PENDING, CONFIRMED, BACKORDERED, PROCESSING, PARTIALLY_SHIPPED)

#: What an answer to something that holds already is called in the order's story: about an address?, granted?
_ANSWERED: Mapping[tuple[bool, bool], str] = {
    (False, True): "po.stopped",
    (False, False): "po.not_stopped",
    (True, True): "po.readdressed",
    (True, False): "po.not_readdressed",
}

KINDS: Mapping[type, str] = {
    Acknowledgement: "acknowledgement",
    CancellationTold: "cancellation",
    ChangeAnswered: "change",
    InvoiceTold: "invoice",
    ReceiptTold: "receipt",
    Unreadable: "unreadable",
}


@dataclass(frozen=True, slots=True)
class PollPlan:
    """What a poll needs to know."""

    channel: str
    settings: ChannelSettings
    #: When the first of the orders was sent that are not finished; None where there is none.
    since: datetime | None


def put_polls_to_work(session: Session, now: datetime, minutes: Mapping[str, int]) -> int:
    """Tell of the suppliers whose channel is to be asked for answers. ``minutes``: how far apart, by channel; 0: never.
    Returns how many. Needs a system scope."""
    due = session.scalars(
        select(ChannelSetting)
        .where(ChannelSetting.next_poll_at <= now)
        .order_by(ChannelSetting.next_poll_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for row in due:
        apart = minutes.get(row.channel, 0)
        # One that fails is asked ever more seldom, but once in six hours.
        wait = min(timedelta(hours=6), timedelta(minutes=apart) * 2 ** min(row.failures, 10))
        row.next_poll_at = now + wait if apart else None
        if apart:
            emit(session, ChannelPollDue(supplier_id=row.supplier_id))
    return len(due)


def plan_poll(session: Session, supplier_id: UUID) -> PollPlan | None:
    """What is needed to ask; None for a supplier that has chosen nothing."""
    row = setting_of(session, supplier_id)
    if row is None:
        return None
    since = session.scalar(_awaited(select(func.min(Transmission.asked_at)), supplier_id, row.channel))
    return PollPlan(row.channel, settings_of(row), since)


def awaited_of(session: Session, supplier_id: UUID, channel: str, numbers: Collection[str]) -> set[str]:
    """Which of these purchase orders went to the supplier through the channel and are not finished."""
    query = _awaited(select(PurchaseOrder.number), supplier_id, channel)
    return set(session.scalars(query.where(PurchaseOrder.number.in_(list(numbers))))) if numbers else set()


def _awaited(query: Select[Any], supplier_id: UUID, channel: str) -> Select[Any]:
    return query.join_from(Transmission, PurchaseOrder, PurchaseOrder.id == Transmission.purchase_order_id).where(
        Transmission.supplier_id == supplier_id,
        Transmission.channel == channel,
        Transmission.state.in_((SENT, DELIVERED, UNKNOWN)),
        PurchaseOrder.status.in_(_UNFINISHED),
    )


def note_polled(session: Session, supplier_id: UUID, marks: Mapping[str, str], *, more: bool) -> None:
    """A poll is done and what it brought is written down."""
    note_worked(session, supplier_id, marks)
    row = setting_of(session, supplier_id, lock=True)
    if row is not None:
        row.polled_at = clock.now()
        if more:
            row.next_poll_at = row.polled_at


def known_answer(session: Session, supplier_id: UUID, channel: str, key: str) -> ChannelAnswer | None:
    """An answer that was handled before."""
    return session.scalar(
        select(ChannelAnswer).where(
            ChannelAnswer.supplier_id == supplier_id,
            ChannelAnswer.channel == channel,
            ChannelAnswer.key == _without_zeros(key),
        )
    )


def write_answer(
    session: Session,
    supplier_id: UUID,
    channel: str,
    answer: Answer | Unreadable,
    *,
    kind: str,
    purchase_order_id: UUID | None = None,
    problem: str | None = None,
    of_others: bool = False,
) -> None:
    """Write down that an answer was handled, or why it could not be. ``of_others``: it names an order that is none of
    this supplier's."""
    session.add(
        ChannelAnswer(
            id=new_id(),
            supplier_id=supplier_id,
            channel=channel,
            key=_without_zeros(answer.key),
            kind=kind,
            purchase_order_id=purchase_order_id,
            source=_without_zeros(answer.source),
            problem=None if problem is None else _without_zeros(problem),
            of_others=of_others,
            created_at=clock.now(),
        )
    )


def settle_answer(session: Session, supplier_id: UUID | None, answer_id: UUID) -> None:
    """Somebody has seen to an answer that could not be used. ``supplier_id``: whose it is; None for anybody's. Twice is
    once. Raises ``NotFound``."""
    row = session.scalar(select(ChannelAnswer).where(ChannelAnswer.id == answer_id).with_for_update())
    if row is None or row.problem is None or supplier_id not in (None, row.supplier_id):
        raise NotFound("answer")
    if row.settled_at is None:
        row.settled_at = clock.now()
        audit.record(session, row.supplier_id, "purchasing.answer_settled", "channel_answer", row.id)


def order_meant(session: Session, supplier_id: UUID, answer: Answer) -> PurchaseOrder:
    """The supplier's purchase order that an answer names, with its lines. Raises ``NoSuchOrder``."""
    query = select(PurchaseOrder).where(
        PurchaseOrder.supplier_id == supplier_id, PurchaseOrder.released_at.is_not(None)
    )
    given = parse_id(answer.purchase_order_id) if answer.purchase_order_id else None
    query = query.where(PurchaseOrder.id == given if given else PurchaseOrder.number == answer.number.strip())
    found = session.scalar(query.options(selectinload(PurchaseOrder.lines)))
    if found is None:
        raise NoSuchOrder(f"purchase order {answer.number}".strip())
    return found


def line_meant(order: PurchaseOrder, name: LineName) -> PurchaseOrderLine:
    """The line that an answer names. A SKU counts more than a position, which may be of the other side's own counting;
    of several lines of one SKU the position tells. Raises ``Invalid``, also where several lines fit."""
    sku = name.sku.strip().casefold()
    if name.line_id:
        found = [line for line in order.lines if str(line.id) == name.line_id]
    elif sku:
        found = [line for line in order.lines if line.sku.casefold() == sku]
        if len(found) > 1 and name.position is not None:
            found = [line for line in found if line.position + 1 == name.position] or found
    else:
        found = [line for line in order.lines if line.position + 1 == name.position]
    if len(found) == 1:
        return found[0]
    said = name.line_id or (f"SKU {name.sku}" if sku else f"line {name.position}")
    if found:
        raise Invalid.field("line", "ambiguous", f"{order.number} has several lines of {said}: name the line's number.")
    raise Invalid.field("line", "unknown_line", f"{order.number} has no {said}.")


def apply_acknowledgement(session: Session, supplier_id: UUID, answer: Acknowledgement) -> UUID:
    """Take an answer line by line, as if given by hand. Returns the purchase order. Raises as ``acknowledge``."""
    order = order_meant(session, supplier_id, answer)
    way = newest_transmission(session, order.id)
    told, gone = {} if way is None else units_told(way), units_gone(way)
    answers = []
    for said in answer.lines:
        line = line_meant(order, said.line)
        # The supplier counts from what it was told; what had left, or was withdrawn, before that it never heard of.
        left_before = gone.get(str(line.id), 0)
        withdrawn = line.quantity - left_before - told.get(str(line.id), line.quantity - left_before)
        before = {"rejected": withdrawn, "accepted": left_before}.get(said.answer, 0)
        price = None if said.price is None else Money.of_decimal(said.price, order.currency).minor
        answers.append(
            LineAnswer(
                line_id=line.id,
                answer=said.answer,
                quantity=None if said.quantity is None else said.quantity + before,
                available_on=said.available_on,
                reason=said.reason,
                price=None if said.answer == "rejected" or price == line.wholesale_price else price,
            )
        )
    if answer.whole is not None:
        named = {one.line_id for one in answers}
        reason = (answer.reason or "other") if answer.whole == "rejected" else None
        answers += [
            LineAnswer(line_id=line.id, answer=answer.whole, reason=reason)
            for line in order.lines
            if line.id not in named and line.quantity > line.cancelled + line.shipped
        ]
    answers = _without_asked(session, supplier_id, order, answers)
    if answers:
        acknowledge(session, supplier_id, order.id, answers)
    _note_reference(session, order.id, answer.reference)
    return order.id


def _without_asked(
    session: Session, supplier_id: UUID, order: PurchaseOrder, answers: list[LineAnswer]
) -> list[LineAnswer]:
    """What a system does not send, and was asked to stop, is the answer to that, and no rejection. Returns the answers
    that are left."""
    answered = by_line({line.id: line for line in order.lines}, answers, today=today_of(session, supplier_id))
    rejected = {line: newly_rejected(line, said) for line, said in answered if "rejected" in said and open_units(line)}
    if any(rejected.values()):
        stop_rejected(session, supplier_id, order, rejected)
    gone = {line.id for line in rejected if line.quantity == line.cancelled + line.shipped}
    return [one for one in answers if one.line_id not in gone]


def apply_cancellation(session: Session, supplier_id: UUID, answer: CancellationTold) -> UUID:
    """The supplier stopped an order by itself, which rejects what is open."""
    order = order_meant(session, supplier_id, answer)
    whole = Acknowledgement(key=answer.key, number=answer.number, purchase_order_id=str(order.id), whole="rejected")
    return apply_acknowledgement(session, supplier_id, whole)


def _told_as_it_is(session: Session, purchase_order_id: UUID, kind: str | None) -> dict[int, str]:
    """What the supplier's system was told without being asked: the message's number → its cause."""
    way = newest_transmission(session, purchase_order_id)
    stops: Mapping[str, Mapping[str, Any]] = way.detail.get("stops", {}) if way is not None else {}
    kinds = {None: (True, False), "address": (True,), "cancellation": (False,)}[kind]
    return {int(one["sequence"]): cause for cause, one in stops.items() if cause.startswith(READDRESSED) in kinds}


def apply_change_answer(session: Session, supplier_id: UUID, answer: ChangeAnswered) -> UUID:
    """The supplier's system answers what it was asked to change, or was told. Where nothing was, it stops the order by
    itself. Raises ``NotFound``, ``Invalid`` and ``Conflict`` (``answered``, ``not_asked``)."""
    order = order_meant(session, supplier_id, answer)
    told = _told_as_it_is(session, order.id, answer.kind)
    meant = told.get(answer.sequence) if answer.sequence is not None else None
    found = None if meant else message_meant(session, order, answer.kind, answer.sequence)
    if found is None:
        if told:
            meant = meant or told[max(told)]
            tell_story(session, order, _ANSWERED[meant.startswith(READDRESSED), answer.granted])
            return order.id
        if not answer.granted or answer.lines or answer.kind == "address":
            raise Conflict(f"Nothing was asked for that this answers, of {order.number}.", code="not_asked")
        whole = Acknowledgement(key=answer.key, number=answer.number, purchase_order_id=str(order.id), whole="rejected")
        return apply_acknowledgement(session, supplier_id, whole)
    message, request = found
    answered(message)
    if message.purpose == WITHDRAW:
        return order.id
    stopped = None
    if answer.lines and request.kind == CANCELLATION:
        asked: Mapping[str, int] = message.detail["stops"]
        stopped = dict[UUID, int]()
        for name, units in answer.lines:
            line = line_meant(order, name)
            stopped[line.id] = stopped.get(line.id, 0) + (asked.get(str(line.id), 0) if units is None else units)
    if answer.granted and (stopped is None or any(stopped.values())):
        take_grant(session, supplier_id, request, message, stopped)
    else:
        take_refusal(session, supplier_id, request, message, answer.reason, answer.message)
    return order.id


def apply_receipt(session: Session, supplier_id: UUID, channel: str, answer: ReceiptTold) -> UUID | None:
    """The other side's machine has read a message, or refuses its form. Returns the purchase order, where it is one.
    Raises ``NotFound``."""
    query = select(Transmission).where(Transmission.supplier_id == supplier_id, Transmission.channel == channel)
    if answer.sequence is not None:
        query = query.where(Transmission.sequence == answer.sequence)
    else:
        query = query.where(Transmission.purchase_order_id == order_meant(session, supplier_id, answer).id)
    rows = session.scalars(query.order_by(Transmission.id).with_for_update()).all()
    if not rows and answer.sequence:
        about = session.scalar(
            select(ChangeMessage).where(
                ChangeMessage.supplier_id == supplier_id,
                ChangeMessage.channel == channel,
                ChangeMessage.sequence == answer.sequence,
            )
        )
        if about is not None:
            record_receipt(session, about, taken=answer.taken, words=answer.message)
            return about.purchase_order_id
    if not rows and answer.sequence is None:
        raise NotFound(f"message for {answer.number}")
    for row in rows:
        if row.state not in (SENT, UNKNOWN):
            continue
        if answer.taken:
            arrived(session, row, reference=answer.reference, by="receipt")
        elif row.state == SENT:
            row.state, row.problem, row.answered_at = REJECTED, "rejected", clock.now()
            row.updated_at = clock.now()
            row.words = key_ring().seal(answer.message.encode(), Place("transmissions", "words", row.id))
            tell_story(session, session.get_one(PurchaseOrder, row.purchase_order_id), "po.refused_by_system")
            tell_of_doubt(session, row)
    return rows[0].purchase_order_id if len(rows) == 1 else None


def apply_invoice(session: Session, supplier_id: UUID, channel: str, answer: InvoiceTold) -> UUID:
    """Keep a supplier's invoice and compare it with what was agreed. What is paid follows the purchase order. Raises
    ``NotFound``, and ``Invalid`` where it is in another currency."""
    order = order_meant(session, supplier_id, answer)
    if answer.total.currency != order.currency:
        raise Invalid.field("currency", "other_currency", f"{order.number} is in {order.currency}.")
    known = session.scalar(
        select(SupplierInvoice.id).where(
            SupplierInvoice.purchase_order_id == order.id, SupplierInvoice.number == answer.invoice_number
        )
    )
    if known is not None:
        return order.id
    wanted = sum((line.quantity - line.cancelled) * line.wholesale_price for line in order.lines)
    expected = Money(wanted + order.shipping_cost if wanted else 0, order.currency)
    session.add(
        SupplierInvoice(
            id=new_id(),
            purchase_order_id=order.id,
            retailer_id=order.retailer_id,
            supplier_id=supplier_id,
            channel=channel,
            number=answer.invoice_number,
            dated=answer.dated,
            currency=order.currency,
            total=answer.total.minor,
            expected=expected.minor,
            created_at=clock.now(),
        )
    )
    values = {"invoice": answer.invoice_number, "amount": str(answer.total)}
    if answer.total == expected:
        tell_story(session, order, "po.invoiced", **values)
    else:
        tell_story(session, order, "po.invoiced_otherwise", expected=str(expected), **values)
    return order.id


def _without_zeros(text: str) -> str:
    """What the database takes as text."""
    return text.replace("\x00", "")


def _note_reference(session: Session, purchase_order_id: UUID, reference: str) -> None:
    if not reference:
        return
    for row in session.scalars(
        select(Transmission).where(Transmission.purchase_order_id == purchase_order_id, Transmission.reference == "")
    ):
        row.reference = reference
