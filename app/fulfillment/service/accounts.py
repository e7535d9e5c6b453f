"""Accounts at gateways that sell postage, and the boxes that are packed into."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.fulfillment.labels import Access, Package
from app.fulfillment.models import LabelAccount, PackageSize
from app.fulfillment.service.following import ask_about_all
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id

FORMS = ("PDF", "ZPL")


def save_account(
    session: Session, owner_id: UUID, *, gateway: str, api_key: str, hook_secret: str, form: str
) -> LabelAccount:
    """Keep an organisation's way in to a gateway. An empty key keeps the one that is there. Raises ``Invalid``."""
    if form not in FORMS:
        raise Invalid.field("form", "unknown", "Labels are PDF or ZPL.")
    account = session.get(LabelAccount, owner_id)
    if account is None and not api_key:
        raise Invalid.field("api_key", "required", "Paste the API key from your account there.")
    ring, now = key_ring(), clock.now()
    if account is None:
        account = LabelAccount(owner_id=owner_id, gateway=gateway, api_key=b"", form=form, updated_at=now)
        session.add(account)
    if api_key:
        account.api_key = ring.seal(api_key.encode(), Place("label_accounts", "api_key", owner_id))
    if hook_secret:
        account.hook_secret = ring.seal(hook_secret.encode(), Place("label_accounts", "hook_secret", owner_id))
    account.gateway, account.form, account.updated_at = gateway, form, now
    ask_about_all(session, owner_id)
    audit.record(session, owner_id, "fulfillment.label_account_saved", "organisation", owner_id)
    return account


def remove_account(session: Session, owner_id: UUID) -> None:
    """Forget the way in. Labels that were bought stay."""
    account = session.get(LabelAccount, owner_id)
    if account is not None:
        session.delete(account)
        audit.record(session, owner_id, "fulfillment.label_account_removed", "organisation", owner_id)


def way_in(account: LabelAccount) -> Access:
    """The account's key, opened."""
    key = key_ring().open(account.api_key, Place("label_accounts", "api_key", account.owner_id))
    return Access(api_key=key.decode())


def hook_secret(account: LabelAccount) -> str | None:
    """What the gateway signs with, opened."""
    if account.hook_secret is None:
        return None
    place = Place("label_accounts", "hook_secret", account.owner_id)
    return key_ring().open(account.hook_secret, place).decode()


def save_size(
    session: Session, owner_id: UUID, *, name: str, length_mm: int, width_mm: int, height_mm: int, grams: int
) -> PackageSize:
    """Keep a box; one with the name that is there is replaced."""
    size = session.scalar(select(PackageSize).where(PackageSize.owner_id == owner_id, PackageSize.name == name))
    if size is None:
        size = PackageSize(id=new_id(), owner_id=owner_id, name=name)
        session.add(size)
    size.length_mm, size.width_mm, size.height_mm, size.grams = length_mm, width_mm, height_mm, grams
    size.updated_at = clock.now()
    session.flush()
    return size


def remove_size(session: Session, owner_id: UUID, size_id: UUID) -> None:
    """Forget a box. Raises ``NotFound``."""
    session.delete(own_size(session, owner_id, size_id))


def own_size(session: Session, owner_id: UUID, size_id: UUID) -> PackageSize:
    """One of an organisation's boxes. Raises ``NotFound``."""
    size = session.get(PackageSize, size_id)
    if size is None or size.owner_id != owner_id:
        raise NotFound("package size")
    return size


def sizes_of(session: Session, owner_id: UUID) -> Sequence[PackageSize]:
    """An organisation's boxes, by name."""
    return session.scalars(select(PackageSize).where(PackageSize.owner_id == owner_id).order_by(PackageSize.name)).all()


def package_of(size: PackageSize, grams: int) -> Package:
    """A box with so many grams of goods in it."""
    return Package(grams=grams + size.grams, length_mm=size.length_mm, width_mm=size.width_mm, height_mm=size.height_mm)
