"""What the real processes tell a store: a parcel within a minute, at its line, with no clock that looks for it; and
that units wait, though the worker is killed around the call."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from app import db
from app.kit import clock
from app.purchasing.decisions.queries import of_order
from app.purchasing.decisions.service import choose
from app.purchasing.service import LineAnswer, acknowledge
from app.settlement.service import carry_out, follow_rejections
from tests.adapters.settings import set_up
from tests.adapters.stores.conftest import configured, open_shop, simulator
from tests.adapters.stores.shop import Shop
from tests.flows.test_parcels_in_store import Delivery, delivery
from tests.processes import Processes, wait_for
from tests.workers.with_store import processes, rows_in

__all__ = ["configured", "open_shop", "processes", "set_up", "simulator"]

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
#: A parcel that left is in the store before so many seconds are over.
TOLD_WITHIN = 60.0


class Running:
    """The processes do the work; nothing is done here but to wait for it."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        return rows_in(self._url, statement)

    def drain(self, *, retries: bool = False) -> None:
        """Until the store's request is accepted."""
        wait_for(lambda: not self.open_tasks(), "the store's request is accepted")

    def open_tasks(self) -> list[tuple[object, ...]]:
        return self.rows("select id from purchase_orders where external_request_state is distinct from 'accepted'")


def cannot_send(found: Delivery, line: int) -> None:
    """The supplier rejects a line, and the retailer lets it wait."""
    with db.system_scope(actor="test"), db.transaction() as session:
        said = LineAnswer(line_id=found.line_ids[line], answer="rejected", reason="out_of_stock")
        acknowledge(session, found.supplier_id, found.purchase_order_id, [said])
        follow_rejections(session, found.order_id)
        (decision,) = of_order(session, found.order_id)
        choose(session, decision.retailer_id, found.order_id, decision.id, "wait")
    with clock.shifted(timedelta(minutes=3)), db.system_scope(actor="test"), db.transaction() as session:
        carry_out(session, found.order_id, decision.id)


def test_a_store_is_told_at_once_and_of_what_its_worker_died_over(
    processes: Processes,
    database_url: str,
    open_shop: Callable[[], Shop],
    record_property: Callable[[str, object], None],
) -> None:
    running = Running(database_url)
    processes.start("relay", "worker-stores")
    found = delivery(open_shop(), running, quantities=(1, 1), locations=(0, 0))  # type: ignore[arg-type]
    first, _second = found.line_refs
    begun = time.monotonic()
    found.ship("N-1", 1)
    wait_for(lambda: found.alive() == [("N-1", {first: 1})], "the parcel is in the store", patience=TOLD_WITHIN)
    record_property("seconds_until_told", round(time.monotonic() - begun, 2))
    processes.kill("worker-stores")

    def told() -> list[str]:
        whole = found.shop.control.order(found.shop.domain, found.external_id)
        return [said for one in whole["fulfillment_orders"] for said in one["progress"]]

    cannot_send(found, 1)
    processes.start("worker-stores", crash_at="store_note.answered")
    processes.wait_until_dead("worker-stores")
    (note,) = told()
    assert note.startswith("Waiting for stock")
    assert running.rows("select store_told from order_decisions") == [(None,)]
    running.rows("update tasks set lease_until = now() - interval '1 second' where state = 2")
    processes.start("worker-stores")
    wait_for(lambda: running.rows("select store_told_at from order_decisions") != [(None,)], "it is known to be told")
    assert set(told()) == {note}, "the store can't be asked what it was told: it reads the same again"
    stories = running.rows("select count(*) from timeline_entries where message = 'store.noted'")
    assert stories == [(1,)]
