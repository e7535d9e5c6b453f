"""Feeds: where files come from by themselves, how they do, and trying one out."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.adapters import registries
from app.config import settings
from app.feeds import queries as feeds
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.missing import policy_of
from app.feeds.models import FeedSource
from app.feeds.reading import HEAD, recognised
from app.feeds.rules.schedule import DEFAULT_MINUTES
from app.feeds.service import (
    SourceSpec,
    access_of,
    add_source,
    change_source,
    fetch_now,
    forget_host_key,
    note_test,
    note_test_failed,
    own_source,
    pause_source,
    remove_source,
)
from app.feeds.service.sources import PUSH
from app.feeds.source import Access, AddressRefused, FeedTransport, fingerprint, in_words
from app.kit.errors import AdapterError, Invalid, NotFound
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.portal.pages.missing import in_words as missing_in_words
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Feeds"), "feeds_list", 21, permission="products.write"))

#: A test must come back while somebody waits for the page.
_TEST_SECONDS = 18.0
_SHOWN_ROWS, _SHOWN_COLUMNS, _SHOWN_CHARACTERS = 5, 40, 80
_INTERVALS = (5, 10, 15, 30, 60, 180, 360, 720, 1440, 10080)
_CONTENTS = {
    "full": _("The whole catalogue"),
    "stock_price": _("Stock and wholesale prices of products that are there already"),
}


@pages.get("/feeds", permission="products.write")
def feeds_list() -> Any:
    """All sources and how they do."""
    with db.transaction() as session:
        found = feeds.sources(session, principal().organisation_id)
        states = feeds.run_states(session, found)
        shown = [(one, feeds.health(one, states.get(one.id)), _every(one.every_minutes)) for one in found]
    return pages.render("feeds.html", sources=shown, kinds=_kinds(), contents=_labels(_CONTENTS))


@pages.get("/feeds/new", permission="products.write")
def new_feed() -> Any:
    """An empty form for one kind."""
    kind = request.args.get("kind", "https")
    if kind not in _kinds():
        raise NotFound("kind of feed")
    return _form(None, kind, {"content": "full", "every_minutes": ""})


@pages.post("/feeds/new", permission="products.write")
def create_feed() -> Any:
    """Add a source."""
    kind = request.form.get("kind", "")
    if kind not in _kinds():
        raise NotFound("kind of feed")
    try:
        spec, schemes = _sent_spec(kind)
        with db.transaction() as session:
            source = add_source(session, principal().organisation_id, spec, schemes=schemes)
    except (Invalid, AddressRefused) as error:
        return _form(None, kind, request.form, _problems(error))
    return go(page_url("feeds.detail", source_id=source.id, done="feed_added" if kind != PUSH else "pushed_feed_added"))


@pages.get("/feeds/<uuid:source_id>", permission="products.write")
def detail(source_id: UUID) -> Any:
    """How a source does, what came of it, what its columns are."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        source = own_source(session, supplier_id, source_id)
        states = feeds.run_states(session, [source])
        history = feeds.fetches(session, source, limit=20, cursor=request.args.get("cursor"))
        test = feeds.newest_test(session, source)
        templates = feeds.templates(session, supplier_id, source_id)
        access = access_of(source)
        missing = policy_of(session, source_id) if source.content == "full" else None
    host_key = source.marks.get("host_key")
    return pages.render(
        "detail.html",
        source=source,
        health=feeds.health(source, states.get(source.id)),
        kind=_kinds()[source.kind],
        every=_every(source.every_minutes),
        content=gettext(_CONTENTS[source.content]),
        signs_in=_signs_in(source, access),
        missing=missing_in_words(missing) if missing else None,
        host_key=fingerprint(host_key) if host_key else None,
        history=history.items,
        next_cursor=history.next_cursor,
        test=test,
        templates=templates,
        push_address=f"{settings().public_url}/api/supplier/feeds/{source.id}/push",
    )


@pages.get("/feeds/<uuid:source_id>/edit", permission="products.write")
def edit(source_id: UUID) -> Any:
    """The form of a source. What is secret is not shown again."""
    with db.transaction() as session:
        source = own_source(session, principal().organisation_id, source_id)
        access = access_of(source)
    values = {
        "name": source.name,
        "address": source.address,
        "content": source.content,
        "every_minutes": source.every_minutes,
        "scheme": access.scheme,
        "user": access.name,
    }
    return _form(source_id, source.kind, values, known=access.scheme != "none")


@pages.post("/feeds/<uuid:source_id>/edit", permission="products.write")
def save(source_id: UUID) -> Any:
    """Change a source."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        source = own_source(session, supplier_id, source_id)
        access = access_of(source)
    try:
        spec, schemes = _sent_spec(source.kind, access)
        with db.transaction() as session:
            change_source(session, supplier_id, source_id, spec, schemes=schemes)
    except (Invalid, AddressRefused) as error:
        return _form(source_id, source.kind, request.form, _problems(error), known=access.scheme != "none")
    return go(page_url("feeds.detail", source_id=source_id, done="saved"))


@pages.post("/feeds/<uuid:source_id>/pause", permission="products.write")
def pause(source_id: UUID) -> Any:
    """Look no more, or again."""
    with db.transaction() as session:
        pause_source(session, principal().organisation_id, source_id, paused=request.form.get("paused") == "1")
    return go(page_url("feeds.detail", source_id=source_id, done="saved"))


@pages.post("/feeds/<uuid:source_id>/remove", permission="products.write")
def remove(source_id: UUID) -> Any:
    """End it."""
    with db.transaction() as session:
        remove_source(session, principal().organisation_id, source_id)
    return go(page_url("feeds.feeds_list", done="feed_removed"))


@pages.post("/feeds/<uuid:source_id>/forget-key", permission="products.write")
def forget_key(source_id: UUID) -> Any:
    """The server was set up anew."""
    with db.transaction() as session:
        forget_host_key(session, principal().organisation_id, source_id)
    return go(page_url("feeds.detail", source_id=source_id, done="host_key_forgotten"))


@pages.post("/feeds/<uuid:source_id>/fetch", permission="products.write")
def fetch(source_id: UUID) -> Any:
    """Fetch at once."""
    with db.transaction() as session:
        fetch_now(session, principal().organisation_id, source_id)
    return go(page_url("feeds.detail", source_id=source_id, done="feed_fetched"))


@pages.post("/feeds/<uuid:source_id>/test", permission="products.write")
def test(source_id: UUID) -> Any:
    """Fetch the file and show its first rows; nothing is taken over."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        source = own_source(session, supplier_id, source_id)
        access = access_of(source)
    transport = registries.sources.all().get(source.kind)
    if transport is None:
        raise NotFound("feed that can be fetched")
    try:
        sample, marks = _sample(transport, source, access)
    except (AdapterError, UnreadableFile) as error:
        message = in_words(error) if isinstance(error, AdapterError) else str(error)
        with db.transaction() as session:
            note_test_failed(session, own_source(session, supplier_id, source_id, lock=True), message)
    else:
        with db.transaction() as session:
            note_test(session, own_source(session, supplier_id, source_id, lock=True), marks, sample)
    return go(page_url("feeds.detail", source_id=source_id, done="feed_tested"))


def _sample(transport: FeedTransport, source: FeedSource, access: Access) -> tuple[dict[str, Any], dict[str, str]]:
    """The first rows of the file, as text. Raises the errors of adapters and ``UnreadableFile``."""
    known = {name: value for name, value in source.marks.items() if name == "host_key"}
    with tempfile.TemporaryFile() as file:
        brought = transport.fetch(
            source.address,
            access,
            known,
            into=file,
            largest=settings().upload_max_bytes,
            total_seconds=_TEST_SECONDS,
        )
        size = file.tell()
        file.seek(0)
        feed = registries.feeds.get(recognised(registries.feeds.all(), file.read(HEAD), brought.file_name))
        file.seek(0)
        table = feed.open(file, Limits(rows=settings().upload_max_rows))
        rows = [
            [cell[:_SHOWN_CHARACTERS] for cell in row.cells[:_SHOWN_COLUMNS]] for row in islice(table.rows, _SHOWN_ROWS)
        ]
    sample = {
        "file_name": brought.file_name[:200],
        "size": size,
        "format": feed.label,
        "columns": [column[:_SHOWN_CHARACTERS] for column in table.columns[:_SHOWN_COLUMNS]],
        "rows": rows,
    }
    return sample, dict(brought.marks)


def _form(
    source_id: UUID | None, kind: str, values: Any, errors: dict[str, Any] | None = None, *, known: bool = False
) -> Any:
    transport = registries.sources.all().get(kind)
    return pages.render(
        "form.html",
        422 if errors else 200,
        source_id=source_id,
        kind=kind,
        label=_kinds()[kind],
        example=transport.example if transport else "",
        schemes=[(name, gettext(label)) for name, label in transport.schemes] if transport else [],
        contents=list(_labels(_CONTENTS).items()),
        intervals=[("", gettext(_("As usual: stock every 5 minutes, the catalogue daily")))]
        + [(minutes, _every(minutes)) for minutes in _INTERVALS],
        values=values,
        errors=errors or {},
        known=known,
    )


def _sent_spec(kind: str, before: Access | None = None) -> tuple[SourceSpec, list[str]]:
    """What the form says, and the ways to sign in of its kind. Raises ``Invalid`` and ``AddressRefused``."""
    sent = Sent()
    name, content = sent.text("name", longest=100, required=True), sent.text("content", longest=20)
    if content not in DEFAULT_MINUTES:
        raise Invalid.field("content", "unknown", gettext(_("Choose what the file holds.")))
    transport = registries.sources.all().get(kind)
    if transport is None:
        sent.check()
        return SourceSpec(name=name, kind=kind, content=content), []
    address = sent.text("address", longest=2000, required=True)
    minutes = sent.whole("every_minutes", 5, 10080) if sent.values.get("every_minutes") else None
    scheme, user = sent.text("scheme", longest=20), sent.text("user", longest=200)
    secret = sent.values.get("private_key" if scheme == "key" else "secret", "").strip()[:20_000]
    sent.check()
    transport.check_address(address)
    schemes = [one for one, _label in transport.schemes]
    access: Access | None = Access("none") if scheme == "none" else Access(scheme, user, secret)
    if before is not None and scheme != "none" and not secret and (scheme, user) == (before.scheme, before.name):
        access = None
    return SourceSpec(
        name=name, kind=kind, address=address, access=access, content=content, every_minutes=minutes
    ), schemes


def _problems(error: Invalid | AddressRefused) -> dict[str, Any]:
    return {"address": error.detail} if isinstance(error, AddressRefused) else problems(error)


def _kinds() -> dict[str, str]:
    """Every kind of source and its label."""
    return {**{name: one.label for name, one in registries.sources.all().items()}, PUSH: gettext(_("Pushed by you"))}


def _labels(texts: dict[str, str]) -> dict[str, str]:
    return {name: gettext(text) for name, text in texts.items()}


def _every(minutes: int) -> str:
    """An interval in words."""
    if minutes == 0:
        return gettext(_("When you push it"))
    interval = timedelta(minutes=minutes)
    if interval >= timedelta(days=1):
        days = interval.days
        return gettext(_("Every day")) if days == 1 else gettext(_("Every %(n)s days")) % {"n": days}
    if minutes % 60 == 0:
        hours = minutes // 60
        return gettext(_("Every hour")) if hours == 1 else gettext(_("Every %(n)s hours")) % {"n": hours}
    return gettext(_("Every %(n)s minutes")) % {"n": minutes}


def _signs_in(source: FeedSource, access: Access) -> str:
    transport = registries.sources.all().get(source.kind)
    label = dict(transport.schemes).get(access.scheme, "") if transport else ""
    shown = gettext(label) if label else "–"
    return f"{shown}: {access.name}" if access.name else shown
