"""Buying a label and giving it back: each is one transaction that says what will be asked, the call, and one
transaction that says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app import db
from app.fulfillment.labels import Label, LabelGateway
from app.fulfillment.service.labelling import (
    Asked,
    plan_giving_back,
    plan_purchase,
    record_label,
    record_refund,
    record_refusal,
)
from app.kit.errors import CredentialsRefused, RateLimited, Rejected

#: The gateway of a name.
GatewayOf = Callable[[str], LabelGateway]


def buy_label(gateway_of: GatewayOf, supplier_id: UUID, label_id: UUID, offer_ref: str) -> None:
    """Buy, and ship the parcel with it. Raises the adapter errors; after ``Unavailable`` the label stays BUYING, and
    ``settle_purchase`` finds out."""
    with db.transaction() as session:
        asked = plan_purchase(session, supplier_id, label_id, offer_ref)
    if asked is None:
        return
    if asked.unsure:
        _find_out(gateway_of, supplier_id, label_id, asked)
        return
    gateway = gateway_of(asked.gateway)
    try:
        bought = gateway.buy(asked.access, asked.ref, asked.offer_ref)
    except (Rejected, CredentialsRefused, RateLimited) as error:
        # Refused for certain: nothing was bought.
        _refused(supplier_id, label_id, error)
        raise
    _bought(supplier_id, label_id, bought)


def settle_purchase(gateway_of: GatewayOf, supplier_id: UUID, label_id: UUID) -> None:
    """Find out what became of a purchase whose answer did not come. Raises the adapter errors."""
    with db.transaction() as session:
        asked = plan_purchase(session, supplier_id, label_id, "")
    if asked is not None:
        _find_out(gateway_of, supplier_id, label_id, asked)


def give_back(gateway_of: GatewayOf, supplier_id: UUID, label_id: UUID) -> None:
    """Take the parcel back and ask the money back. Raises the adapter errors, ``Conflict`` once it was scanned."""
    with db.transaction() as session:
        asked = plan_giving_back(session, supplier_id, label_id)
    if asked is None:
        return
    state = gateway_of(asked.gateway).give_back(asked.access, asked.ref)
    with db.transaction() as session:
        record_refund(session, supplier_id, label_id, state)


def _find_out(gateway_of: GatewayOf, supplier_id: UUID, label_id: UUID, asked: Asked) -> None:
    bought = gateway_of(asked.gateway).bought(asked.access, asked.ref)
    if bought is None:
        with db.transaction() as session:
            record_refusal(session, supplier_id, label_id, "The answer did not come, and nothing was bought.")
        return
    _bought(supplier_id, label_id, bought)


def _bought(supplier_id: UUID, label_id: UUID, bought: Label) -> None:
    with db.transaction() as session:
        record_label(session, supplier_id, label_id, bought)


def _refused(supplier_id: UUID, label_id: UUID, error: Exception) -> None:
    if isinstance(error, Rejected):
        why = error.message
    elif isinstance(error, CredentialsRefused):
        why = "The gateway does not take your API key any more. Paste a new one in the settings."
    else:
        why = "The gateway asks to slow down. Try again in a minute."
    with db.transaction() as session:
        record_refusal(session, supplier_id, label_id, why)
