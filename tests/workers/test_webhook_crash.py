"""A worker that is killed between sending a message and noting that it was taken sends it again, with the same id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from app import db
from app.webhooks.service import EndpointSpec, Fact, add_endpoint, record
from tests import factories
from tests.adapters.settings import set_up
from tests.processes import Processes, wait_for
from tests.receiver import receiving

__all__ = ["set_up"]

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
ALLOWED = {"CROSSDOCK_OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}


@pytest.fixture
def processes(
    committed: None, engine: None, database_url: str, redis_url: str, tmp_path: Path, set_up: Callable[..., None]
) -> Iterator[Processes]:
    set_up(outbound_allowed_hosts="127.0.0.1")
    found = Processes({"DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)
    yield found
    found.stop()


def test_a_message_survives_the_death_of_its_worker(processes: Processes, database_url: str) -> None:
    def rows(statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(database_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    with receiving() as receiver:
        with db.system_scope(actor="test"), db.transaction() as session:
            supplier = factories.supplier(session)
            spec = EndpointSpec(url=receiver.url, events=["payout.sent"])
            add_endpoint(session, supplier.id, spec)
        processes.start("relay")
        processes.start("worker-webhooks", crash_at="webhooks.sent", **ALLOWED)
        with db.system_scope(actor="test"), db.transaction() as session:
            fact = Fact(
                organisation_id=supplier.id,
                kind="supplier",
                type="payout.sent",
                subject="payout:1",
                data={"payout_id": "1"},
            )
            record(session, [fact])
        processes.wait_until_dead("worker-webhooks")
        assert len(receiver.messages) == 1
        assert rows("select state, attempts from webhook_deliveries") == [("WAITING", 0)]

        rows("update tasks set lease_until = now() - interval '1 second' where state = 2")
        processes.start("worker-webhooks", **ALLOWED)
        taken = [("DELIVERED", 1)]
        wait_for(lambda: rows("select state, attempts from webhook_deliveries") == taken, "it is delivered")

        assert len(receiver.messages) == 2
        assert len({message.id for message in receiver.messages}) == 1
        assert len({message.body for message in receiver.messages}) == 1
