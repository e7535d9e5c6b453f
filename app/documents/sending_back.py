"""What a customer does next about a return that was agreed to: for its page, and for letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import keyed_hash, settings
from app.documents.addresses import address_lines
from app.kit import clock, links
from app.kit.errors import NotFound
from app.returns.models import Return, ReturnFile
from app.returns.rules import APPROVED, IN_TRANSIT, LABEL_SENT
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.service.onboarding import return_address

#: What a customer is to do: print the label, send it at its own cost, wait for the label; or it is on its way.
PRINT, SEND, WAIT, COMES = "print", "send", "wait", "comes"
#: How long a label's link holds where the return has no end of its own.
_HOLDS = timedelta(days=30)
_PURPOSE = "return label"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """One of the four, with what is needed for it. ``until``: when it ends; ``label``: the address of its file."""

    what: str
    number: str
    until: datetime | None = None
    address: Sequence[str] = ()
    label: str = ""
    label_file: UUID | None = None
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str | None = None


def next_step(session: Session, row: Return, shop: str) -> NextStep | None:
    """What the customer of a return does now; None where nothing is up to it. ``shop``: the name that stands above the
    address, where its supplier gave none. The return's files are loaded; needs a system scope."""
    if row.state == IN_TRANSIT:
        return NextStep(
            what=COMES,
            number=row.number,
            carrier=row.carrier,
            tracking_number=row.tracking_number,
            tracking_url=row.tracking_url,
        )
    if row.state == LABEL_SENT:
        file = max((one for one in row.files if one.kind == "label"), key=lambda one: one.uploaded_at, default=None)
        if file is None:
            return None
        link = label_link(file.id, row.due_at)
        return NextStep(
            what=PRINT, number=row.number, until=row.due_at, label=link, label_file=file.id, carrier=row.carrier
        )
    if row.state != APPROVED:
        return None
    if row.payer != "shopper":
        return NextStep(what=WAIT, number=row.number)
    return NextStep(what=SEND, number=row.number, until=row.due_at, address=_address(session, row, shop))


def label_link(file_id: UUID, ends_at: datetime | None) -> str:
    """The whole address at which a label's file is had, by whoever holds it, until the return ends."""
    token = links.signed(keyed_hash(), _PURPOSE, file_id, ends_at or clock.now() + _HOLDS)
    return f"{settings().public_url}/return-label/{token}"


def linked_label(session: Session, token: str) -> ReturnFile:
    """The label that a link is for. Needs a system scope. Raises ``NotFound``, also for one that was given back, and
    ``LinkEnded``."""
    over = "The time for sending this back is over. Ask the shop."
    file_id = links.opened(keyed_hash(), _PURPOSE, token, over=over)
    found = session.scalar(select(ReturnFile).where(ReturnFile.id == file_id, ReturnFile.kind == "label"))
    if found is None:
        raise NotFound("label")
    return found


def _address(session: Session, row: Return, shop: str) -> list[str]:
    policy = suppliers.return_policy(session, row.supplier_id)
    if policy is None:
        return []
    back = return_address(policy)
    return address_lines(
        Address(
            name=back.name or shop,
            address1=back.address1,
            address2=back.address2,
            city=back.city,
            postal_code=back.postal_code,
            country_code=back.country_code,
        )
    )
