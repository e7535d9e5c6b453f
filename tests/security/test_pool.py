"""Tenants take turns on the same connections, with errors in between: nothing of one is left for the next."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DataError

from app import db
from app.identity.models import Organisation
from tests import factories as make


class Trouble(Exception):
    """Something goes wrong in the middle of a transaction."""


@pytest.mark.usefixtures("committed")
def test_no_row_of_another_tenant_is_ever_read() -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        tenants = [make.retailer(session, f"Shop {number}").id for number in range(8)]
    chance = random.Random(7)
    turns = [(chance.choice(tenants), chance.random()) for _ in range(2000)]

    def read(turn: tuple[UUID, float]) -> None:
        tenant, fate = turn
        try:
            with db.tenant_scope(tenant, actor="test"), db.transaction() as session:
                seen = set(session.scalars(select(Organisation.id)))
                if fate < 0.2:
                    raise Trouble
                if fate < 0.3:
                    session.execute(text("select 1/0"))
        except (Trouble, DataError):
            return
        assert seen == {tenant}

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read, turns))

    with db.transaction() as session:
        assert session.scalars(select(Organisation.id)).all() == []
