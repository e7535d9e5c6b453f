"""Work that was given up after its last try: the platform's to look at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.outbox.models import Task, TaskState


def _query(_now: datetime) -> Select[Any]:
    return rows(
        "dead_task",
        subject_id=Task.id,
        since=func.coalesce(Task.finished_at, Task.created_at),
        ball=Party.PLATFORM.value,
        name=Task.job,
        detail=func.jsonb_build_object("reason", Task.last_error),
    ).where(Task.state == int(TaskState.DEAD))


KIND = Kind(
    name="dead_task",
    label=_("Work given up"),
    subject="task",
    query=_query,
    told={
        "": Told(
            heading=_("Work was given up"),
            advice={Party.PLATFORM: _("Mend the cause and try it again, or skip it.")},
            severity="critical",
        )
    },
)
