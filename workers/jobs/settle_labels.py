"""Labels whose answer never came: the gateway is asked what it did."""

from __future__ import annotations

from typing import Any

from app.adapters import registries
from app.fulfillment.postage import give_back, settle_purchase
from app.fulfillment.service.labelling import BUYING, unsure_labels
from app.kit.errors import AdapterError, Conflict
from workers.job import Run, job


@job(queue="stores", every="* * * * *", coalesce=True, timeout=120)
def settle_labels(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One account's trouble does not keep the others waiting."""
    with run.transaction() as session:
        unsure = unsure_labels(session)
    for supplier_id, label_id, state in unsure:
        try:
            if state == BUYING:
                settle_purchase(registries.labels.get, supplier_id, label_id)
            else:
                give_back(registries.labels.get, supplier_id, label_id)
        except (AdapterError, Conflict):
            continue
