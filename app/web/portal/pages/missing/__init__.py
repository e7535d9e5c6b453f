"""SKUs that a full file no longer names: what becomes of them, as the supplier chooses, and which they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from app import db
from app.feeds import queries as feeds
from app.feeds.missing import missing_csv, missing_now, missing_page, policy_of
from app.feeds.rules.missing import MOST_DAYS, MOST_FILES, POLICIES, MissingPolicy
from app.feeds.service import change_policy, own_source, want_applied
from app.kit.errors import Conflict, Invalid
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext, ngettext

pages = Pages(__name__)
_LABELS: Mapping[str, str] = {
    "keep": _("Leave it as it is"),
    "zero": _("Set its stock to 0"),
    "end": _("Take it off sale"),
}
#: What becomes, or became, of one.
_WHAT: Mapping[str, str] = {
    "zero": _("Stock set to 0"),
    "end": _("Taken off sale"),
    "due_zero": _("Stock will be set to 0"),
    "due_end": _("Will be taken off sale"),
    "waits": _("Not missing for long enough yet"),
    "elsewhere": _("Another feed names it"),
    "ended": _("Was off sale already"),
    "kept": _("Left as it is"),
}
_PAGE = 50


def in_words(policy: MissingPolicy) -> str:
    """A policy in a few words."""
    text = gettext(_LABELS[policy.policy])
    if policy.policy != "keep" and policy.after_files > 1:
        text += ", " + gettext(_("once it was missing in %(n)s files in a row")) % {"n": policy.after_files}
    if policy.policy != "keep" and policy.after_days:
        text += ", " + ngettext("after %(num)s day", "after %(num)s days", policy.after_days)
    return text


@pages.get("/feeds/<uuid:source_id>/missing", permission="products.write")
def of_feed(source_id: UUID) -> Any:
    """What becomes of SKUs that a feed's files no longer name."""
    return _form(source_id)


@pages.post("/feeds/<uuid:source_id>/missing", permission="products.write")
def save_of_feed(source_id: UUID) -> Any:
    """Choose it."""
    return _save(source_id)


@pages.get("/uploads/missing", permission="products.write")
def of_uploads() -> Any:
    """What becomes of SKUs that an uploaded file no longer names."""
    return _form(None)


@pages.post("/uploads/missing", permission="products.write")
def save_of_uploads() -> Any:
    """Choose it."""
    return _save(None)


def _origin(session: Session, source_id: UUID | None) -> tuple[UUID, str]:
    """Whose files it is about, and its name for people. Raises ``NotFound``."""
    supplier_id = principal().organisation_id
    if source_id is None:
        return supplier_id, gettext(_("Uploads"))
    source = own_source(session, supplier_id, source_id)
    if source.content != "full":
        raise Conflict(
            gettext(_("A file of stock and prices need not name all products: what it leaves out stays.")),
            code="not_a_full_file",
        )
    return source.id, source.name


def _form(source_id: UUID | None, wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    with db.transaction() as session:
        origin, name = _origin(session, source_id)
        values = policy_of(session, origin).to_json()
        missing = missing_now(session, principal().organisation_id, [origin]).get(origin, 0)
    return pages.render(
        "policy.html",
        status,
        source_id=source_id,
        name=name,
        values=request.form if wrong else values,
        policies=[(key, gettext(_LABELS[key])) for key in POLICIES],
        missing=missing,
        most_files=MOST_FILES,
        most_days=MOST_DAYS,
        wrong=wrong or {},
    )


def _save(source_id: UUID | None) -> Any:
    sent = Sent()
    try:
        chosen = MissingPolicy(
            policy=sent.one_of("policy", POLICIES),
            after_files=sent.whole("after_files", 1, MOST_FILES),
            after_days=sent.whole("after_days", 0, MOST_DAYS),
        )
        sent.check()
        with db.transaction() as session:
            origin, _name = _origin(session, source_id)
            change_policy(session, principal().organisation_id, origin, chosen)
    except Invalid as error:
        return _form(source_id, problems(error), error.status)
    if source_id is None:
        return go(page_url("uploads.uploads", done="saved_for_files"))
    return go(page_url("feeds.detail", source_id=source_id, done="saved_for_files"))


@pages.get("/uploads/<uuid:run_id>/missing", permission="products.write")
def of_run(run_id: UUID) -> Any:
    """Which SKUs a file no longer names, and what becomes of each."""
    with db.transaction() as session:
        run = feeds.feed_run(session, principal().organisation_id, run_id)
        page = missing_page(session, run, limit=_PAGE, cursor=request.args.get("cursor"))
    return pages.render(
        "list.html",
        run=run,
        rows=page.items,
        next_cursor=page.next_cursor,
        words={key: gettext(text) for key, text in _WHAT.items()},
    )


@pages.post("/uploads/<uuid:run_id>/missing/keep", permission="products.write")
def keep(run_id: UUID) -> Any:
    """Take the file over, and leave what it no longer names as it is this time."""
    with db.transaction() as session:
        want_applied(session, principal().organisation_id, run_id, keep_missing=True)
    return go(page_url("uploads.detail", run_id=run_id))


@pages.get("/uploads/<uuid:run_id>/missing.csv", permission="products.write")
def download(run_id: UUID) -> Any:
    """All of them as a file."""
    with db.transaction() as session:
        run = feeds.feed_run(session, principal().organisation_id, run_id)
        words = {key: gettext(text) for key, text in _WHAT.items()}
        lines = list(missing_csv(session, run, words))
    return Response(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="missing.csv"'},
    )
