"""Buying postage: what is asked of the gateway is written down before, what it answered after, so that no crash and no
lost answer buys a label twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.fulfillment.labels import Label, Quoted, RefundMoved, TrackerMoved
from app.fulfillment.models import LabelAccount, Shipment, ShippingLabel
from app.fulfillment.rules import BY_SUPPLIER, LABEL
from app.fulfillment.service.buying import (
    BOUGHT,
    BUYING,
    QUOTED,
    VOIDED,
    Asked,
    as_json,
    begin,
    begin_giving_back,
    carrier_of,
    note_bought,
    note_given_back,
    note_refused,
)
from app.fulfillment.service.correcting import void
from app.fulfillment.service.parcels import NewParcel, check_lines, check_open
from app.fulfillment.service.shipping import ship
from app.fulfillment.service.tracking import record_tracking
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.notifications.service import notify, resolve
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import purchase_order as released_purchase_order


def packed(session: Session, supplier_id: UUID, purchase_order_id: UUID, lines: Mapping[UUID, int]) -> PurchaseOrder:
    """The purchase order of a parcel that postage is asked for. Raises ``NotFound``, ``Invalid`` and
    ``QuantityExceedsOpen``."""
    order = released_purchase_order(session, supplier_id, purchase_order_id)
    by_id = {line.id: line for line in order.lines}
    check_lines(lines, by_id)
    check_open(lines, by_id)
    return order


def record_quote(
    session: Session,
    supplier_id: UUID,
    purchase_order_id: UUID,
    quoted: Quoted,
    *,
    gateway: str,
    lines: Mapping[UUID, int],
    grams: int,
) -> ShippingLabel:
    """Write down what the gateway offers."""
    now = clock.now()
    label = ShippingLabel(
        id=new_id(),
        supplier_id=supplier_id,
        purchase_order_id=purchase_order_id,
        gateway=gateway,
        state=QUOTED,
        gateway_ref=quoted.ref,
        offers=[as_json(offer) for offer in quoted.offers],
        lines={str(line_id): units for line_id, units in lines.items()},
        grams=grams,
        created_at=now,
        updated_at=now,
    )
    session.add(label)
    session.flush()
    return label


def plan_purchase(session: Session, supplier_id: UUID, label_id: UUID, offer_ref: str) -> Asked | None:
    """Get a purchase ready; None when the label is bought. Raises ``NotFound``, and as ``begin``."""
    label = locked_label(session, supplier_id, label_id)
    return begin(
        session,
        supplier_id,
        label,
        offer_ref,
        lambda: packed(session, supplier_id, label.purchase_order_id, _lines(label)),
    )


def record_refusal(session: Session, supplier_id: UUID, label_id: UUID, failure: str) -> None:
    """The gateway bought nothing, for certain."""
    note_refused(locked_label(session, supplier_id, label_id), failure)


def record_label(session: Session, supplier_id: UUID, label_id: UUID, bought: Label) -> ShippingLabel:
    """The label is there, and its parcel leaves with it. Twice is once. Where the parcel can't leave any more (its
    units were cancelled meanwhile), the label stays without one and its supplier is told to give it back."""
    label = locked_label(session, supplier_id, label_id)
    if label.state != BUYING:
        return label
    note_bought(label, bought)
    label.content = key_ring().seal(bought.content, Place("shipping_labels", "content", label.id))
    label.media_type = bought.media_type
    audit.record(
        session,
        supplier_id,
        "fulfillment.label_bought",
        "shipping_label",
        label.id,
        details={"amount": str(bought.amount), "carrier": bought.carrier},
    )
    savepoint = session.begin_nested()
    try:
        (shipped,) = ship(session, supplier_id, label.purchase_order_id, [_parcel(label, bought)])
        savepoint.commit()
        label.shipment_id, shipped.shipment.reported_by = shipped.shipment.id, LABEL
    except (Conflict, Invalid) as error:
        savepoint.rollback()
        label.failure = error.detail
        notify(
            session,
            supplier_id,
            kind="parcel",
            severity="warning",
            title="A label was bought for a parcel that can't leave any more",
            body=f"{error.detail} Give the label back.",
            link=f"/supplier/labels/{label.id}",
            dedupe=_notice(label.id),
        )
    session.flush()
    return label


def label_file(label: ShippingLabel) -> bytes:
    """The label to be printed. Raises ``NotFound`` where it was deleted with the shopper's address."""
    if label.content is None:
        raise NotFound("label")
    return key_ring().open(label.content, Place("shipping_labels", "content", label.id))


def plan_giving_back(session: Session, supplier_id: UUID, label_id: UUID) -> Asked | None:
    """Take back the label's parcel, and get the money's return ready; None when that was asked. Raises ``NotFound``,
    and ``Conflict`` once the carrier has scanned it."""
    label = locked_label(session, supplier_id, label_id)

    def undo() -> None:
        if label.shipment_id is not None:
            void(session, supplier_id, label.shipment_id, reason="The label was given back.")

    return begin_giving_back(session, supplier_id, label, undo)


def record_refund(session: Session, supplier_id: UUID, label_id: UUID, state: str) -> None:
    """What became of the money."""
    label = locked_label(session, supplier_id, label_id)
    note_given_back(label, state)
    resolve(session, supplier_id, _notice(label.id))
    audit.record(
        session, supplier_id, "fulfillment.label_voided", "shipping_label", label.id, details={"refund": state}
    )


def take_in(session: Session, supplier_id: UUID, told: TrackerMoved | RefundMoved) -> bool:
    """What a gateway says of one of a supplier's labels for parcels. Returns whether it is one of these."""
    label = session.scalar(
        select(ShippingLabel).where(
            ShippingLabel.supplier_id == supplier_id, ShippingLabel.tracking_number == told.tracking_number
        )
    )
    if label is None:
        return False
    if isinstance(told, RefundMoved):
        label = locked_label(session, supplier_id, label.id)
        if label.state == VOIDED:
            note_given_back(label, told.state)
    elif label.shipment_id is not None:
        # Its supplier knows what the gateway signs with.
        record_tracking(session, label.shipment_id, told.events, source="carrier", told_by=BY_SUPPLIER)
    return True


@dataclass(frozen=True, slots=True)
class Sold:
    """The gateway that sold a parcel's label, the account by which it is asked, and the label's name there."""

    account: LabelAccount
    ref: str


def sold_by(session: Session, shipment_ids: Sequence[UUID]) -> dict[UUID, Sold]:
    """Of these parcels, those that left with a label that was bought, and whom to ask where they are. The accounts'
    keys are not opened. Needs a system scope."""
    rows = session.execute(
        select(ShippingLabel.shipment_id, ShippingLabel.gateway_ref, LabelAccount)
        .join(
            LabelAccount,
            (LabelAccount.owner_id == ShippingLabel.supplier_id) & (LabelAccount.gateway == ShippingLabel.gateway),
        )
        .join(Shipment, Shipment.id == ShippingLabel.shipment_id)
        .where(
            ShippingLabel.shipment_id.in_(shipment_ids),
            ShippingLabel.state == BOUGHT,
            # A number that was corrected since is another parcel's.
            ShippingLabel.tracking_number == Shipment.tracking_number,
        )
    )
    return {shipment_id: Sold(account, ref) for shipment_id, ref, account in rows if shipment_id is not None}


def labels_of(session: Session, supplier_id: UUID, purchase_order_id: UUID) -> Sequence[ShippingLabel]:
    """Labels of a purchase order that were bought, newest first."""
    return session.scalars(
        select(ShippingLabel)
        .where(
            ShippingLabel.supplier_id == supplier_id,
            ShippingLabel.purchase_order_id == purchase_order_id,
            ShippingLabel.state != QUOTED,
        )
        .order_by(ShippingLabel.id.desc())
    ).all()


def locked_label(session: Session, supplier_id: UUID, label_id: UUID) -> ShippingLabel:
    """The same, locked."""
    label = session.scalar(
        select(ShippingLabel)
        .where(ShippingLabel.id == label_id, ShippingLabel.supplier_id == supplier_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if label is None:
        raise NotFound("label")
    return label


def _notice(label_id: UUID) -> str:
    """What the notice is known by that a label has no parcel."""
    return f"label:{label_id}"


def _lines(label: ShippingLabel) -> dict[UUID, int]:
    return {UUID(line_id): int(units) for line_id, units in label.lines.items()}


def _parcel(label: ShippingLabel, bought: Label) -> NewParcel:
    return NewParcel(
        carrier=carrier_of(bought.carrier),
        tracking_number=bought.tracking_number,
        tracking_url=bought.tracking_url,
        shipped_at=None,
        lines=_lines(label),
        number_check="fits",
    )
