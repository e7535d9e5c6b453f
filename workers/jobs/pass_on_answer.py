"""A supplier's answer is passed on: to the store that asked, and a new address to its order."""

from __future__ import annotations

from app.orders.models import Order
from app.outbox.service import emit
from app.purchasing.changes.rules import ACCEPTED, ADDRESS, OPEN
from app.purchasing.events import ChangeRequestMoved
from app.purchasing.models import ChangeRequest, PurchaseOrder
from app.purchasing.service import take_over_address
from app.purchasing.service.asking import store_refs
from app.stores.events import CancellationWanted
from workers.job import Run, job
from workers.store_locations import lines_there


@job(queue="quick", on=ChangeRequestMoved)
def pass_on_answer(run: Run, event: ChangeRequestMoved) -> None:
    """See the module. The store asked for all that is left of a purchase order at one of its locations, so only all of
    it is a yes."""
    if event.state == OPEN:
        return
    with run.closing() as session:
        if event.kind == ADDRESS and event.state == ACCEPTED:
            take_over_address(session, event.order_id, event.purchase_order_id)
        request = session.get_one(ChangeRequest, event.change_request_id)
        order = session.get_one(Order, event.order_id)
        if request.external_ref is None or order.store_id is None:
            return
        purchase_order = session.get_one(PurchaseOrder, event.purchase_order_id)
        for ref in store_refs(request):
            there = lines_there(session, order.store_id, purchase_order, ref)
            emit(
                session,
                CancellationWanted(
                    store_id=order.store_id,
                    retailer_id=order.retailer_id,
                    fulfillment_order_ref=ref,
                    accept=all(one.stopped for one in there),
                ),
            )
