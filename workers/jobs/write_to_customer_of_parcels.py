"""A parcel left and it is not all of its order: the shop's customer is written to, once, in how many parcels it comes,
where the shop wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.fulfillment.events import ShipmentCreated
from workers.job import Run, job
from workers.parcel_letters import may_come_apart, tell_of_parcels


def _in_several(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Parcels that are not all of their orders."""
    found = {str(one) for one in may_come_apart(session, {UUID(payload["order_id"]) for payload in payloads})}
    return lambda payload: payload["order_id"] in found


@job(queue="letters", on=ShipmentCreated, wanted=_in_several)
def write_to_customer_of_parcels(run: Run, event: ShipmentCreated) -> None:
    """See the module."""
    with run.closing() as session:
        tell_of_parcels(session, event.order_id)
