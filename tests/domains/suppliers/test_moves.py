"""The states of suppliers: which moves there are, row by row, and that every other is refused."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.errors import Conflict
from app.suppliers.models import SupplierStatusChange
from app.suppliers.rules import MOVES, OWN_MOVES
from app.suppliers.service import decide
from tests import factories

TABLE = {
    "APPLIED": "IN_REVIEW NEEDS_INFO TESTING ACTIVE REJECTED",
    "IN_REVIEW": "NEEDS_INFO TESTING ACTIVE REJECTED",
    "NEEDS_INFO": "IN_REVIEW REJECTED",
    "TESTING": "ACTIVE NEEDS_INFO REJECTED",
    "ACTIVE": "SUSPENDED TERMINATED",
    "SUSPENDED": "ACTIVE TERMINATED",
    "REJECTED": "APPLIED",
    "TERMINATED": "",
}


def test_the_table_is_this_one() -> None:
    assert {state: set(moves.split()) for state, moves in TABLE.items()} == {k: set(v) for k, v in MOVES.items()}


def test_what_a_supplier_moves_itself_are_moves() -> None:
    assert all(wanted in MOVES[current] for current, wanted in OWN_MOVES)
    assert not [wanted for _, wanted in OWN_MOVES if wanted in ("ACTIVE", "TESTING")]


def test_every_move_is_made_with_history_or_refused(session: Session) -> None:
    supplier = factories.supplier(session, active=False)
    count = select(func.count()).select_from(SupplierStatusChange)
    for current, wanted in itertools.product(TABLE, TABLE):
        supplier.status = current
        session.flush()
        before = session.scalar(count) or 0
        if wanted in TABLE[current].split():
            decide(session, supplier.id, wanted, reason="because")
            newest = session.scalars(select(SupplierStatusChange).order_by(SupplierStatusChange.id.desc())).first()
            assert newest is not None
            assert (newest.from_status, newest.to_status, newest.reason) == (current, wanted, "because")
            assert supplier.status == wanted
        else:
            with pytest.raises(Conflict):
                decide(session, supplier.id, wanted, reason="because")
            assert supplier.status == current
            assert session.scalar(count) == before
