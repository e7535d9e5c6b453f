"""Requests to change what a supplier has accepted, on their way to the supplier's system and back.

A message is written down before the call, with a key of its own. What its outcome means is taken by the services that a
person's click uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.config import key_ring
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import AdapterError, Conflict, NothingSent, Rejected, Unavailable
from app.kit.ids import new_id
from app.kit.texts import cut
from app.orders import service as orders
from app.outbox.service import emit
from app.purchasing.changes.rules import (
    ACCEPTED,
    ADDRESS,
    ASK,
    BY_PEOPLE,
    CANCELLATION,
    LONGEST_NOTE,
    MAY_HAVE,
    MESSAGE_MOVES,
    OPEN,
    REFUSALS,
    WITHDRAW,
    WITHDRAWN,
)
from app.purchasing.channel import ChangeReply, Sending
from app.purchasing.events import ChangeNotPassedOn, ChangeRequestMoved, ids_of
from app.purchasing.models import (
    ChangeMessage,
    ChangeRequest,
    PurchaseOrder,
    PurchaseOrderLine,
    Transmission,
)
from app.purchasing.queries import newest_transmission
from app.purchasing.service.acknowledging import locked_for_supplier
from app.purchasing.service.answering import accept_request, refuse_request
from app.purchasing.service.asking import locked_request
from app.purchasing.service.channels import code_of, in_words, take_number
from app.purchasing.service.settling import STOPPED_UNITS, grant, open_units, supplier_name, tell
from app.purchasing.service.transmitting import units_gone, units_wanted
from app.purchasing.transmission_rules import (
    ARRIVED,
    DELIVERED,
    MAY_HAVE_IT,
    QUEUED,
    REJECTED,
    SENDING,
    SENT,
    UNKNOWN,
)
from app.purchasing.transmission_rules import WITHDRAWN as NOT_SENT
from app.stores.store_orders import Address

#: Whether the system behind a channel takes such requests, by the channel's name and the request's kind; None: there is
#: no system, only people.
Takes = Callable[[str, str], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that is to be sent now. ``stops``: as it is written down. ``address``: another one that is asked for.
    ``in_doubt``: whether the supplier's system has the order at all is not known yet, and nothing is written down."""

    id: UUID
    request_id: UUID
    purchase_order_id: UUID
    kind: str
    purpose: str
    channel: str
    reference: str = ""
    sending: Sending
    stops: Mapping[str, int]
    stopped: Mapping[str, int]
    note: str
    answer_by: datetime
    address: Address | None = None
    in_doubt: bool = False


def goes_by_machine(session: Session, request: ChangeRequest, takes: Takes) -> bool:
    """Whether the supplier's system has the order, or may have it, and takes such requests."""
    way = newest_transmission(session, request.purchase_order_id)
    return _takes_it(way, request.kind, takes) and _knows_of(session, request, way)


def _takes_it(way: Transmission | None, kind: str, takes: Takes) -> bool:
    return way is not None and way.state in MAY_HAVE_IT and bool(takes(way.channel, kind))


def _knows_of(session: Session, request: ChangeRequest, way: Transmission | None) -> bool:
    """Whether the supplier's system was told of all units that are to be stopped: not of what its people had packed
    before."""
    if not units_gone(way):
        return True
    wanted = units_wanted(session, request.purchase_order_id, told=way)
    return all(row.waiting <= wanted.get(str(row.purchase_order_line_id), 0) for row in request.lines)


def begin_message(session: Session, event: ChangeRequestMoved, takes: Takes) -> Message | None:
    """Write down that a request, or its withdrawal, is being told to the supplier's system. None where there is nothing
    to tell: it has moved on, a later event tells it, or people are asked."""
    request = locked_request(session, event.change_request_id)
    told = messages_of(session, request)
    purpose = ASK if event.state == OPEN else WITHDRAW
    stands = event.state == request.state and clock.iso(request.asked_at) == event.asked_at
    if not stands or request.state not in (OPEN, WITHDRAWN):
        _drop_unsent(told)
        return None
    if purpose == WITHDRAW:
        _drop_unsent(told)
        if not any(one.purpose == ASK and one.state in MAY_HAVE for one in told):
            return None
    way = newest_transmission(session, request.purchase_order_id)
    cause = f"{purpose}:{event.asked_at}"
    message = next((one for one in told if one.cause == cause), None)
    if message is None:
        if way is None or takes(way.channel, request.kind) is None:
            return None
        message = _new(request, purpose, cause, way.channel)
        if not _takes_it(way, request.kind, takes) or not _knows_of(session, request, way):
            message.state = BY_PEOPLE
            session.add(message)
            _story(session, request, "change.by_people")
            if purpose == ASK:
                tell_people(session, request, message)
            return None
        if way.state in ARRIVED:
            message.sequence = take_number(session, request.supplier_id)
            session.add(message)
    if way is None or way.state not in ARRIVED:
        return _message(request, message, "", again=False, in_doubt=True)
    if message.state not in (QUEUED, SENDING, UNKNOWN):
        return None
    address = None
    if request.kind == ADDRESS and purpose == ASK:
        address = orders.address_of(request.ship_to, "change_requests", request.id)
        if address is None:
            _drop_unsent([message])
            return None
        audit.record(session, request.supplier_id, "orders.address_read", "change_request", request.id)
    again = message.tries > 0
    if message.state != SENDING:
        _move(message, SENDING)
    message.tries += 1
    message.asked_at = clock.now()
    session.flush()
    return _message(request, message, way.reference, again=again, address=address)


def record_reply(session: Session, supplier_id: UUID, message_id: UUID, reply: ChangeReply) -> None:
    """The supplier's system took the message, and has perhaps answered it."""
    message, request = _locked(session, message_id)
    if message.state not in (SENDING, UNKNOWN):
        return
    _move(message, SENT if reply.answer == "asked" else DELIVERED)
    message.answered_at, message.problem, message.words = clock.now(), None, None
    if message.purpose == WITHDRAW:
        _story(session, request, "change.withdrawal_sent")
        _take_late(session, supplier_id, request, reply)
        return
    if reply.answer == "asked":
        _story(session, request, "change.sent")
        return
    if reply.answer == "refused":
        if request.state == OPEN:
            _refused(session, supplier_id, request, reply.reason, reply.message)
        return
    stopped = None if reply.stopped is None else {UUID(line): units for line, units in reply.stopped.items()}
    take_grant(session, supplier_id, request, message, stopped, for_good=True)


def _take_late(session: Session, supplier_id: UUID, request: ChangeRequest, reply: ChangeReply) -> None:
    """What a system says that it had stopped before it heard that nothing is asked any more: its own answer may have
    been lost, and is never asked for again once the request is withdrawn."""
    if reply.answer != "accepted" or not reply.stopped:
        return
    asked = [one for one in messages_of(session, request) if one.purpose == ASK and one.state in MAY_HAVE]
    if asked:
        stopped = {UUID(line): units for line, units in reply.stopped.items()}
        take_grant(session, supplier_id, request, asked[-1], stopped, for_good=True)


def take_grant(
    session: Session,
    supplier_id: UUID,
    request: ChangeRequest,
    message: ChangeMessage,
    stopped: Mapping[UUID, int] | None,
    *,
    for_good: bool = False,
) -> None:
    """The supplier does what a message asked for; of a cancellation so many units of the lines (None: all).
    ``for_good``: its system has done it already, so that it counts also where the request was withdrawn or answered
    meanwhile. The caller has locked the request. Raises ``Conflict`` (``answered``) for one that is over otherwise."""
    if request.kind == ADDRESS:
        # One that was withdrawn meanwhile is put back by the message that says so.
        if request.state == OPEN or not for_good:
            accept_request(session, supplier_id, request.id)
        return
    told = {UUID(line): int(units) for line, units in message.detail["stops"].items()}
    given = {line: min(units, told.get(line, 0)) for line, units in (told if stopped is None else stopped).items()}
    rows = {row.purchase_order_line_id: row for row in request.lines}
    since = {UUID(line): units for line, units in _stopped_since(request, message).items()}
    left = {line: max(0, units - since.get(line, 0)) for line, units in given.items() if line in rows}
    if request.state == OPEN and _newer_is_out(session, request, message):
        # More was asked for since, which is answered by itself.
        _grant_some(session, supplier_id, request, left, "change.granted")
    elif request.state == OPEN:
        # What has left meanwhile is not stopped any more.
        units = {line: min(count, rows[line].waiting) for line, count in left.items()}
        if any(units.values()):
            accept_request(session, supplier_id, request.id, units)
        else:
            _refused(session, supplier_id, request, "shipped", "")
    elif for_good:
        _grant_some(session, supplier_id, request, left, "change.stopped_anyway")
    elif request.state != ACCEPTED:
        raise Conflict("This request is over already. Send what is still ordered.", code="answered")


def take_refusal(
    session: Session, supplier_id: UUID, request: ChangeRequest, message: ChangeMessage, reason: str, words: str
) -> None:
    """The supplier goes on as ordered. What was asked for since is answered by itself."""
    if request.state == OPEN and not _newer_is_out(session, request, message):
        _refused(session, supplier_id, request, reason, words)


def record_failed(session: Session, message_id: UUID, error: AdapterError) -> None:
    """The call ended with an error. Where it may have taken effect the message is sent again under its key; people are
    asked the first time that it fails, since their time runs."""
    message, request = _locked(session, message_id)
    if message.state != SENDING:
        return
    first = message.problem is None
    message.problem = code_of(error)
    message.words = key_ring().seal(in_words(error).encode(), _place(message))
    if isinstance(error, Rejected):
        _move(message, REJECTED)
        message.answered_at = clock.now()
        _story(session, request, "change.not_taken")
    elif isinstance(error, Unavailable) and not isinstance(error, NothingSent):
        _move(message, UNKNOWN)
    else:
        _move(message, QUEUED)
    if (first or isinstance(error, Rejected)) and message.purpose == ASK and request.state == OPEN:
        tell_people(session, request, message)


def tell_people(session: Session, request: ChangeRequest, message: ChangeMessage) -> None:
    """The supplier's people are to be asked, since its system could not be."""
    purchase_order = session.get_one(PurchaseOrder, request.purchase_order_id)
    emit(
        session,
        ChangeNotPassedOn(**ids_of(purchase_order), change_request_id=request.id, message_id=message.id),
    )


def messages_of(session: Session, request: ChangeRequest) -> list[ChangeMessage]:
    """What the supplier's system was told about a request, oldest first, locked."""
    return list(
        session.scalars(
            select(ChangeMessage)
            .where(ChangeMessage.change_request_id == request.id)
            .order_by(ChangeMessage.created_at, ChangeMessage.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def message_meant(
    session: Session, purchase_order: PurchaseOrder, kind: str | None, sequence: int | None
) -> tuple[ChangeMessage, ChangeRequest] | None:
    """Which message an answer is about, with its request, locked: by its number; without one the newest that asks for
    something that waits, else the newest of all. None where nothing was asked for of the order."""
    rows = session.scalars(
        select(ChangeMessage)
        .where(ChangeMessage.purchase_order_id == purchase_order.id, ChangeMessage.state.in_(MAY_HAVE))
        .order_by(ChangeMessage.created_at.desc(), ChangeMessage.id.desc())
    ).all()
    named = [one for one in rows if sequence is not None and one.sequence == sequence]
    # Some systems count their answers instead of naming what they answer.
    rows = named or [one for one in rows if one.purpose == ASK]
    requests = {
        one.id: one
        for one in session.scalars(
            select(ChangeRequest).where(ChangeRequest.id.in_([one.change_request_id for one in rows]))
        )
    }
    fitting = [one for one in rows if kind in (None, requests[one.change_request_id].kind)]
    waiting = [one for one in fitting if requests[one.change_request_id].state == OPEN]
    found = next(iter(waiting or fitting), None)
    if found is None:
        return None
    request = locked_request(session, found.change_request_id)
    (message,) = (one for one in messages_of(session, request) if one.id == found.id)
    return message, request


def answered(message: ChangeMessage) -> None:
    """The supplier's system has the message."""
    if message.state in (SENT, UNKNOWN):
        _move(message, DELIVERED)
        message.answered_at = clock.now()


def record_receipt(session: Session, message: ChangeMessage, *, taken: bool, words: str) -> None:
    """The other side's machine has read a message, or refuses its form."""
    _message_locked, request = _locked(session, message.id)
    if taken:
        answered(message)
    elif message.state == SENT:
        _move(message, REJECTED)
        message.problem, message.answered_at = "rejected", clock.now()
        message.words = key_ring().seal(words.encode(), _place(message))
        _story(session, request, "change.not_taken")
        if message.purpose == ASK and request.state == OPEN:
            tell_people(session, request, message)


def words_of_message(message: ChangeMessage) -> str:
    """What went wrong, in the supplier's system's words or ours; empty when nothing did."""
    return "" if message.words is None else key_ring().open(message.words, _place(message)).decode()


def stop_rejected(
    session: Session, supplier_id: UUID, purchase_order: PurchaseOrder, rejected: Mapping[PurchaseOrderLine, int]
) -> None:
    """Units that a supplier's system says it does not send, of lines that it was asked to stop, are those that it was
    asked to stop, as far as there are any."""
    found = message_meant(session, purchase_order, CANCELLATION, None)
    if found is None or found[1].state != OPEN:
        return
    message, request = found
    waiting = {row.purchase_order_line_id: row.waiting for row in request.lines}
    units = {line.id: min(count, waiting.get(line.id, 0)) for line, count in rejected.items()}
    if not any(units.values()):
        return
    answered(message)
    if units == {line: count for line, count in waiting.items() if line in units} and len(units) == len(waiting):
        accept_request(session, supplier_id, request.id, units)
    else:
        _grant_some(session, supplier_id, request, units, "change.granted")


def _grant_some(
    session: Session, supplier_id: UUID, request: ChangeRequest, units: Mapping[UUID, int], message: str
) -> None:
    """Stop units without ending the request."""
    purchase_order = locked_for_supplier(session, supplier_id, request.purchase_order_id)
    lines: dict[UUID, PurchaseOrderLine] = {line.id: line for line in purchase_order.lines}
    rows = {row.purchase_order_line_id: row for row in request.lines}
    given = {
        lines[line]: min(count, open_units(lines[line]), rows[line].waiting) for line, count in units.items() if count
    }
    if any(given.values()):
        grant(session, purchase_order, request, given, message=message, why=STOPPED_UNITS)


def _stopped_since(request: ChangeRequest, message: ChangeMessage) -> dict[str, int]:
    """The units of each line that were granted since the message was put together."""
    before: Mapping[str, int] = message.detail["granted"]
    return {
        str(row.purchase_order_line_id): row.granted - before.get(str(row.purchase_order_line_id), 0)
        for row in request.lines
    }


def _newer_is_out(session: Session, request: ChangeRequest, message: ChangeMessage) -> bool:
    return any(one.purpose == ASK and one.id > message.id for one in messages_of(session, request))


def _refused(session: Session, supplier_id: UUID, request: ChangeRequest, reason: str, words: str) -> None:
    refuse_request(
        session, supplier_id, request.id, reason if reason in REFUSALS else "other", cut(words, LONGEST_NOTE)
    )


def _locked(session: Session, message_id: UUID) -> tuple[ChangeMessage, ChangeRequest]:
    message = session.get_one(ChangeMessage, message_id)
    request = locked_request(session, message.change_request_id)
    session.refresh(message, with_for_update=True)
    return message, request


def _drop_unsent(told: list[ChangeMessage]) -> None:
    """Nothing is asked for any more of what no call was made for."""
    for one in told:
        if one.state == QUEUED:
            _move(one, NOT_SENT)


def _new(request: ChangeRequest, purpose: str, cause: str, channel: str) -> ChangeMessage:
    now = clock.now()
    stops = {str(row.purchase_order_line_id): row.waiting for row in request.lines if row.waiting}
    granted = {str(row.purchase_order_line_id): row.granted for row in request.lines}
    return ChangeMessage(
        id=new_id(),
        change_request_id=request.id,
        purchase_order_id=request.purchase_order_id,
        retailer_id=request.retailer_id,
        supplier_id=request.supplier_id,
        channel=channel,
        purpose=purpose,
        cause=cause,
        state=QUEUED,
        sequence=0,
        tries=0,
        detail={
            "stops": stops if purpose == ASK else {},
            "granted": granted,
            "note": request.note,
            "answer_by": clock.iso(request.due_at),
        },
        created_at=now,
        updated_at=now,
    )


def _message(
    request: ChangeRequest,
    message: ChangeMessage,
    reference: str,
    *,
    again: bool,
    address: Address | None = None,
    in_doubt: bool = False,
) -> Message:
    return Message(
        id=message.id,
        request_id=request.id,
        purchase_order_id=request.purchase_order_id,
        kind=request.kind,
        purpose=message.purpose,
        channel=message.channel,
        reference=reference,
        sending=Sending(key=str(message.id), sequence=message.sequence, again=again),
        stops=message.detail["stops"],
        stopped=_stopped_since(request, message),
        note=message.detail["note"],
        answer_by=clock.parse_iso(message.detail["answer_by"]),
        address=address,
        in_doubt=in_doubt,
    )


def _move(message: ChangeMessage, state: str) -> None:
    if state not in MESSAGE_MOVES[message.state]:
        raise Conflict(f"A message that is {message.state} can't become {state}.", code="move_not_allowed")
    message.state, message.updated_at = state, clock.now()


def _story(session: Session, request: ChangeRequest, text: str) -> None:
    purchase_order = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == request.purchase_order_id)
        .options(selectinload(PurchaseOrder.lines))
    ).one()
    tell(session, purchase_order, text, supplier=supplier_name(session, request.supplier_id))


def _place(message: ChangeMessage) -> Place:
    return Place("change_messages", "words", message.id)
