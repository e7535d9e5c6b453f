"""How purchase orders reach the supplier: its channel, the channel's settings, when it sends, and how it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Any

from flask import request

from app import db
from app.adapters import registries
from app.feeds.source import fingerprint
from app.kit import clock
from app.kit.errors import AdapterError, Conflict, Invalid
from app.kit.texts import locale_of
from app.purchasing.channel import SupplierChannel
from app.purchasing.queries import refused_answers
from app.purchasing.schedule import LONGEST_CUTOFF, Schedule, read_schedule
from app.purchasing.service.channels import (
    DEFAULT_CHANNEL,
    PREVIOUS_UNTIL,
    choose_channel,
    forget_host_key,
    in_words,
    note_failed,
    note_tested,
    problem_of,
    renew_secret,
    setting_of,
    settings_of,
)
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext, locale
from app.webhooks.signing import new_secret

_PERMISSION = "settings.write"


def add_to(pages: Pages, path: str, *, frame: Callable[[], dict[str, Any]]) -> None:
    """Add the page to the settings, at ``path``. ``frame``: what stands around it."""

    def shown(
        status: int = 200,
        *,
        chosen: str = "",
        errors: Mapping[str, Any] | None = None,
        secret: str = "",
        tested: tuple[str, str] | None = None,
    ) -> Any:
        supplier_id = principal().organisation_id
        channels = registries.channels.all()
        with db.transaction() as session:
            row = setting_of(session, supplier_id)
            current = row.channel if row is not None else DEFAULT_CHANNEL
            name = chosen if chosen in channels else current
            known = settings_of(row) if row is not None and row.channel == name else None
            schedule = read_schedule(row.schedule if row is not None else {})
            problem = problem_of(row) if row is not None else ""
            refused = refused_answers(session, supplier_id)
            zone = suppliers.supplier(session, supplier_id).timezone
        values = request.form if errors else _values(channels[name], known.values if known else {}, schedule)
        return pages.render(
            "channel.html",
            status,
            **frame(),
            channels=[(key, gettext(one.label)) for key, one in sorted(channels.items(), key=_order)],
            channel=channels[name],
            current=current,
            current_label=gettext(channels[current].label) if current in channels else current,
            setting=row,
            kept={key for key, value in known.secrets.items() if value} if known else set(),
            until=clock.parse_iso(known.values[PREVIOUS_UNTIL]) if known and PREVIOUS_UNTIL in known.values else None,
            now=clock.now(),
            values=values,
            days=[(str(number), label) for number, label in sorted(_days().items())],
            chosen_days=request.form.getlist("days") if errors else [str(day) for day in schedule.days],
            longest_cutoff=int(LONGEST_CUTOFF.total_seconds()) // 60,
            gathers=schedule.gathers,
            errors=errors or {},
            problem=gettext(problem) if problem else "",
            refused=refused,
            secret=secret,
            tested=tested,
            translated=lambda pairs: [(value, gettext(label)) for value, label in pairs],
            zone=zone.replace("_", " "),
            host_key=fingerprint(key) if known and (key := known.marks.get("host_key")) else "",
        )

    @pages.get(path, permission=_PERMISSION)
    def channel() -> Any:
        """The channel that is used, or the form of another one."""
        return shown(chosen=request.args.get("channel", ""))

    @pages.post(path, permission=_PERMISSION)
    def save_channel() -> Any:
        """Choose a channel. A secret that we make is shown on the answer to this request and never again."""
        name = request.form.get("channel", "")
        found = registries.channels.all().get(name)
        if found is None:
            return shown(422, errors={"channel": gettext("Choose one of the list.")})
        try:
            schedule = _schedule()
            with db.transaction() as session:
                row = setting_of(session, principal().organisation_id, lock=True)
                has = row is not None and row.channel == name and row.secrets is not None
                made = {} if has else {one.name: new_secret() for one in found.form if one.kind == "signing_secret"}
                choose_channel(session, principal().organisation_id, found, request.form, schedule=schedule, made=made)
        except Invalid as error:
            return shown(422, chosen=name, errors=problems(error))
        if made:
            return shown(secret=next(iter(made.values())))
        return go(page_url("settings.channel", done="channel_saved"))

    @pages.post(f"{path}/secret", permission=_PERMISSION)
    def renew_channel_secret() -> Any:
        """Make another signing secret; it is shown on the answer to this request and never again."""
        secret = new_secret()
        with db.transaction() as session:
            row = setting_of(session, principal().organisation_id)
            found = registries.channels.all().get(row.channel) if row is not None else None
            names = [one.name for one in found.form if one.kind == "signing_secret"] if found is not None else []
            if not names:
                raise Conflict("This channel signs nothing.", code="nothing_signed")
            renew_secret(session, principal().organisation_id, names[0], secret)
        return shown(secret=secret)

    @pages.post(f"{path}/forget-key", permission=_PERMISSION)
    def forget_channel_key() -> Any:
        """The server was set up anew; the next key that it shows is remembered."""
        with db.transaction() as session:
            forget_host_key(session, principal().organisation_id)
        return go(page_url("settings.channel", done="channel_saved"))

    @pages.post(f"{path}/test", permission=_PERMISSION)
    def test_channel() -> Any:
        """Try the settings with the other side; nothing is ordered."""
        supplier_id = principal().organisation_id
        with db.transaction() as session:
            row = setting_of(session, supplier_id)
            found = registries.channels.all().get(row.channel) if row is not None else None
            settings = settings_of(row) if row is not None else None
        if found is None or settings is None or not found.transmits:
            return go(page_url("settings.channel"))
        try:
            said = gettext(found.test(settings)) or gettext("It works.")
        except AdapterError as error:
            with db.transaction() as session:
                note_failed(session, supplier_id, error)
            return shown(tested=("critical", gettext(in_words(error))))
        with db.transaction() as session:
            note_tested(session, supplier_id)
        return shown(tested=("success", said))


def _order(item: tuple[str, SupplierChannel]) -> tuple[bool, str]:
    """What sends nothing to a system stands first."""
    return item[1].transmits, item[0]


def _days() -> Mapping[int, str]:
    return {number: str(label) for number, label in locale_of(locale()).days["format"]["wide"].items()}


def _values(channel: SupplierChannel, known: Mapping[str, str], schedule: Schedule) -> dict[str, Any]:
    values: dict[str, Any] = {one.name: known.get(one.name, one.default) for one in channel.form if not one.is_secret}
    values["times"] = ", ".join(f"{one:%H:%M}" for one in schedule.times)
    values["cutoff_minutes"] = int(schedule.cutoff.total_seconds()) // 60
    return values


def _schedule() -> Schedule:
    """The days and times of the form. Raises ``Invalid``."""
    if request.form.get("when") != "gathered":
        return Schedule()
    sent = Sent()
    cutoff = sent.whole("cutoff_minutes", 0, int(LONGEST_CUTOFF.total_seconds()) // 60)
    times, unread = [], False
    for text in request.form.get("times", "").replace(";", ",").split(","):
        try:
            if text.strip():
                hour, _colon, minute = text.strip().partition(":")
                times.append(time(int(hour), int(minute or 0)))
        except ValueError:
            unread = True
            sent.refuse("times", "not_a_time", gettext("Write times such as 10:00, 15:00."))
    days = [int(one) for one in request.form.getlist("days") if one in {"0", "1", "2", "3", "4", "5", "6"}]
    if not days:
        sent.refuse("days", "required", gettext("Choose at least one day."))
    if not times and not unread:
        sent.refuse("times", "required", gettext("Say at which times, such as 10:00, 15:00."))
    sent.check()
    return Schedule(tuple(sorted(days)), tuple(sorted(set(times))), timedelta(minutes=cutoff))
