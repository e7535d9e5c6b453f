"""Buying postage: what is asked of the gateway is written down before, what it answered after, so that no crash and no
lost answer buys a label twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.config import key_ring
from app.fulfillment.labels import Access, Label, Offer, Package, Quoted, RefundMoved, TrackerMoved
from app.fulfillment.models import LabelAccount, PackageSize, ShippingLabel
from app.fulfillment.service.correcting import void
from app.fulfillment.service.parcels import NewParcel, check_lines, check_open
from app.fulfillment.service.shipping import ship
from app.fulfillment.service.tracking import record_tracking
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.money import Money
from app.notifications.service import notify
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import purchase_order as released_purchase_order

QUOTED, BUYING, BOUGHT, VOIDING, VOIDED = "QUOTED", "BUYING", "BOUGHT", "VOIDING", "VOIDED"
FORMS = ("PDF", "ZPL")
#: An answer that has not come after this will not come.
_ANSWER_WITHIN = timedelta(minutes=2)
#: What of carriers' names gateways write otherwise than our adapters are called.
_CARRIERS: Mapping[str, str] = {
    "upsdap": "ups",
    "fedexdefault": "fedex",
    "dhlexpress": "dhl",
    "canadapost": "canada_post",
    "royalmail": "royal_mail",
    "australiapost": "australia_post",
}


def save_account(
    session: Session, supplier_id: UUID, *, gateway: str, api_key: str, hook_secret: str, form: str
) -> LabelAccount:
    """Keep a supplier's way in to a gateway. An empty key keeps the one that is there. Raises ``Invalid``."""
    if form not in FORMS:
        raise Invalid.field("form", "unknown", "Labels are PDF or ZPL.")
    account = session.get(LabelAccount, supplier_id)
    if account is None and not api_key:
        raise Invalid.field("api_key", "required", "Paste the API key from your account there.")
    ring, now = key_ring(), clock.now()
    if account is None:
        account = LabelAccount(supplier_id=supplier_id, gateway=gateway, api_key=b"", form=form, updated_at=now)
        session.add(account)
    if api_key:
        account.api_key = ring.seal(api_key.encode(), Place("label_accounts", "api_key", supplier_id))
    if hook_secret:
        account.hook_secret = ring.seal(hook_secret.encode(), Place("label_accounts", "hook_secret", supplier_id))
    account.gateway, account.form, account.updated_at = gateway, form, now
    audit.record(session, supplier_id, "fulfillment.label_account_saved", "supplier", supplier_id)
    return account


def remove_account(session: Session, supplier_id: UUID) -> None:
    """Forget the way in. Labels that were bought stay."""
    account = session.get(LabelAccount, supplier_id)
    if account is not None:
        session.delete(account)
        audit.record(session, supplier_id, "fulfillment.label_account_removed", "supplier", supplier_id)


def way_in(account: LabelAccount) -> Access:
    """The account's key, opened."""
    key = key_ring().open(account.api_key, Place("label_accounts", "api_key", account.supplier_id))
    return Access(api_key=key.decode())


def hook_secret(account: LabelAccount) -> str | None:
    """What the gateway signs with, opened."""
    if account.hook_secret is None:
        return None
    place = Place("label_accounts", "hook_secret", account.supplier_id)
    return key_ring().open(account.hook_secret, place).decode()


def save_size(
    session: Session, supplier_id: UUID, *, name: str, length_mm: int, width_mm: int, height_mm: int, grams: int
) -> PackageSize:
    """Keep a box; one with the name that is there is replaced."""
    size = session.scalar(select(PackageSize).where(PackageSize.supplier_id == supplier_id, PackageSize.name == name))
    if size is None:
        size = PackageSize(id=new_id(), supplier_id=supplier_id, name=name)
        session.add(size)
    size.length_mm, size.width_mm, size.height_mm, size.grams = length_mm, width_mm, height_mm, grams
    size.updated_at = clock.now()
    session.flush()
    return size


def remove_size(session: Session, supplier_id: UUID, size_id: UUID) -> None:
    """Forget a box. Raises ``NotFound``."""
    session.delete(own_size(session, supplier_id, size_id))


def own_size(session: Session, supplier_id: UUID, size_id: UUID) -> PackageSize:
    """One of a supplier's boxes. Raises ``NotFound``."""
    size = session.get(PackageSize, size_id)
    if size is None or size.supplier_id != supplier_id:
        raise NotFound("package size")
    return size


def sizes_of(session: Session, supplier_id: UUID) -> Sequence[PackageSize]:
    """A supplier's boxes, by name."""
    return session.scalars(
        select(PackageSize).where(PackageSize.supplier_id == supplier_id).order_by(PackageSize.name)
    ).all()


def weight_of(session: Session, order: PurchaseOrder, lines: Mapping[UUID, int]) -> int | None:
    """Grams of so many units of lines; None where the weight of a variant is not known."""
    variants = {line.id: line.variant_id for line in order.lines}
    rows = session.execute(
        select(SupplierVariant.id, SupplierVariant.weight_grams).where(
            SupplierVariant.id.in_([variants[line_id] for line_id in lines])
        )
    )
    grams = {variant_id: weight for variant_id, weight in rows}
    weights = [(grams.get(variants[line_id]), units) for line_id, units in lines.items()]
    return None if any(not weight for weight, _ in weights) else sum((weight or 0) * units for weight, units in weights)


def packed(session: Session, supplier_id: UUID, purchase_order_id: UUID, lines: Mapping[UUID, int]) -> PurchaseOrder:
    """The purchase order of a parcel that postage is asked for. Raises ``NotFound``, ``Invalid`` and
    ``QuantityExceedsOpen``."""
    order = released_purchase_order(session, supplier_id, purchase_order_id)
    by_id = {line.id: line for line in order.lines}
    check_lines(lines, by_id)
    check_open(lines, by_id)
    return order


def package_of(size: PackageSize, grams: int) -> Package:
    """A box with so many grams of goods in it."""
    return Package(grams=grams + size.grams, length_mm=size.length_mm, width_mm=size.width_mm, height_mm=size.height_mm)


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
        offers=[_as_json(offer) for offer in quoted.offers],
        lines={str(line_id): units for line_id, units in lines.items()},
        grams=grams,
        created_at=now,
        updated_at=now,
    )
    session.add(label)
    session.flush()
    return label


def offers_of(label: ShippingLabel, *, quickest: bool = False) -> list[Offer]:
    """What was offered, the cheapest first, or the quickest."""
    offers = [
        Offer(
            ref=one["ref"],
            carrier=one["carrier"],
            service=one["service"],
            amount=Money(one["amount"], one["currency"]),
            days=one["days"],
        )
        for one in label.offers
    ]
    far = 10_000
    if quickest:
        return sorted(offers, key=lambda one: (one.days if one.days is not None else far, one.amount.minor, one.ref))
    return sorted(offers, key=lambda one: (one.amount.minor, one.days if one.days is not None else far, one.ref))


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask of the gateway. ``unsure``: it may have been asked before; then it is asked what it did."""

    gateway: str
    access: Access
    ref: str
    offer_ref: str
    unsure: bool


def plan_purchase(session: Session, supplier_id: UUID, label_id: UUID, offer_ref: str) -> Asked | None:
    """Get a purchase ready; None when the label is bought. Raises ``NotFound``, ``Invalid`` and ``Conflict``,
    also (``being_bought``) while the answer to an earlier click may still come."""
    label = locked_label(session, supplier_id, label_id)
    if label.state not in (QUOTED, BUYING):
        if label.state == BOUGHT:
            return None
        raise Conflict("This label was given back. Ask for new prices.", code="label_voided")
    unsure = label.state == BUYING
    if unsure and clock.now() - label.updated_at < _ANSWER_WITHIN:
        # Its answer may be under way: the gateway would say "nothing" of what it is about to sell.
        raise Conflict("This label is being bought. Look again in a few minutes.", code="being_bought")
    if not unsure:
        if offer_ref not in {one["ref"] for one in label.offers}:
            raise Invalid.field("offer", "unknown", "Choose one of the offers.")
        packed(session, supplier_id, label.purchase_order_id, _lines(label))
        label.offer_ref, label.state, label.failure = offer_ref, BUYING, None
    label.updated_at = clock.now()
    session.flush()
    return _asked(session, label, unsure=unsure)


def record_refusal(session: Session, supplier_id: UUID, label_id: UUID, failure: str) -> None:
    """The gateway bought nothing, for certain: another offer can be chosen."""
    label = locked_label(session, supplier_id, label_id)
    if label.state == BUYING:
        label.state, label.failure, label.updated_at = QUOTED, failure, clock.now()


def record_label(session: Session, supplier_id: UUID, label_id: UUID, bought: Label) -> ShippingLabel:
    """The label is there, and its parcel leaves with it. Twice is once. Where the parcel can't leave any more (its
    units were cancelled meanwhile), the label stays without one and its supplier is told to give it back."""
    label = locked_label(session, supplier_id, label_id)
    if label.state != BUYING:
        return label
    label.state, label.carrier, label.service = BOUGHT, bought.carrier, bought.service
    label.amount, label.currency = bought.amount.minor, bought.amount.currency
    label.tracking_number, label.tracking_url = bought.tracking_number, bought.tracking_url
    label.content = key_ring().seal(bought.content, Place("shipping_labels", "content", label.id))
    label.media_type, label.updated_at = bought.media_type, clock.now()
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
        label.shipment_id = shipped.shipment.id
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
            dedupe=f"label:{label.id}",
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
    if label.state == VOIDED:
        return None
    if label.state not in (BOUGHT, VOIDING):
        raise Conflict("There is no label to give back.", code="no_label")
    if label.shipment_id is not None:
        void(session, supplier_id, label.shipment_id, reason="The label was given back.")
    label.state, label.updated_at = VOIDING, clock.now()
    session.flush()
    return _asked(session, label, unsure=True)


def record_refund(session: Session, supplier_id: UUID, label_id: UUID, state: str) -> None:
    """What became of the money."""
    label = locked_label(session, supplier_id, label_id)
    label.state, label.refund_state, label.updated_at = VOIDED, state, clock.now()
    audit.record(
        session, supplier_id, "fulfillment.label_voided", "shipping_label", label.id, details={"refund": state}
    )


def take_in(session: Session, supplier_id: UUID, told: TrackerMoved | RefundMoved) -> None:
    """What a gateway says of one of a supplier's labels. Of others it says nothing that concerns us."""
    label = session.scalar(
        select(ShippingLabel).where(
            ShippingLabel.supplier_id == supplier_id, ShippingLabel.tracking_number == told.tracking_number
        )
    )
    if label is None:
        return
    if isinstance(told, RefundMoved):
        label = locked_label(session, supplier_id, label.id)
        if label.state == VOIDED:
            label.refund_state, label.updated_at = told.state, clock.now()
    elif label.shipment_id is not None:
        record_tracking(session, label.shipment_id, told.events, source="carrier")


def unsure_labels(session: Session) -> Sequence[tuple[UUID, UUID, str]]:
    """Labels whose answer never came: supplier, label, state. System scope."""
    rows = session.execute(
        select(ShippingLabel.supplier_id, ShippingLabel.id, ShippingLabel.state)
        .where(ShippingLabel.state.in_((BUYING, VOIDING)), ShippingLabel.updated_at < clock.now() - _ANSWER_WITHIN)
        .order_by(ShippingLabel.id)
        .limit(100)
    )
    return [(supplier_id, label_id, state) for supplier_id, label_id, state in rows]


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


def own_label(session: Session, supplier_id: UUID, label_id: UUID) -> ShippingLabel:
    """One of a supplier's labels. Raises ``NotFound``."""
    label = session.get(ShippingLabel, label_id)
    if label is None or label.supplier_id != supplier_id:
        raise NotFound("label")
    return label


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


def _asked(session: Session, label: ShippingLabel, *, unsure: bool) -> Asked:
    account = session.get(LabelAccount, label.supplier_id)
    if account is None:
        raise Conflict("Connect your account at the gateway first.", code="no_label_account")
    return Asked(label.gateway, way_in(account), label.gateway_ref, label.offer_ref or "", unsure)


def _lines(label: ShippingLabel) -> dict[UUID, int]:
    return {UUID(line_id): int(units) for line_id, units in label.lines.items()}


def _parcel(label: ShippingLabel, bought: Label) -> NewParcel:
    name = bought.carrier.casefold().replace(" ", "")
    return NewParcel(
        carrier=_CARRIERS.get(name, name),
        tracking_number=bought.tracking_number,
        tracking_url=bought.tracking_url,
        shipped_at=None,
        lines=_lines(label),
        number_check="fits",
    )


def _as_json(offer: Offer) -> dict[str, Any]:
    return {
        "ref": offer.ref,
        "carrier": offer.carrier,
        "service": offer.service,
        "amount": offer.amount.minor,
        "currency": offer.amount.currency,
        "days": offer.days,
    }
