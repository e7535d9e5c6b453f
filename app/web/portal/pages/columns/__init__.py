"""What the columns of a file hold: each with its guess and the reason, to be corrected beside a live preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.adapters import registries
from app.config import settings
from app.feeds import queries as feeds
from app.feeds.feed import Limits
from app.feeds.files import storage
from app.feeds.models import FeedRun
from app.feeds.preview import Preview, preview
from app.feeds.rules.fields import FIELDS
from app.feeds.service import change_mapping
from app.kit.errors import AppError, Conflict, Invalid
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_OPEN = ("NEEDS_MAPPING", "READY", "FAILED")


@pages.get("/uploads/<uuid:run_id>/columns", permission="products.write")
def columns(run_id: UUID) -> Any:
    """The columns, and the first rows as they would be taken over."""
    run = _run(run_id)
    if run.state not in _OPEN or not run.detected.get("columns"):
        return go(page_url("uploads.detail", run_id=run_id))
    return _shown(run, run.mapping)


@pages.post("/uploads/<uuid:run_id>/columns", permission="products.write")
def confirm(run_id: UUID) -> Any:
    """Keep what was chosen; the file is read with it. With ``look``: only show the preview."""
    run = _run(run_id)
    chosen = _chosen(run)
    if request.form.get("look"):
        return _shown(run, chosen)
    try:
        with db.transaction() as session:
            change_mapping(session, principal().organisation_id, run_id, chosen)
    except (Invalid, Conflict) as error:
        return _shown(run, chosen, error)
    return go(page_url("uploads.detail", run_id=run_id, done="columns_confirmed"))


@pages.post("/uploads/<uuid:run_id>/columns/preview", permission="products.write")
def look(run_id: UUID) -> Any:
    """The preview alone, as the page asks for it while columns are chosen."""
    run = _run(run_id)
    return pages.render("preview.html", preview=_preview(run, _chosen(run)), currency=principal().currency)


def _run(run_id: UUID) -> FeedRun:
    with db.transaction() as session:
        return feeds.feed_run(session, principal().organisation_id, run_id)


def _chosen(run: FeedRun) -> dict[str, str]:
    """Column → field, as the form says. Columns go by their place, since their names may be anything."""
    names = [str(column["column"]) for column in run.detected.get("columns", [])]
    fields = {name: request.form.get(f"column-{index}", "") for index, name in enumerate(names)}
    return {name: field for name, field in fields.items() if field}


def _preview(run: FeedRun, mapping: Mapping[str, str]) -> Preview:
    try:
        with storage().open(run.file_key) as stream:
            return preview(
                registries.feeds.get(run.feed),
                stream,
                Limits(rows=settings().upload_max_rows),
                currency=principal().currency,
                mapping=mapping,
                figures_only=run.kind == "stock_price",
            )
    except FileNotFoundError:
        return Preview([], gettext("The file is no longer there. Upload it again."))


def _shown(run: FeedRun, mapping: Mapping[str, str], error: AppError | None = None) -> Any:
    drift = run.detected.get("drift") or {}
    renamed = {str(one["new"]): one for one in drift.get("renamed", [])}
    return pages.render(
        "columns.html",
        422 if error else 200,
        run=run,
        mapping=mapping,
        drift=drift,
        renamed=renamed,
        added=set(drift.get("added", [])),
        fields=[("", gettext("– not used –")), *((name, gettext(label)) for name, label in FIELDS.items())],
        preview=_preview(run, mapping),
        currency=principal().currency,
        problem=problems(error).get("mapping", error.detail) if error else None,
    )
