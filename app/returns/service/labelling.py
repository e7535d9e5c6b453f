"""Labels with which customers send things back, bought by whoever pays for the way by the supplier's terms. As with
labels for parcels, what is asked of the gateway is written down before and what it answered after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.fulfillment.labels import Label, Package, Party, Quoted, RefundMoved, TrackerMoved
from app.fulfillment.postage import Book
from app.fulfillment.service.buying import (
    BUYING,
    QUOTED,
    SOLD,
    VOIDED,
    Asked,
    as_json,
    begin,
    begin_giving_back,
    carrier_of,
    note_bought,
    note_given_back,
    note_refused,
    own_label,
)
from app.fulfillment.service.packing import party_at, party_of
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.notifications.service import notify, resolve
from app.orders.service import address_of
from app.returns.models import Return, ReturnLabel
from app.returns.rules import APPROVED, CANCELLED, EXPIRED, IN_TRANSIT, LABEL_SENT, buyer
from app.returns.service.filing import add_label, remove_label
from app.returns.service.standing import RETAILER, SUPPLIER, Locked, locked, move
from app.returns.service.travelling import record_way
from app.suppliers import queries as suppliers
from app.suppliers.service.onboarding import return_address

#: States in which a label that was bought is given back without bringing its return anywhere.
_CAME_TO_NOTHING = (APPROVED, EXPIRED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From whom to whom a return goes, and its number, which stands on the label."""

    number: str
    sender: Party
    recipient: Party


def buyer_of(row: Return) -> UUID:
    """Who buys the label."""
    return row.supplier_id if buyer(row.payer) == SUPPLIER else row.retailer_id


def way_back(session: Session, owner_id: UUID, return_id: UUID) -> Way:
    """The way of a return that a label may be bought for; the reading of the shopper's address is written down. Raises
    ``NotFound`` where somebody else buys it, and ``Conflict``."""
    held = locked(session, return_id, owner_id)
    row, order = held.row, held.purchase_order
    _check(session, owner_id, held)
    address = address_of(order.ship_to, "purchase_orders", order.id)
    if address is None:
        raise Conflict("The shopper's address was deleted, as it is some time after delivery.", code="address_gone")
    audit.record(session, owner_id, "orders.address_read", "purchase_order", order.id, details={"paper": "label"})
    policy = suppliers.return_policy(session, row.supplier_id)
    if policy is None:
        raise Conflict("The supplier has not said where returned goods go.", code="no_return_address")
    back = return_address(policy)
    return Way(
        number=row.number,
        sender=party_of(address),
        # The shop's name stands above the address: its customers know no other.
        recipient=party_at(back, order.retailer_name, suppliers.supplier(session, row.supplier_id).company_name),
    )


def record_quote(
    session: Session, owner_id: UUID, return_id: UUID, quoted: Quoted, *, gateway: str, package: Package
) -> ReturnLabel:
    """Write down what the gateway offers."""
    now = clock.now()
    label = ReturnLabel(
        id=new_id(),
        buyer_id=owner_id,
        return_id=return_id,
        gateway=gateway,
        state=QUOTED,
        gateway_ref=quoted.ref,
        offers=[as_json(offer) for offer in quoted.offers],
        grams=package.grams,
        created_at=now,
        updated_at=now,
    )
    session.add(label)
    session.flush()
    return label


def labels_of(session: Session, owner_id: UUID, return_id: UUID) -> Sequence[ReturnLabel]:
    """Labels that an organisation bought for a return, newest first."""
    return session.scalars(
        select(ReturnLabel)
        .where(ReturnLabel.buyer_id == owner_id, ReturnLabel.return_id == return_id, ReturnLabel.state != QUOTED)
        .order_by(ReturnLabel.id.desc())
    ).all()


def tell_unused(session: Session, row: Return) -> None:
    """A return came to nothing: whoever bought its label gets the money back by giving it back."""
    for label in session.scalars(
        select(ReturnLabel).where(ReturnLabel.return_id == row.id, ReturnLabel.state.in_(SOLD))
    ):
        _ask_to_give_back(session, row, label, f"Return {row.number} came to nothing.")


def take_in(session: Session, owner_id: UUID, told: TrackerMoved | RefundMoved) -> bool:
    """What a gateway says of one of an organisation's labels for returns. Returns whether it is one of these. Needs a
    system scope."""
    found = session.execute(
        select(ReturnLabel.id, ReturnLabel.return_id, Return.tracking_number)
        .join(Return, Return.id == ReturnLabel.return_id)
        .where(ReturnLabel.buyer_id == owner_id, ReturnLabel.tracking_number == told.tracking_number)
    ).first()
    if found is None:
        return False
    label_id, return_id, number = found
    if isinstance(told, RefundMoved):
        _held, label = _locked(session, owner_id, label_id)
        if label.state == VOIDED:
            note_given_back(label, told.state)
    elif number == told.tracking_number:
        record_way(session, return_id, told.events)
    return True


def _plan_purchase(session: Session, owner_id: UUID, label_id: UUID, offer_ref: str) -> Asked | None:
    held, label = _locked(session, owner_id, label_id)
    return begin(session, owner_id, label, offer_ref, lambda: _check(session, owner_id, held))


def _record_refusal(session: Session, owner_id: UUID, label_id: UUID, failure: str) -> None:
    note_refused(_locked(session, owner_id, label_id)[1], failure)


def _record_label(session: Session, owner_id: UUID, label_id: UUID, bought: Label) -> None:
    """The label is there for the shopper. Twice is once. Where the return has moved on meanwhile, its buyer is told to
    give the label back."""
    held, label = _locked(session, owner_id, label_id)
    row = held.row
    if label.state != BUYING:
        return
    note_bought(label, bought)
    audit.record(
        session,
        owner_id,
        "returns.label_bought",
        "return_label",
        label.id,
        details={"amount": str(bought.amount), "carrier": bought.carrier, "payer": row.payer},
    )
    if row.state != APPROVED:
        label.failure = "The return has moved on, so nobody needs this label."
        _ask_to_give_back(session, row, label, label.failure)
        return
    label.file_id = add_label(session, row, bought.content, bought.media_type).id
    row.carrier = carrier_of(bought.carrier)
    row.tracking_number, row.tracking_url = bought.tracking_number, bought.tracking_url
    row.delivery_status, row.next_poll_at = "unknown", clock.now()
    move(session, row, LABEL_SENT, by=SUPPLIER if owner_id == row.supplier_id else RETAILER)


def _plan_giving_back(session: Session, owner_id: UUID, label_id: UUID) -> Asked | None:
    held, label = _locked(session, owner_id, label_id)
    return begin_giving_back(session, owner_id, label, lambda: _undo(session, owner_id, held.row, label))


def _undo(session: Session, owner_id: UUID, row: Return, label: ReturnLabel) -> None:
    if label.file_id is None or label.tracking_number != row.tracking_number:
        return
    if row.state != LABEL_SENT and row.state not in _CAME_TO_NOTHING:
        raise Conflict("The goods are on their way with this label.", code="label_used")
    remove_label(session, row, label.file_id)
    label.file_id = None
    row.carrier = row.tracking_number = ""
    row.tracking_url, row.next_poll_at = None, None
    if row.state == LABEL_SENT:
        by = SUPPLIER if owner_id == row.supplier_id else RETAILER
        move(session, row, APPROVED, by=by, story="return.label_back")


def _record_refund(session: Session, owner_id: UUID, label_id: UUID, state: str) -> None:
    _held, label = _locked(session, owner_id, label_id)
    note_given_back(label, state)
    resolve(session, owner_id, _notice(label.id))
    audit.record(session, owner_id, "returns.label_voided", "return_label", label.id, details={"refund": state})


def _check(session: Session, owner_id: UUID, held: Locked) -> None:
    row = held.row
    if buyer_of(row) != owner_id:
        raise NotFound("return")
    if row.state != APPROVED:
        what = "The goods are on their way, or there is a label." if row.state in (LABEL_SENT, IN_TRANSIT) else ""
        raise Conflict(what or "A label is bought once the return is approved.", code="move_not_allowed")
    if session.scalar(select(ReturnLabel.id).where(ReturnLabel.return_id == row.id, ReturnLabel.state.in_(SOLD))):
        raise Conflict("There is a label for this return. Give it back first.", code="label_exists")


def _ask_to_give_back(session: Session, row: Return, label: ReturnLabel, why: str) -> None:
    area = "/supplier" if label.buyer_id == row.supplier_id else "/app"
    notify(
        session,
        label.buyer_id,
        kind="parcel",
        severity="warning",
        title=f"The label of return {row.number} is not needed",
        body=f"{why} Give the label back, and its money comes back.",
        link=f"{area}/returns/labels/{label.id}",
        dedupe=_notice(label.id),
    )


def _notice(label_id: UUID) -> str:
    """What the notice is known by that a label is not needed."""
    return f"return_label:{label_id}"


def _locked(session: Session, owner_id: UUID, label_id: UUID) -> tuple[Locked, ReturnLabel]:
    """A label with its return, which is locked before it. Raises ``NotFound``."""
    return_id = own_label(session, ReturnLabel, owner_id, label_id).return_id
    held = locked(session, return_id, owner_id)
    label = session.scalars(
        select(ReturnLabel)
        .where(ReturnLabel.id == label_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return held, label


#: Labels with which goods come back.
RETURNS = Book(
    plan_purchase=_plan_purchase,
    record_label=_record_label,
    record_refusal=_record_refusal,
    plan_giving_back=_plan_giving_back,
    record_refund=_record_refund,
)
