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
from app.feeds.rules.choices import NO_CHOICES, WEIGHT_UNITS, Choices, word_key
from app.feeds.rules.fields import FIELDS
from app.feeds.rules.stock_words import read_stock
from app.feeds.service import change_mapping, choose_record
from app.kit.errors import AppError, Conflict, Invalid
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_MOST = 300
_OPEN = ("NEEDS_MAPPING", "READY", "QUARANTINED", "FAILED")


@pages.get("/uploads/<uuid:run_id>/columns", permission="products.write")
def columns(run_id: UUID) -> Any:
    """The columns, and the first rows as they would be taken over."""
    run = _run(run_id)
    if run.state not in _OPEN or not (run.detected.get("columns") or run.detected.get("records")):
        return go(page_url("uploads.detail", run_id=run_id))
    return _shown(run, run.mapping, Choices.from_json(run.detected.get("choices")))


@pages.post("/uploads/<uuid:run_id>/columns", permission="products.write")
def confirm(run_id: UUID) -> Any:
    """Keep what was chosen; the file is read with it. With ``look``: only show the preview."""
    run = _run(run_id)
    chosen = _chosen(run)
    try:
        choices = _choices(run)
        if request.form.get("look"):
            return _shown(run, chosen, choices)
        with db.transaction() as session:
            change_mapping(session, principal().organisation_id, run_id, chosen, choices)
    except (Invalid, Conflict) as error:
        return _shown(run, chosen, NO_CHOICES, error)
    return go(page_url("uploads.detail", run_id=run_id, done="columns_confirmed"))


@pages.post("/uploads/<uuid:run_id>/columns/record", permission="products.write")
def pick(run_id: UUID) -> Any:
    """Read the file with the products where somebody says that they stand."""
    run = _run(run_id)
    try:
        with db.transaction() as session:
            choose_record(session, principal().organisation_id, run_id, request.form.get("record", ""))
    except (Invalid, Conflict) as error:
        return _shown(run, run.mapping, Choices.from_json(run.detected.get("choices")), error)
    return go(page_url("uploads.detail", run_id=run_id, done="record_chosen"))


@pages.post("/uploads/<uuid:run_id>/columns/preview", permission="products.write")
def look(run_id: UUID) -> Any:
    """The preview alone, as the page asks for it while columns are chosen."""
    run = _run(run_id)
    try:
        choices = _choices(run)
        shown = _preview(run, _chosen(run), choices)
    except Invalid as error:
        choices, shown = NO_CHOICES, Preview([], error.detail)
    return pages.render("preview.html", **_parts(shown, choices))


def _run(run_id: UUID) -> FeedRun:
    with db.transaction() as session:
        return feeds.feed_run(session, principal().organisation_id, run_id)


def _chosen(run: FeedRun) -> dict[str, str]:
    """Column → field, as the form says. Columns go by their place, since their names may be anything."""
    names = [str(column["column"]) for column in run.detected.get("columns", [])]
    fields = {name: request.form.get(f"column-{index}", "") for index, name in enumerate(names)}
    return {name: field for name, field in fields.items() if field}


def _choices(run: FeedRun) -> Choices:
    """What values mean, as the form says. Raises ``Invalid``. A word without a number stays unknown."""
    words: dict[str, int] = {}
    for word, units in zip(request.form.getlist("word")[:_MOST], request.form.getlist("units")[:_MOST], strict=False):
        if not units.strip():
            continue
        if not (units.strip().isascii() and units.strip().isdigit() and len(units.strip()) <= 9):
            raise Invalid.field("choices", "out_of_range", gettext(_("Stock is a whole number of units from 0 on.")))
        words[word_key(word)] = int(units)
    record = Choices.from_json(run.detected.get("choices")).record
    choices = Choices(words, request.form.get("weight_unit", ""), request.form.get("decimal_mark", ""), record)
    wrong = choices.check()
    if wrong is not None:
        raise Invalid.field("choices", "out_of_range", gettext(wrong))
    return choices


def _preview(run: FeedRun, mapping: Mapping[str, str], choices: Choices) -> Preview:
    try:
        with storage().open(run.file_key) as stream:
            return preview(
                registries.feeds.get(run.feed),
                stream,
                Limits(rows=settings().upload_max_rows),
                currency=principal().currency,
                mapping=mapping,
                choices=choices,
                figures_only=run.kind == "stock_price",
            )
    except FileNotFoundError:
        return Preview([], gettext("The file is no longer there. Upload it again."))


def _proposed(word: str) -> int | str:
    """The units that we take a word for; nothing for one that we don't know."""
    units = read_stock(word)
    return "" if units is None else units


def _parts(shown: Preview, choices: Choices) -> dict[str, Any]:
    """What the preview's template needs. Words that were explained stay, whether these rows have them or not."""
    written = {word_key(word): word for word in shown.stock_words}
    words = [(word, choices.stock_words.get(key, ""), _proposed(word)) for key, word in written.items()]
    words += [(key, units, "") for key, units in choices.stock_words.items() if key not in written]
    return {"preview": shown, "words": words, "currency": principal().currency}


def _offered(run: FeedRun) -> list[tuple[str, str]]:
    """The places where products may stand, with what stands there; nothing where there is no choice."""
    records = run.detected.get("records", [])
    if len(records) < 2 and run.detected.get("columns"):
        return []
    return [
        (
            str(one["record"]),
            gettext(_("%(place)s · %(times)s times · %(holds)s"))
            % {"place": one["record"], "times": one["times"], "holds": ", ".join(map(str, one["holds"][:8]))},
        )
        for one in records
    ]


def _shown(run: FeedRun, mapping: Mapping[str, str], choices: Choices, error: AppError | None = None) -> Any:
    drift = run.detected.get("drift") or {}
    renamed = {str(one["new"]): one for one in drift.get("renamed", [])}
    wrong = problems(error) if error else {}
    return pages.render(
        "columns.html",
        422 if error else 200,
        run=run,
        mapping=mapping,
        drift=drift,
        renamed=renamed,
        added=set(drift.get("added", [])),
        fields=[("", gettext("– not used –")), *((name, gettext(label)) for name, label in FIELDS.items())],
        record=run.detected.get("record", ""),
        records=_offered(run),
        weight_unit=choices.weight_unit,
        weight_units=[
            ("", gettext(_("As the file says, else grams where they look so"))),
            *((unit, unit) for unit in WEIGHT_UNITS),
        ],
        decimal_mark=choices.decimal_mark,
        decimal_marks=[
            ("", gettext(_("As the file says, else thousands"))),
            (".", gettext(_("A point: 1.250 is one and a quarter"))),
            (",", gettext(_("A comma: 1,250 is one and a quarter"))),
        ],
        problem=wrong.get("mapping")
        or wrong.get("choices")
        or wrong.get("record")
        or (error.detail if error else None),
        **_parts(_preview(run, mapping, choices), choices),
    )
