"""Product files: upload, see what was understood and what it would change, take it over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, stream_with_context
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.config import settings
from app.feeds import queries as feeds
from app.feeds.feed import Limits
from app.feeds.files import storage
from app.feeds.missing import policy_of
from app.feeds.models import FeedRun
from app.feeds.reading import HEAD, recognised
from app.feeds.rejected import rejected_csv
from app.feeds.rules.choices import Choices
from app.feeds.service import cancel, discard, keep_file, receive_upload, want_applied, want_rolled_back
from app.feeds.template import template_csv
from app.insights.feed_effects import store_effects
from app.kit.errors import Conflict, Invalid, Rejected
from app.kit.texts import marked as _
from app.suppliers.models import Supplier
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.portal.pages.missing import in_words
from app.web.portal.pages.uploads.telling import changes_of, field_words, names_of, told_by, understood, undone
from app.web.ui.rendering import gettext

#: Findings of a held file, in words.
_HELD = {
    "fewer_rows": _("%(percent)s %% fewer rows than in the file before (limit %(limit)s %%)"),
    "missing": _(
        "%(percent)s %% of the SKUs are no longer in the file and would be set to 0 or taken off sale "
        "(limit %(limit)s %%)"
    ),
    "to_zero": _("%(percent)s %% of what is in stock would be sold out (limit %(limit)s %%)"),
    "rejected": _("%(percent)s %% of the rows are rejected (limit %(limit)s %%)"),
    "median_price": _("Wholesale prices move by %(percent)s %%, typically (limit %(limit)s %%)"),
    "moved_prices": _("%(percent)s %% of the wholesale prices move by more than %(by)s %% (limit %(limit)s %%)"),
    "far_prices": _("Wholesale prices would be more than %(limit)s times as high or as low"),
    "weights": _("%(percent)s %% of the weights would be twice as much or more, or half or less (limit %(limit)s %%)"),
    "other_currency": _("%(percent)s %% of the rows have prices in another currency (limit %(limit)s %%)"),
}
pages = Pages(__name__, nav=Nav(_("Uploads"), "uploads", 20, permission="products.write"))
#: What a file may be, in words; without a choice it is found out.
_KINDS = {
    "full": _("Full list: products with titles and prices"),
    "stock_price": _("Stock and prices only, of SKUs that you have"),
}
#: What it would do to stores is shown.
_UNDECIDED = ("READY", "QUARANTINED")
_ACTIONS = ("new", "changed", "rejected", "unchanged", "merged")
_CHUNK = 256 * 1024
#: Bytes of the form around a file.
_FORM = 64 * 1024


@pages.get("/uploads", permission="products.write")
def uploads() -> Any:
    """Files so far, and a place for the next."""
    return _uploads()


def _uploads(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        page = feeds.runs(session, principal().organisation_id, limit=20, cursor=request.args.get("cursor"))
        missing = in_words(policy_of(session, principal().organisation_id))
    return pages.render(
        "uploads.html",
        status,
        runs=page.items,
        next_cursor=page.next_cursor,
        largest=settings().upload_max_bytes // (1024 * 1024),
        missing=missing,
        kinds=[(name, gettext(label)) for name, label in _KINDS.items()],
        kind=request.values.get("content", ""),
        errors=errors or {},
    )


def _largest() -> int:
    """The form around the file included."""
    return settings().upload_max_bytes + _FORM


@pages.post("/uploads", permission="products.write", largest=_largest)
def receive() -> Any:
    """Keep the file; a job reads it."""
    try:
        run_id = _received()
    except Invalid as error:
        return _uploads(422, problems(error))
    return go(page_url("uploads.detail", run_id=run_id))


def _received() -> UUID:
    """Keep the file that came. Raises ``Invalid`` for what is no file that we read."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid.field("file", "required", gettext(_("Choose a file first.")))
    kind = request.form.get("content") or None
    if kind is not None and kind not in _KINDS:
        raise Invalid.field("content", "unknown", gettext(_("Choose what is in the file.")))
    head = sent.stream.read(HEAD)
    sent.stream.seek(0)
    try:
        feed = recognised(registries.feeds.all(), head, sent.filename)
    except Rejected as error:
        advice = gettext(_("We can not read this. Save your list as CSV, Excel, XML or JSON."))
        raise Invalid.field(
            "file", error.code, error.message if error.code in ("empty", "no_list") else advice
        ) from error
    key, stored = keep_file(iter(lambda: sent.stream.read(_CHUNK), b""))
    with db.transaction() as session:
        run = receive_upload(
            session,
            principal().organisation_id,
            file_name=sent.filename,
            feed=feed,
            file_key=key,
            stored=stored,
            kind=kind,
        )
        return run.id


@pages.get("/uploads/template.csv", permission="products.write")
def template() -> Any:
    """Our template with example rows."""
    return Response(
        template_csv(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="crossdock-products.csv"'},
    )


@pages.get("/uploads/<uuid:run_id>", permission="products.write")
def detail(run_id: UUID) -> Any:
    """What was understood, what it would change, what is wrong."""
    action = request.args.get("action", "")
    with db.transaction() as session:
        run = feeds.feed_run(session, principal().organisation_id, run_id)
        page = feeds.rows(
            session,
            run,
            action=action if action in _ACTIONS else None,
            limit=25,
            cursor=request.args.get("cursor"),
        )
        used, unused = understood(run)
        context: dict[str, Any] = {
            "run": run,
            "rows": page.items,
            "next_cursor": page.next_cursor,
            "problems": feeds.problem_groups(session, run),
            "held": _held(run) if run.state == "QUARANTINED" else [],
            "undoable": run.state in ("APPLIED", "CANCELLED") and feeds.why_not_undone(session, run) is None,
            "left": _left(session, run),
            "changes": {row.row: changes_of(row, principal().currency) for row in page.items},
            "told": {row.row: told_by(row, principal().currency) for row in page.items if row.action == "new"},
            "understood": used,
            "unused": unused,
            "currency": session.get_one(Supplier, run.supplier_id).currency,
            "views": [
                {"label": gettext("All"), "href": page_url("uploads.detail", run_id=run_id), "current": not action}
            ]
            + [
                {
                    "label": gettext(name.capitalize()),
                    "href": page_url("uploads.detail", run_id=run_id, action=name),
                    "current": name == action,
                    "count": run.counts.get(name),
                }
                for name in _ACTIONS
                if run.counts.get(name)
            ],
        }
    effects = None
    if run.state in _UNDECIDED and (run.counts.get("changed") or run.detected.get("missing", {}).get("due")):
        with db.system_scope(actor=principal().actor), db.transaction() as session:
            effects = store_effects(session, run)
    return pages.render("detail.html", effects=effects, **context)


def _left(session: Session, run: FeedRun) -> tuple[list[tuple[str, str]], int]:
    if run.state != "ROLLED_BACK":
        return [], 0
    found, total = feeds.left_alone(session, run)
    return [(name, field_words(field)) for name, field in found], total


def _held(run: FeedRun) -> list[dict[str, Any]]:
    return [
        {**one, "text": gettext(_HELD[one["kind"]]) % {name: one.get(name) for name in ("percent", "limit", "by")}}
        for one in run.detected.get("held", [])
    ]


@pages.post("/uploads/<uuid:run_id>/apply", permission="products.write")
def take_over(run_id: UUID) -> Any:
    """Take the file over."""
    with db.transaction() as session:
        want_applied(session, principal().organisation_id, run_id)
    return go(page_url("uploads.detail", run_id=run_id))


@pages.post("/uploads/<uuid:run_id>/discard", permission="products.write")
def throw_away(run_id: UUID) -> Any:
    """Leave the file alone."""
    with db.transaction() as session:
        discard(session, principal().organisation_id, run_id)
    return go(page_url("uploads.uploads", done="file_discarded"))


@pages.post("/uploads/<uuid:run_id>/cancel", permission="products.write")
def stop(run_id: UUID) -> Any:
    """Stop taking it over."""
    with db.transaction() as session:
        cancel(session, principal().organisation_id, run_id)
    return go(page_url("uploads.detail", run_id=run_id))


@pages.get("/uploads/<uuid:run_id>/roll-back", permission="products.write")
def look_back(run_id: UUID) -> Any:
    """What rolling the file back would undo, and what it would leave."""
    with db.transaction() as session:
        run = feeds.feed_run(session, principal().organisation_id, run_id)
        if run.state in ("ROLLING_BACK", "ROLLED_BACK"):
            return go(page_url("uploads.detail", run_id=run_id))
        reason = feeds.why_not_undone(session, run)
        counts = feeds.undo_counts(session, run) if reason is None else []
        back = feeds.undo_examples(session, run, left=False) if reason is None else []
        left = feeds.undo_examples(session, run, left=True) if reason is None else []
        currency = session.get_one(Supplier, run.supplier_id).currency
        names = names_of(session, run.supplier_id, [*back, *left])
    return pages.render(
        "roll_back.html",
        run=run,
        reason=gettext(reason) if reason else None,
        counts=[(field_words(one.field, one.kind), one.back, one.left) for one in counts if one.back or one.left],
        back=[undone(one, currency, names) for one in back],
        left=[undone(one, currency, names) for one in left],
    )


@pages.post("/uploads/<uuid:run_id>/roll-back", permission="products.write")
def undo(run_id: UUID) -> Any:
    """Roll it back."""
    with db.transaction() as session:
        want_rolled_back(session, principal().organisation_id, run_id)
    return go(page_url("uploads.detail", run_id=run_id))


@pages.get("/uploads/<uuid:run_id>/rejected.csv", permission="products.write")
def rejected(run_id: UUID) -> Any:
    """The rejected rows with their reasons, in the file's own columns."""
    with db.transaction() as session:
        run = feeds.feed_run(session, principal().organisation_id, run_id)
        rows = feeds.rejected_rows(session, run)
    try:
        stream = storage().open(run.file_key) if run.file_key else None
    except FileNotFoundError:
        stream = None
    if stream is None:
        raise Conflict(gettext(_("The file is no longer kept. Upload it again.")), code="file_gone")
    with stream:
        limits = Limits(rows=settings().upload_max_rows)
        record = Choices.from_json(run.detected.get("choices")).record
        feed = registries.feeds.get(run.feed)
        lines = list(rejected_csv(feed, stream, limits, run.mapping, rows, record=record))
    return Response(
        stream_with_context(iter(lines)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="rejected.csv"'},
    )
