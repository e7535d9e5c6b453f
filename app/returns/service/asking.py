"""Customers ask their shop to take things back; the shop, or its settings, decides; each supplier's part becomes a
return of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.config import key_ring
from app.db import current_scope
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, FieldError, Invalid, NotFound, TooMany
from app.kit.ids import new_id
from app.notifications.service import resolve
from app.orders import service as orders
from app.orders.models import Order
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.returns.events import ShopperReturnAsked, ShopperReturnDecided
from app.returns.files import storage
from app.returns.models import (
    Return,
    ReturnFile,
    ReturnSettings,
    ShopperReturn,
    ShopperReturnFile,
    ShopperReturnLine,
)
from app.returns.queries import asked_of_shop, returnable_units, settings_of
from app.returns.rules import GRANTED, REASONS, REFUSED, WAITING
from app.returns.service.filing import KeptFile
from app.returns.service.requesting import request_return
from app.suppliers import queries as suppliers
from app.suppliers.rules.papers import LARGEST

LONGEST_NOTE, MOST_PHOTOS = 1000, 5
#: So many requests of one order within so long; more are refused, since nobody returns that often.
_MOST_REQUESTS, _WITHIN = 5, timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of a line that a customer wants to send back, and why."""

    units: int
    reason: str


def check_wish(session: Session, order: Order, wanted: Mapping[UUID, Wanted], *, note: str, photos: int) -> None:
    """Look at what a customer asks for before any file is kept. Raises ``NotFound`` where the shop takes no requests
    here, ``TooMany``, ``Invalid`` and ``Conflict``."""
    chosen = settings_of(session, order.retailer_id)
    if not chosen.by_shoppers:
        raise NotFound("page")
    recent = session.scalar(
        select(func.count())
        .select_from(ShopperReturn)
        .where(ShopperReturn.order_id == order.id, ShopperReturn.created_at > clock.now() - _WITHIN)
    )
    if (recent or 0) >= _MOST_REQUESTS:
        raise TooMany("You have asked several times today already. The shop will answer.", retry_after=3600)
    if not wanted:
        raise Invalid.field("lines", "required", "Say what you want to send back.")
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise Invalid.field("note", "too_long", f"Use at most {LONGEST_NOTE} characters.")
    if photos > MOST_PHOTOS:
        raise Invalid.field("photo", "too_many", f"At most {MOST_PHOTOS} photos.")
    reasons = {one.reason for one in wanted.values()}
    if not photos and reasons & {*chosen.photo_reasons, *_wanted_by_suppliers(session, wanted)}:
        raise Invalid.field("photo", "required", "Please add a photo that shows what is wrong.")
    free = free_units(session, order.id)
    wrong = [
        FieldError(f"units-{line_id}", "not_returnable", f"{free.get(line_id, 0)} can be sent back.")
        for line_id, one in wanted.items()
        if not 0 < one.units <= free.get(line_id, 0)
    ]
    unclear = [
        FieldError(f"reason-{line_id}", "unknown", "Choose why it comes back.")
        for line_id, one in wanted.items()
        if one.reason not in REASONS
    ]
    if unclear:
        raise Invalid("It is not said why something comes back.", errors=unclear)
    if wrong:
        raise Conflict("More is asked for than can be sent back.", code="not_returnable", errors=wrong)


def _wanted_by_suppliers(session: Session, line_ids: Iterable[UUID]) -> set[str]:
    """Reasons for which the suppliers of these lines want a photo."""
    found = session.scalars(
        select(PurchaseOrderLine.supplier_id).where(PurchaseOrderLine.id.in_(list(line_ids))).distinct()
    )
    policies = [suppliers.return_policy(session, supplier_id) for supplier_id in found.all()]
    return {reason for policy in policies if policy is not None for reason in policy.photo_reasons}


def free_units(session: Session, order_id: UUID) -> dict[UUID, int]:
    """Purchase order line → units that a customer may still ask to send back."""
    routed = session.scalars(
        select(PurchaseOrder).where(PurchaseOrder.order_id == order_id).options(selectinload(PurchaseOrder.lines))
    ).all()
    free = returnable_units(session, routed)
    asked = asked_of_shop(session, order_id)
    return {line_id: max(0, units - asked.get(line_id, 0)) for line_id, units in free.items()}


def ask_shop(
    session: Session, order_id: UUID, wanted: Mapping[UUID, Wanted], *, note: str, photos: Sequence[KeptFile]
) -> ShopperReturn:
    """A customer asks. Where the shop's settings say so, it is granted at once. Raises as ``check_wish``. Needs a
    system scope."""
    order = orders.locked(session, order_id)
    check_wish(session, order, wanted, note=note, photos=len(photos))
    row = keep_wish(session, order, wanted, note=note, photos=photos)
    orders.tell(session, order, "return.shopper_asked", units=sum(one.units for one in wanted.values()))
    pass_on(session, row)
    return row


def pass_on(session: Session, row: ShopperReturn, *, granted_by: str | None = None) -> None:
    """What was written down goes on: granted at once, by whom it is granted already or by the shop's settings, or to
    the shop."""
    if granted_by is None and settings_of(session, row.retailer_id).automatic:
        granted_by = "automatic"
    if granted_by is not None:
        become_returns(session, row, by=granted_by)
    emit(session, ShopperReturnAsked(shopper_return_id=row.id, retailer_id=row.retailer_id, order_id=row.order_id))


def keep_wish(
    session: Session, order: Order, wanted: Mapping[UUID, Wanted], *, note: str, photos: Sequence[KeptFile] = ()
) -> ShopperReturn:
    """Write down what a customer asks for, on our page or in the store: it waits for the shop."""
    row_id, note = new_id(), note.strip()
    titles = {
        line_id: title
        for line_id, title in session.execute(
            select(PurchaseOrderLine.id, PurchaseOrderLine.title).where(PurchaseOrderLine.id.in_(list(wanted)))
        )
    }
    row = ShopperReturn(
        id=row_id,
        retailer_id=order.retailer_id,
        order_id=order.id,
        state=WAITING,
        note=key_ring().seal(note.encode(), place_of(row_id)) if note else None,
        answer="",
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    session.add_all(
        ShopperReturnLine(
            shopper_return_id=row.id,
            purchase_order_line_id=line_id,
            retailer_id=order.retailer_id,
            position=position,
            title=titles[line_id],
            quantity=one.units,
            reason=one.reason,
        )
        for position, (line_id, one) in enumerate(wanted.items())
    )
    session.add_all(
        ShopperReturnFile(
            id=new_id(),
            shopper_return_id=row.id,
            retailer_id=order.retailer_id,
            file_key=photo.file_key,
            media_type=photo.media_type,
            size=photo.size,
            sha256=photo.sha256,
            uploaded_at=row.created_at,
        )
        for photo in photos
    )
    session.flush()
    session.refresh(row, ["lines", "files"])
    return row


def grant(session: Session, retailer_id: UUID, shopper_return_id: UUID) -> ShopperReturn:
    """The shop agrees: suppliers are asked. Again it changes nothing. Raises ``NotFound`` and ``Conflict``."""
    row = _locked(session, retailer_id, shopper_return_id)
    if row.state == GRANTED:
        return row
    _check_waiting(row)
    become_returns(session, row, by=current_scope().actor)
    return row


def refuse(session: Session, retailer_id: UUID, shopper_return_id: UUID, answer: str) -> ShopperReturn:
    """The shop does not agree, for a reason that the customer reads. Raises ``NotFound``, ``Invalid``, ``Conflict``."""
    row = _locked(session, retailer_id, shopper_return_id)
    if row.state == REFUSED:
        return row
    _check_waiting(row)
    said = answer.strip()
    if not said or len(said) > 500 or "\x00" in said:
        raise Invalid.field("answer", "required", "Say why, in up to 500 characters; your customer reads it.")
    decided(session, row, REFUSED, by=current_scope().actor, answer=said)
    order = orders.locked(session, row.order_id)
    orders.tell(session, order, "return.shopper_refused")
    return row


def note_of(row: ShopperReturn) -> str:
    """What the customer wrote, in the clear."""
    return "" if row.note is None else key_ring().open(row.note, place_of(row.id)).decode()


def question(row_id: UUID) -> str:
    """The key of the notice that says that a customer waits."""
    return f"shopper_return:{row_id}"


def choose_settings(
    session: Session,
    retailer_id: UUID,
    *,
    by_shoppers: bool,
    automatic: bool,
    photo_reasons: Sequence[str],
    silent_stores: Sequence[str],
) -> None:
    """How customers ask, and for which stores they are not written to. Raises ``Invalid`` for a reason that there is
    not."""
    if any(one not in REASONS for one in photo_reasons):
        raise Invalid.field("photo_reasons", "unknown", "Choose from the list.")
    row = session.get(ReturnSettings, retailer_id)
    if row is None:
        row = ReturnSettings(retailer_id=retailer_id)
        session.add(row)
    row.by_shoppers, row.automatic, row.photo_reasons = by_shoppers, automatic, sorted(set(photo_reasons))
    row.silent_stores = sorted(set(silent_stores))
    row.updated_at = clock.now()
    audit.record(session, retailer_id, "returns.settings_changed", "organisation", retailer_id)


def become_returns(session: Session, row: ShopperReturn, *, by: str) -> None:
    """Grant it: one return for each supplier and reason, with the customer's words and photos."""
    note = note_of(row)
    whose = {
        line_id: purchase_order_id
        for line_id, purchase_order_id in session.execute(
            select(PurchaseOrderLine.id, PurchaseOrderLine.purchase_order_id).where(
                PurchaseOrderLine.id.in_([line.purchase_order_line_id for line in row.lines])
            )
        )
    }
    groups: defaultdict[tuple[UUID, str], list[ShopperReturnLine]] = defaultdict(list)
    for line in row.lines:
        groups[whose[line.purchase_order_line_id], line.reason].append(line)
    # Decided before the returns are asked for: what waits at the shop is not free otherwise.
    decided(session, row, GRANTED, by=by)
    for (purchase_order_id, reason), lines in groups.items():
        wanted = {line.purchase_order_line_id: line.quantity for line in lines}
        made = request_return(
            session,
            row.retailer_id,
            purchase_order_id,
            reason=reason,
            lines=wanted,
            note=note,
            asked_at=row.created_at,
        )
        for line in lines:
            line.return_id = made.id
        for photo in row.files:
            _copy(session, photo, made)
    session.flush()


def _copy(session: Session, photo: ShopperReturnFile, made: Return) -> None:
    key = f"returns/{new_id()}"
    with storage().open(photo.file_key) as content:
        storage().put(key, [content.read()], limit=LARGEST)
    session.add(
        ReturnFile(
            id=new_id(),
            return_id=made.id,
            retailer_id=made.retailer_id,
            supplier_id=made.supplier_id,
            kind="evidence",
            file_key=key,
            media_type=photo.media_type,
            size=photo.size,
            sha256=photo.sha256,
            uploaded_at=photo.uploaded_at,
            uploaded_by="shopper",
        )
    )


def decided(session: Session, row: ShopperReturn, state: str, *, by: str, answer: str = "") -> None:
    """Write down what became of it; whoever waits to be told of it hears."""
    row.state, row.answer, row.decided_by, row.decided_at = state, answer, by, clock.now()
    session.flush()
    resolve(session, row.retailer_id, question(row.id))
    audit.record(session, row.retailer_id, f"returns.shopper_{state.lower()}", "shopper_return", row.id)
    emit(
        session,
        ShopperReturnDecided(shopper_return_id=row.id, retailer_id=row.retailer_id, order_id=row.order_id, state=state),
    )


def _check_waiting(row: ShopperReturn) -> None:
    if row.state != WAITING:
        raise Conflict("It is decided already.", code="move_not_allowed")


def _locked(session: Session, retailer_id: UUID, shopper_return_id: UUID) -> ShopperReturn:
    order_id = session.scalar(
        select(ShopperReturn.order_id).where(
            ShopperReturn.id == shopper_return_id, ShopperReturn.retailer_id == retailer_id
        )
    )
    if order_id is None:
        raise NotFound("request")
    orders.locked(session, order_id)
    return session.scalars(
        select(ShopperReturn)
        .where(ShopperReturn.id == shopper_return_id)
        .options(selectinload(ShopperReturn.lines), selectinload(ShopperReturn.files))
        .execution_options(populate_existing=True)
    ).one()


def place_of(row_id: UUID) -> Place:
    """Where a customer's words are sealed."""
    return Place("shopper_returns", "note", row_id)
