"""Jobs and outbox: what waits, what runs, what gave up and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.audit import service as audit
from app.kit.texts import marked as _
from app.outbox import queries as outbox
from app.outbox.models import TaskState
from app.outbox.service import retry_tasks, skip_task
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext
from app.web.ui.statuses import shown

pages = Pages(__name__, nav=Nav(_("Jobs"), "jobs", 40, permission="jobs.read"))


@pages.get("/jobs", permission="jobs.read")
def jobs() -> Any:
    """Tasks by state; those that gave up are grouped by reason above."""
    name = request.args.get("state", "")
    state = TaskState[name] if name in TaskState.__members__ else None
    with db.transaction() as session:
        page = outbox.tasks(
            session, state=state, job=request.args.get("job"), limit=50, cursor=request.args.get("cursor")
        )
        context: dict[str, Any] = {
            "tasks": [(one, TaskState(one.state).name) for one in page.items],
            "next_cursor": page.next_cursor,
            "groups": outbox.dead_groups(session),
            "queues": outbox.queue_figures(session),
            "views": [{"label": gettext("All"), "href": page_url("jobs.jobs"), "current": state is None}]
            + [
                {
                    "label": gettext(shown("task", one.name).label),
                    "href": page_url("jobs.jobs", state=one.name),
                    "current": one is state,
                }
                for one in TaskState
            ],
        }
    return pages.render("jobs.html", **context)


@pages.post("/jobs/<uuid:task_id>/retry", permission="jobs.write")
def try_again(task_id: UUID) -> Any:
    """Give a task a fresh start."""
    who = principal()
    with db.transaction() as session:
        retry_tasks(session, [task_id])
        audit.record(session, who.organisation_id, "jobs.retried", "task", task_id)
    return go(page_url("jobs.jobs", state="DEAD", done="tried_again"))


@pages.post("/jobs/<uuid:task_id>/skip", permission="jobs.write")
def give_up(task_id: UUID) -> Any:
    """Leave a task undone, with a reason."""
    who = principal()
    with db.transaction() as session:
        skip_task(session, task_id, request.form.get("reason", "") or "no reason given")
        audit.record(session, who.organisation_id, "jobs.skipped", "task", task_id)
    return go(page_url("jobs.jobs", state="DEAD", done="skipped"))
