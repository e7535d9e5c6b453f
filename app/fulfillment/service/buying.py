"""Buying a label, whatever it is for: prices, the purchase, whose answer may be lost, and giving it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fulfillment.labels import Access, Label, Offer
from app.fulfillment.models import LabelAccount, Postage
from app.fulfillment.service.accounts import way_in
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.money import Money

AnyLabel = TypeVar("AnyLabel", bound=Postage)

QUOTED, BUYING, BOUGHT, VOIDING, VOIDED = "QUOTED", "BUYING", "BOUGHT", "VOIDING", "VOIDED"
#: State → the states it may become. A purchase that the gateway refuses leaves its offers; money that it does not give
#: back (``refund_state``) leaves the label given up all the same.
LABEL_MOVES: Mapping[str, frozenset[str]] = {
    QUOTED: frozenset({BUYING}),
    BUYING: frozenset({QUOTED, BOUGHT}),
    BOUGHT: frozenset({VOIDING}),
    VOIDING: frozenset({VOIDED}),
    VOIDED: frozenset(),
}
#: States in which it may be that the gateway sold one.
SOLD = (BUYING, BOUGHT, VOIDING)
#: An answer that has not come after this will not come.
ANSWER_WITHIN = timedelta(minutes=2)
#: What of carriers' names gateways write otherwise than our adapters are called.
_CARRIERS: Mapping[str, str] = {
    "upsdap": "ups",
    "fedexdefault": "fedex",
    "dhlexpress": "dhl",
    "canadapost": "canada_post",
    "royalmail": "royal_mail",
    "australiapost": "australia_post",
}


def may_move(current: str, wanted: str) -> bool:
    """Whether a label's state may change so."""
    return wanted in LABEL_MOVES[current]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask of the gateway. ``unsure``: it may have been asked before; then it is asked what it did."""

    gateway: str
    access: Access
    ref: str
    offer_ref: str
    unsure: bool


def account_of(session: Session, owner_id: UUID) -> LabelAccount:
    """An organisation's account at a gateway. Raises ``Conflict`` where it has none."""
    account = session.get(LabelAccount, owner_id)
    if account is None:
        raise Conflict("Connect your account at the gateway first.", code="no_label_account")
    return account


def own_label(session: Session, book: type[AnyLabel], owner_id: UUID, label_id: UUID) -> AnyLabel:
    """One of the labels that an organisation bought or asked prices for. Raises ``NotFound``."""
    label = session.get(book, label_id)
    if label is None or label.owner_id != owner_id:
        raise NotFound("label")
    return label


def unsure_labels(session: Session, book: type[Postage]) -> Sequence[tuple[UUID, UUID, str]]:
    """Labels whose answer never came: owner, label, state. Needs a system scope."""
    rows = session.execute(
        select(book.owner_id, book.id, book.state)
        .where(book.state.in_((BUYING, VOIDING)), book.updated_at < clock.now() - ANSWER_WITHIN)
        .order_by(book.id)
        .limit(100)
    )
    return [(owner_id, label_id, state) for owner_id, label_id, state in rows]


def offers_of(label: Postage, *, quickest: bool = False) -> list[Offer]:
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


def as_json(offer: Offer) -> dict[str, Any]:
    """An offer as it is kept."""
    return {
        "ref": offer.ref,
        "carrier": offer.carrier,
        "service": offer.service,
        "amount": offer.amount.minor,
        "currency": offer.amount.currency,
        "days": offer.days,
    }


def carrier_of(name: str) -> str:
    """The name of our adapter of a carrier, as far as we have one, by what a gateway calls it."""
    known = name.casefold().replace(" ", "")
    return _CARRIERS.get(known, known)


def begin(
    session: Session, owner_id: UUID, label: Postage, offer_ref: str, check: Callable[[], object]
) -> Asked | None:
    """Get a purchase of a locked label ready; None when it is bought. ``check`` raises where it must not be bought any
    more. Raises ``Invalid`` and ``Conflict``, also (``being_bought``) while the answer to an earlier click may still
    come."""
    if label.state not in (QUOTED, BUYING):
        if label.state == BOUGHT:
            return None
        raise Conflict("This label was given back. Ask for new prices.", code="label_voided")
    unsure = label.state == BUYING
    if unsure and clock.now() - label.updated_at < ANSWER_WITHIN:
        # Its answer may be under way: the gateway would say "nothing" of what it is about to sell.
        raise Conflict("This label is being bought. Look again in a few minutes.", code="being_bought")
    if not unsure:
        if offer_ref not in {one["ref"] for one in label.offers}:
            raise Invalid.field("offer", "unknown", "Choose one of the offers.")
        check()
        label.offer_ref, label.state, label.failure = offer_ref, BUYING, None
    label.updated_at = clock.now()
    session.flush()
    return asked(session, owner_id, label, unsure=unsure)


def note_refused(label: Postage, failure: str) -> None:
    """The gateway bought nothing, for certain: another offer can be chosen."""
    if may_move(label.state, QUOTED):
        label.state, label.failure, label.updated_at = QUOTED, failure, clock.now()


def note_bought(label: Postage, bought: Label) -> None:
    """The label is there. Twice is once."""
    if not may_move(label.state, BOUGHT):
        return
    label.state, label.carrier, label.service = BOUGHT, bought.carrier, bought.service
    label.amount, label.currency = bought.amount.minor, bought.amount.currency
    label.tracking_number, label.tracking_url = bought.tracking_number, bought.tracking_url
    label.updated_at = clock.now()


def begin_giving_back(session: Session, owner_id: UUID, label: Postage, undo: Callable[[], object]) -> Asked | None:
    """Get the return of a locked label's money ready; None when that was asked. ``undo`` takes back what was done with
    the label, and raises where that can't be. Raises ``Conflict``."""
    if label.state == VOIDED:
        return None
    if label.state not in (BOUGHT, VOIDING):
        raise Conflict("There is no label to give back.", code="no_label")
    undo()
    label.state, label.updated_at = VOIDING, clock.now()
    session.flush()
    return asked(session, owner_id, label, unsure=True)


def note_given_back(label: Postage, refund_state: str) -> None:
    """What became of the money of a label that is given back: one of ``REFUND_STATES``. It may move on later."""
    if label.state != VOIDED and not may_move(label.state, VOIDED):
        return
    label.state, label.refund_state, label.updated_at = VOIDED, refund_state, clock.now()


def asked(session: Session, owner_id: UUID, label: Postage, *, unsure: bool) -> Asked:
    """What to ask of the gateway about a label. Raises ``Conflict`` without an account."""
    access = way_in(account_of(session, owner_id))
    return Asked(label.gateway, access, label.gateway_ref, label.offer_ref or "", unsure)
