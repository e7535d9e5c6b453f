"""Tasks as they are written into their table: once for what they are named after, or gathered where a job asks so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    case,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from app.db import table_of
from app.kit.ids import new_id
from app.outbox.models import Task
from workers.job import GATHERED_AT_MOST, GATHERED_FOR
from workers.registry import jobs


def task_row(
    *,
    job: str,
    key: str,
    payload: dict[str, Any],
    organisation_id: UUID | None = None,
    event_id: int | None = None,
    inbox_id: UUID | None = None,
    tick: str | None = None,
) -> dict[str, Any]:
    """A task as it goes into the table."""
    declared = jobs()[job]
    return {
        "id": new_id(),
        "job": job,
        "queue": declared.queue,
        "key": key,
        "coalesce_key": key if declared.coalesce or declared.gather else None,
        "payload": payload,
        "organisation_id": organisation_id,
        "event_id": event_id,
        "inbox_id": inbox_id,
        "tick": tick,
    }


def add_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add tasks; those that are there already, or that a waiting one stands for, are left out."""
    single: list[dict[str, Any]] = []
    gathered: list[dict[str, Any]] = []
    for row in rows:
        (gathered if jobs()[row["job"]].gather else single).append(row)
    if single:
        # The rows travel as one parameter: one statement for any number of them.
        session.connection().exec_driver_sql(_ADDING, (orjson.dumps(single, default=str).decode(),))
    for row in _gathered(gathered):
        session.connection().execute(_gathering(str(jobs()[row["job"]].gather)), row)


#: All that a task's row is made with; the rest has the database's defaults.
_MADE_WITH = (
    "id", "job", "queue", "key", "coalesce_key", "payload", "organisation_id", "event_id", "inbox_id", "tick",
)  # fmt: skip
_ADDING = (
    f"insert into tasks ({', '.join(_MADE_WITH)}) select {', '.join(_MADE_WITH)} "  # noqa: S608 - our own names
    "from json_populate_recordset(null::tasks, %s) on conflict do nothing"
)


def _gathered(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one job and key made one, or a few where that would have too many entries."""
    found: list[dict[str, Any]] = []
    open_rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        field, place = str(jobs()[row["job"]].gather), (row["job"], row["key"])
        into = open_rows.get(place)
        if into is None:
            into = open_rows[place] = {**row, "payload": {**row["payload"], "event": dict(row["payload"]["event"])}}
            found.append(into)
        else:
            event = into["payload"]["event"]
            event[field] = list(dict.fromkeys([*event[field], *row["payload"]["event"][field]]))
        if len(into["payload"]["event"][field]) >= GATHERED_AT_MOST:
            into["coalesce_key"] = None
            del open_rows[place]
    return found


@cache
def _gathering(field: str) -> Insert:
    """Add a task, or its entries to the one that waits."""
    new = insert(table_of(Task)).values({"available_at": func.now() + timedelta(seconds=GATHERED_FOR)})
    there = table_of(Task).c.payload
    entries = func.jsonb_path_query_array(
        func.jsonb_build_array(there["event"][field], new.excluded.payload["event"][field]), "$[*][*]"
    )
    return new.on_conflict_do_update(
        index_elements=["job", "coalesce_key"],
        index_where=text("state in (0, 1) and coalesce_key is not null"),
        set_={
            "payload": func.jsonb_set(there, text(f"'{{event,{field}}}'"), entries),
            "coalesce_key": case(
                (func.jsonb_array_length(entries) >= GATHERED_AT_MOST, None), else_=table_of(Task).c.coalesce_key
            ),
        },
    )
