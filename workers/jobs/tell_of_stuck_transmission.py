"""How a purchase order was sent needs a person: nothing else can tell whether it arrived, or it was refused. Supplier
and platform are told, and the notices go once it is settled."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.config import settings
from app.identity.queries import recipients
from app.identity.service import platform_organisation
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email, resolve
from app.purchasing.events import TransmissionInDoubt
from app.purchasing.models import PurchaseOrder, Transmission
from app.purchasing.queries import transmissions_of
from app.purchasing.service.transmitting import doubt, words_of
from app.purchasing.transmission_rules import REJECTED
from app.suppliers.queries import supplier
from workers.job import Run, job


@job(queue="letters", on=TransmissionInDoubt)
def tell_of_stuck_transmission(run: Run, event: TransmissionInDoubt) -> None:
    """See the module. The state as it is now is told, not the event."""
    with run.closing() as session:
        rows = transmissions_of(session, [event.purchase_order_id])[event.purchase_order_id]
        doubtful = next((row for row in rows if row.person_asked_at is not None), None)
        refused = next((row for row in rows if row.state == REJECTED), None)
        order = session.get_one(PurchaseOrder, event.purchase_order_id)
        if doubtful is not None:
            _ask(session, order, doubtful)
        elif refused is not None:
            _tell(session, order, refused)
        else:
            for organisation_id in (order.supplier_id, platform_organisation(session).id):
                resolve(session, organisation_id, doubt(order.id))


def _ask(session: Session, order: PurchaseOrder, row: Transmission) -> None:
    name = supplier(session, order.supplier_id).company_name
    _notify(
        session,
        order,
        kind="transmission_in_doubt",
        title=f"Did {order.number} arrive?",
        ours="Your system did not answer when it was sent, and nothing else can tell. Look there and say so.",
        theirs=f"{name}'s system did not answer when it was sent, and nothing else can tell. Ask them and say so.",
        more="Until then it is not sent again.",
        button="Say whether it arrived",
        since=str(row.person_asked_at),
    )


def _tell(session: Session, order: PurchaseOrder, row: Transmission) -> None:
    name = supplier(session, order.supplier_id).company_name
    _notify(
        session,
        order,
        kind="transmission_refused",
        title=f"{order.number} was refused",
        ours=f"Your system refused it: {words_of(row)}",
        theirs=f"{name}'s system refused it: {words_of(row)}",
        more="Mend it there and send it again from the order's page, or answer it in the portal.",
        button="Open the purchase order",
        since=f"{row.dispatch_id}",
    )


def _notify(
    session: Session,
    order: PurchaseOrder,
    *,
    kind: str,
    title: str,
    ours: str,
    theirs: str,
    more: str,
    button: str,
    since: str,
) -> None:
    dedupe = doubt(order.id)
    link = f"/supplier/purchase-orders/{order.id}"
    for organisation_id, body, path in (
        (order.supplier_id, ours, link),
        (platform_organisation(session).id, theirs, f"/console/orders/{order.order_id}"),
    ):
        notify(
            session,
            organisation_id,
            kind=kind,
            severity="warning",
            title=title,
            body=f"{body} {more}",
            link=path,
            dedupe=dedupe,
        )
    queue_email(
        session,
        recipients(session, order.supplier_id, "purchase_orders.write"),
        Letter(subject=title, paragraphs=[ours, more], button=(button, f"{settings().public_url}{link}")),
        kind=kind,
        dedupe=f"{dedupe}:{since}",
        organisation_id=order.supplier_id,
    )
