"""Asking what a label costs, buying it and giving it back: each is one transaction that says what will be asked, the
call, and one transaction that says what came of it. Keeping an account begins with the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app import db
from app.fulfillment.labels import Access, Label, LabelGateway
from app.fulfillment.service import accounts, labelling, packing
from app.fulfillment.service.buying import Asked, account_of
from app.kit.errors import AdapterError, CredentialsRefused, Invalid, RateLimited, Rejected

#: The gateway of a name.
GatewayOf = Callable[[str], LabelGateway]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """How labels for one purpose are written down: what will be asked, and what came of it. Each is called with the
    label's owner and its id, in a transaction of its own."""

    plan_purchase: Callable[[Session, UUID, UUID, str], Asked | None]
    record_label: Callable[[Session, UUID, UUID, Label], object]
    record_refusal: Callable[[Session, UUID, UUID, str], None]
    plan_giving_back: Callable[[Session, UUID, UUID], Asked | None]
    record_refund: Callable[[Session, UUID, UUID, str], None]


#: Labels with which parcels leave.
PARCELS = Book(
    plan_purchase=labelling.plan_purchase,
    record_label=labelling.record_label,
    record_refusal=labelling.record_refusal,
    plan_giving_back=labelling.plan_giving_back,
    record_refund=labelling.record_refund,
)


def keep_account(
    gateway_of: GatewayOf, owner_id: UUID, *, gateway: str, api_key: str, hook_secret: str, form: str
) -> bool:
    """``accounts.save_account``, after a new key was tried at its gateway. Returns whether nothing is left to be tried:
    where the gateway gives no answer, the key is kept all the same. Raises ``Invalid``, also for a key that the gateway
    does not take."""
    sure = True
    if api_key:
        try:
            gateway_of(gateway).try_out(Access(api_key=api_key))
        except CredentialsRefused:
            raise Invalid.field(
                "api_key", "refused", "The gateway does not take this key. Copy it anew from your account there."
            ) from None
        except AdapterError:
            sure = False
    with db.transaction() as session:
        accounts.save_account(session, owner_id, gateway=gateway, api_key=api_key, hook_secret=hook_secret, form=form)
    return sure


def ask_offers(
    gateway_of: GatewayOf,
    supplier_id: UUID,
    purchase_order_id: UUID,
    lines: Mapping[UUID, int],
    size_id: UUID,
    grams: int,
) -> UUID:
    """Ask what carriers want for a parcel of so many units by line in a box of the supplier's, and keep what they offer
    as a label that can be bought. Nothing is bought by that. Where no carrier takes the parcel with the return address
    of the retailer's store, it is asked for with the supplier's own: it has to leave. Raises the adapter errors, and as
    ``labelling.packed``, ``accounts.own_size`` and ``account_of``."""
    with db.transaction() as session:
        account = account_of(session, supplier_id)
        order = labelling.packed(session, supplier_id, purchase_order_id, lines)
        package = accounts.package_of(accounts.own_size(session, supplier_id, size_id), grams)
        access = accounts.way_in(account)
        sender, recipient, backs = packing.parties(session, supplier_id, order)
        gateway, form, number = account.gateway, account.form, order.number
    for place, returns in enumerate(backs, start=1):
        try:
            quoted = gateway_of(gateway).quote(
                access, package, sender=sender, recipient=recipient, returns=returns, reference=number, form=form
            )
            break
        except Rejected:
            if place == len(backs):
                raise
    with db.transaction() as session:
        label = labelling.record_quote(
            session, supplier_id, purchase_order_id, quoted, gateway=gateway, lines=lines, grams=package.grams
        )
        return label.id


def buy_label(gateway_of: GatewayOf, owner_id: UUID, label_id: UUID, offer_ref: str, book: Book = PARCELS) -> None:
    """Buy, and use it for what it is for. Raises the adapter errors; after ``Unavailable`` the label stays BUYING, and
    ``settle_purchase`` finds out."""
    with db.transaction() as session:
        asked = book.plan_purchase(session, owner_id, label_id, offer_ref)
    if asked is None:
        return
    if asked.unsure:
        _find_out(gateway_of, book, owner_id, label_id, asked)
        return
    gateway = gateway_of(asked.gateway)
    try:
        bought = gateway.buy(asked.access, asked.ref, asked.offer_ref)
    except (Rejected, CredentialsRefused, RateLimited) as error:
        # Refused for certain: nothing was bought.
        _refused(book, owner_id, label_id, error)
        raise
    _bought(book, owner_id, label_id, bought)


def settle_purchase(gateway_of: GatewayOf, owner_id: UUID, label_id: UUID, book: Book = PARCELS) -> None:
    """Find out what became of a purchase whose answer did not come. Raises the adapter errors."""
    with db.transaction() as session:
        asked = book.plan_purchase(session, owner_id, label_id, "")
    if asked is not None:
        _find_out(gateway_of, book, owner_id, label_id, asked)


def give_back(gateway_of: GatewayOf, owner_id: UUID, label_id: UUID, book: Book = PARCELS) -> None:
    """Undo what was done with it and ask the money back. Raises the adapter errors; ``Conflict`` once it was used."""
    with db.transaction() as session:
        asked = book.plan_giving_back(session, owner_id, label_id)
    if asked is None:
        return
    state = gateway_of(asked.gateway).give_back(asked.access, asked.ref)
    with db.transaction() as session:
        book.record_refund(session, owner_id, label_id, state)


def _find_out(gateway_of: GatewayOf, book: Book, owner_id: UUID, label_id: UUID, asked: Asked) -> None:
    bought = gateway_of(asked.gateway).bought(asked.access, asked.ref)
    if bought is None:
        with db.transaction() as session:
            book.record_refusal(session, owner_id, label_id, "The answer did not come, and nothing was bought.")
        return
    _bought(book, owner_id, label_id, bought)


def _bought(book: Book, owner_id: UUID, label_id: UUID, bought: Label) -> None:
    with db.transaction() as session:
        book.record_label(session, owner_id, label_id, bought)


def _refused(book: Book, owner_id: UUID, label_id: UUID, error: Exception) -> None:
    if isinstance(error, Rejected):
        why = error.message
    elif isinstance(error, CredentialsRefused):
        why = "The gateway does not take your API key any more. Paste a new one in the settings."
    else:
        why = "The gateway asks to slow down. Try again in a minute."
    with db.transaction() as session:
        book.record_refusal(session, owner_id, label_id, why)
