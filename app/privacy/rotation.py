"""Sealing everything again with the newest key, a batch at a time, while the house goes on working."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from app import db
from app.config import key_ring
from app.db import Base, table_of
from app.feeds.models import FeedSource
from app.fulfillment.models import LabelAccount, ShippingLabel
from app.inbox.models import InboxMessage
from app.kit.crypto import Place
from app.notifications.models import Email
from app.orders.models import Order, RetailerAddress, StoreSender
from app.purchasing.models import ChangeMessage, ChangeRequest, ChannelSetting, PurchaseOrder, Transmission
from app.returns.models import ReturnFile, ShopperReturn
from app.stores.models import StoreCredential
from app.suppliers.models import ReturnPolicy, SupplierApplication
from app.webhooks.models import WebhookDelivery, WebhookEndpoint

#: Every sealed column: model, column, and the column of the id that the seal is bound to.
SEALED: tuple[tuple[type[Base], str, str], ...] = (
    (StoreCredential, "access_token", "store_id"),
    (StoreCredential, "refresh_token", "store_id"),
    (SupplierApplication, "contact", "supplier_id"),
    (SupplierApplication, "address", "supplier_id"),
    (ReturnPolicy, "address", "id"),
    (InboxMessage, "body", "id"),
    (FeedSource, "access", "id"),
    (LabelAccount, "api_key", "supplier_id"),
    (LabelAccount, "hook_secret", "supplier_id"),
    (ShippingLabel, "content", "id"),
    (Email, "recipient", "id"),
    (Email, "text_body", "id"),
    (Email, "html_body", "id"),
    (WebhookEndpoint, "secret", "id"),
    (WebhookEndpoint, "previous_secret", "id"),
    (WebhookDelivery, "response", "id"),
    (RetailerAddress, "ship_to", "id"),
    (ChangeRequest, "ship_to", "id"),
    (ShopperReturn, "note", "id"),
    (ReturnFile, "content", "id"),
    (Order, "ship_to", "id"),
    (ChannelSetting, "secrets", "supplier_id"),
    (ChannelSetting, "words", "supplier_id"),
    (Transmission, "words", "id"),
    (ChangeMessage, "words", "id"),
    (StoreSender, "sender", "store_id"),
    (PurchaseOrder, "ship_to", "id"),
    (PurchaseOrder, "sender", "id"),
)
_BATCH = 500


def rotate() -> Iterator[tuple[str, int]]:
    """Seal again what older keys sealed. Yields each place (``table.column``) with the number of values.

    Each batch is a transaction of its own; stopping in the middle and starting again is harmless. Needs a system
    scope. When all places give 0, older keys may be dropped once no backup needs them.
    """
    for model, column, bound in SEALED:
        table = table_of(model)
        total = 0
        while count := _rotate_batch(table, column, bound):
            total += count
        # What others held meanwhile is waited for, one row at a time, so that nobody waits in a ring.
        while count := _rotate_batch(table, column, bound, wait=True):
            total += count
        yield f"{table.name}.{column}", total


def _rotate_batch(table: Table, column: str, bound: str, *, wait: bool = False) -> int:
    ring = key_ring()
    sealed, row_id = table.c[column], table.c[bound]
    # The key's number stands in bytes 2 to 5 of a sealed value.
    number = func.substring(sealed, 2, 4)
    with db.transaction() as session:
        rows = session.execute(
            select(row_id, sealed)
            .where(sealed.is_not(None), number != ring.current.to_bytes(4, "big"))
            .order_by(row_id)
            .limit(1 if wait else _BATCH)
            .with_for_update(skip_locked=not wait)
        ).all()
        for one, value in rows:
            place = Place(table.name, column, one)
            _write(session, table, column, bound, one, ring.seal(ring.open(value, place), place))
    return len(rows)


def _write(session: Session, table: Table, column: str, bound: str, row_id: object, value: bytes) -> None:
    session.execute(update(table).where(table.c[bound] == row_id).values({column: value}))
