"""Labels whose answer never came: the gateway is asked what it did."""

from __future__ import annotations

from typing import Any

from app.adapters import registries
from app.fulfillment.models import ShippingLabel
from app.fulfillment.postage import PARCELS, give_back, settle_purchase
from app.fulfillment.service.buying import BUYING, unsure_labels
from app.kit.errors import AdapterError, Conflict
from app.returns.models import ReturnLabel
from app.returns.service import RETURNS
from workers.job import Run, job


@job(queue="stores", every="* * * * *", coalesce=True, timeout=120)
def settle_labels(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One account's trouble does not keep the others waiting."""
    with run.transaction() as session:
        unsure = [(PARCELS, one) for one in unsure_labels(session, ShippingLabel)]
        unsure += [(RETURNS, one) for one in unsure_labels(session, ReturnLabel)]
    for book, (owner_id, label_id, state) in unsure:
        try:
            if state == BUYING:
                settle_purchase(registries.labels.get, owner_id, label_id, book)
            else:
                give_back(registries.labels.get, owner_id, label_id, book)
        except (AdapterError, Conflict):
            continue
