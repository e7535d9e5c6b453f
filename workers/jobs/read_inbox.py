"""Handle a store's hook: read it, take over what it says, and close it, in one transaction where nothing is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.adapters import registries
from app.inbox.service import OpenedMessage, close_message, open_message
from app.kit.errors import AppError
from app.stores.queries import store_by_shop
from workers import store_facts
from workers.job import Run, job


@job(queue="quick", batch=10, timeout=30)
def read_inbox(run: Run, payload: Mapping[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        message = open_message(session, UUID(payload["inbox_id"]))
        if message is None:
            return
        kind, _, shop = message.source.partition(":")
        outcome, refused = _from_store(session, kind, shop, message)
        close_message(session, message.id, outcome, refused=refused)


def _from_store(session: Session, platform: str, shop: str, message: OpenedMessage) -> tuple[str, bool]:
    store = store_by_shop(session, platform, shop)
    if store is None:
        return "ignored: no such store", False
    try:
        fact = registries.stores.get(platform).translate_hook(message.topic, message.body)
    except ValueError as error:
        store_facts.tell_of_refusal(session, store, f"The message can't be read: {error}", message.id)
        return f"refused: {error}"[:500], True
    try:
        with session.begin_nested():
            done = store_facts.handle(
                session, store, fact, message_id=message.external_id, triggered_at=message.triggered_at
            )
    except AppError as error:
        reason = _reason(error)
        store_facts.tell_of_refusal(session, store, reason, message.id)
        return f"refused: {error.code}: {reason}"[:500], True
    return done, False


def _reason(error: AppError) -> str:
    """What is wrong, with each field's own sentence."""
    return " ".join(dict.fromkeys([error.detail, *(one.message for one in error.errors)]))
