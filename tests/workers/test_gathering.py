"""Jobs that gather: any number of changes become few runs, and no change is left out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app import db
from app.inventory.events import InventoryChanged
from app.kit import clock
from app.outbox.models import Task, TaskState
from app.outbox.service import emit
from tests.stack import Jobs
from workers.job import GATHERED_AT_MOST

pytestmark = pytest.mark.usefixtures("system")


def changes(supplier: UUID, *variant_ids: UUID) -> InventoryChanged:
    return InventoryChanged(supplier_id=supplier, variant_ids=variant_ids)


def waiting(supplier: UUID) -> list[list[str]]:
    """The variants of each task that waits, oldest first."""
    with db.transaction() as session:
        rows = session.scalars(
            select(Task)
            .where(Task.job == "follow_inventory", Task.key == f"supplier:{supplier}", Task.state < TaskState.RUNNING)
            .order_by(Task.id)
        )
        return [row.payload["event"]["variant_ids"] for row in rows]


def tell(jobs: Jobs, *events: InventoryChanged) -> None:
    """Emit the events and let the relay hand them on, without a worker."""
    with db.transaction() as session:
        emit(session, *events)
    jobs.relay.step()


def test_changes_of_one_supplier_wait_as_one_task(jobs: Jobs) -> None:
    supplier, other = uuid4(), uuid4()
    first, second, third, fourth = (uuid4() for _ in range(4))
    tell(jobs, changes(supplier, first), changes(other, second), changes(supplier, second, first))
    tell(jobs, changes(supplier, third, fourth))
    assert waiting(supplier) == [[str(one) for one in (first, second, third, fourth)]]
    assert waiting(other) == [[str(second)]]


def test_what_comes_while_a_task_runs_waits_for_its_end(jobs: Jobs) -> None:
    supplier = uuid4()
    tell(jobs, changes(supplier, uuid4()))
    with db.transaction() as session:
        session.execute(
            update(Task)
            .where(Task.job == "follow_inventory")
            .values(state=TaskState.RUNNING, lease_until=clock.now() + timedelta(minutes=5))
        )
    late = uuid4()
    tell(jobs, changes(supplier, late))
    assert waiting(supplier) == [[str(late)]]


def test_a_full_task_takes_no_more(jobs: Jobs) -> None:
    supplier = uuid4()
    variants = [uuid4() for _ in range(GATHERED_AT_MOST * 2 + 10)]
    parts = [tuple(variants[start : start + 100]) for start in range(0, len(variants), 100)]
    tell(jobs, *(changes(supplier, *part) for part in parts))
    more = uuid4()
    tell(jobs, changes(supplier, more))
    sizes = [len(part) for part in waiting(supplier)]
    assert sizes == [GATHERED_AT_MOST, GATHERED_AT_MOST, 11]
    assert {one for part in waiting(supplier) for one in part} == {str(one) for one in (*variants, more)}


def test_a_task_that_fills_up_while_it_waits_is_closed(jobs: Jobs) -> None:
    supplier = uuid4()
    tell(jobs, changes(supplier, *(uuid4() for _ in range(GATHERED_AT_MOST - 1))))
    tell(jobs, changes(supplier, *(uuid4() for _ in range(5))))
    tell(jobs, changes(supplier, uuid4()))
    assert [len(part) for part in waiting(supplier)] == [GATHERED_AT_MOST + 4, 1]


def test_a_dead_workers_task_goes_back_to_work_beside_the_one_that_waits(jobs: Jobs) -> None:
    supplier = uuid4()
    tell(jobs, changes(supplier, uuid4()))
    running = update(Task).where(Task.job == "follow_inventory").values(state=TaskState.RUNNING)
    with db.transaction() as session:
        session.execute(running.values(lease_until=clock.now() + timedelta(minutes=5)))
    tell(jobs, changes(supplier, uuid4()))
    assert len(waiting(supplier)) == 1
    with db.transaction() as session:
        died = update(Task).where(Task.state == TaskState.RUNNING)
        session.execute(died.values(lease_until=clock.now() - timedelta(seconds=1)))
    jobs.new_relay().step()
    assert len(waiting(supplier)) == 2
