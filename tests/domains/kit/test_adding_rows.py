"""Rows are the same in the database whether few of them are added, or so many that they go by COPY."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app import db
from app.db import add_rows, table_of
from app.feeds.models import FeedRow
from app.kit.copy_text import copy_lines
from app.kit.ids import new_id
from tests import factories

_MANY = 300
_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.usefixtures("system")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=10, deadline=None
)
@given(st.lists(st.tuples(_TEXTS, st.dictionaries(_TEXTS, _DOCUMENTS, max_size=3), st.booleans()), max_size=5))
def test_many_rows_are_as_few_would_be(session: Session, some: list[tuple[str, dict[str, Any], bool]]) -> None:
    supplier_id = factories.supplier(session).id
    told = [*some, *[("plain", {"a": 1}, False)] * (_MANY - len(some))]

    def added(at_once: int) -> list[tuple[object, ...]]:
        run_id = new_id()
        rows = [_row(run_id, supplier_id, number, *one) for number, one in enumerate(told)]
        for start in range(0, len(rows), at_once):
            add_rows(session, FeedRow, rows[start : start + at_once])
        kept = table_of(FeedRow)
        columns = [column for column in kept.c if column.name != "run_id"]
        found = session.execute(select(*columns).where(kept.c.run_id == run_id).order_by(kept.c.row)).all()
        session.execute(delete(FeedRow).where(FeedRow.run_id == run_id))
        return [tuple(row) for row in found]

    assert added(_MANY) == added(_MANY // 3)


def _row(run_id: UUID, supplier_id: UUID, number: int, said: str, record: dict[str, Any], same: bool) -> dict[str, Any]:
    return {
        "run_id": run_id, "row": number, "supplier_id": supplier_id, "handle": said, "sku": said[::-1], "action": "new",
        "record": record, "changes": {}, "problems": [{"message": said}], "same": same,
    }  # fmt: skip


def test_values_are_written_as_the_database_reads_them() -> None:
    moment = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
    number = UUID("01a22799-2cdf-751b-a955-20f03e94bb88")
    rows = [(None, True, 1, moment, number, b"\x01"), ("a\tb\\\n", False, -2, moment, number, b"")]
    assert copy_lines(rows).decode().splitlines() == [
        f"\\N\tt\t1\t2026-11-29T12:30:00+00:00\t{number.hex}\t\\\\x01",
        f"a\\tb\\\\\\n\tf\t-2\t2026-11-29T12:30:00+00:00\t{number.hex}\t\\\\x",
    ]
    assert copy_lines([]) == b""
    with pytest.raises(TypeError, match="JSON"):
        copy_lines([(["a"],)])


def test_rows_behind_row_level_security_are_checked_by_it(engine: None) -> None:
    rows = [_row(new_id(), new_id(), number, "a", {}, False) for number in range(_MANY)]
    with (
        db.tenant_scope(new_id(), actor="test"),
        pytest.raises(ProgrammingError, match="row-level security"),
        db.transaction() as session,
    ):
        add_rows(session, FeedRow, rows)
