"""The exceptions inbox of an area: what is stuck, who has the ball, and the way out as a button."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, g, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.config import settings
from app.exceptions import service
from app.exceptions.kind import Party
from app.exceptions.queries import Reader, StuckThing, count_of, counts, inbox, kinds_for
from app.identity.models import Organisation
from app.identity.principal import Principal
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.recent import Recent
from app.kit.texts import marked as _
from app.kit.texts import zone_of
from app.web.auth import principal
from app.web.exceptions.fixes import Button, buttons
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext

_PER_PAGE = 30
#: Snoozes that are offered: key → days; they end at seven in the morning where the reader is.
_SNOOZES = {"tomorrow": 1, "week": 7}
_MORNING = 7
#: How long a count in the navigation may be old, in seconds.
_COUNTED_FOR = 15.0
_counted: Recent[int] = Recent(10_000)
#: Kind → the permission without which it is not shown.
_NEEDS = {"payout": "statements.read"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the page."""

    thing: StuckThing
    heading: str
    advice: str
    mine: bool
    href: str | None
    buttons: list[Button]
    #: To the platform: whose order it is, and whose turn to deliver.
    parties: str


def reader_of(who: Principal) -> Reader:
    """The inbox's reader. A supplier's people without a look at money don't see what is stuck of it."""
    party = Party(who.organisation_kind)
    without = {kind for kind, needed in _NEEDS.items() if party is Party.SUPPLIER and not who.may(needed)}
    return Reader(party=party, organisation_id=who.organisation_id, without=frozenset(without))


def waiting_count() -> int:
    """How many exceptions the reader has, for the navigation; a few seconds old at most."""
    reader = reader_of(principal())
    # Another database is another market, as in tests.
    key = (settings().database_url, reader.organisation_id, reader.without)
    known = _counted.get(key, _COUNTED_FOR)
    if known is None:
        with db.transaction() as session:
            known = count_of(session, reader)
        _counted.put(key, known)
    return known


def add_pages(pages: Pages, *, read: str, write: str) -> None:
    """Add the inbox to an area's folder ``exceptions``. ``read`` and ``write`` are the permissions that it needs."""

    @pages.get("/exceptions", permission=read)
    def list_exceptions() -> Any:
        """The longest stuck first."""
        reader = reader_of(principal())
        view = request.args.get("view", "")
        kind = request.args.get("kind") or None
        known = {one.name: one for one in kinds_for(reader)}
        with db.transaction() as session:
            found = counts(session, reader)
            page = inbox(
                session,
                reader,
                kind=kind if kind in known else None,
                ball=reader.party if view == "mine" else None,
                snoozed=view == "snoozed",
                limit=_PER_PAGE,
                cursor=request.args.get("cursor"),
            )
            names = _names(session, reader, page.items)
        _know(reader, sum(found.values()))
        views = [_view(gettext(_("All")), sum(found.values()), not view and kind is None)]
        views.append(_view(gettext(_("Yours to do")), None, view == "mine", view="mine"))
        views += [
            _view(gettext(known[name].label), count, name == kind, kind=name)
            for name, count in found.items()
            if name in known
        ]
        views.append(_view(gettext(_("Put aside")), None, view == "snoozed", view="snoozed"))
        return render(
            "app/web/exceptions/inbox.html",
            rows=[_shown(one, reader, names) for one in page.items],
            next_cursor=page.next_cursor,
            stuck=sum(found.values()),
            views=views,
            may_snooze=principal().may(write),
        )

    @pages.post("/exceptions/<kind>/<uuid:subject_id>/snooze", permission=write)
    def snooze(kind: str, subject_id: UUID) -> Response:
        """Put one aside for everybody of the organisation."""
        who = principal()
        days = _SNOOZES.get(request.form.get("for", ""))
        if days is None:
            raise Invalid.field("for", "unknown", "Choose for how long.")
        with db.transaction() as session:
            service.snooze(session, reader_of(who), kind, subject_id, _morning(who.timezone, days))
        return _back(done="snoozed")

    @pages.post("/exceptions/<kind>/<uuid:subject_id>/wake", permission=write)
    def wake(kind: str, subject_id: UUID) -> Response:
        """Show one again."""
        with db.transaction() as session:
            service.wake(session, reader_of(principal()), kind, subject_id)
        return _back(done="woken")


def _back(done: str) -> Response:
    reader = reader_of(principal())
    with db.transaction() as session:
        _know(reader, count_of(session, reader))
    kept: Mapping[str, str] = {
        name: value for name in ("view", "kind") if (value := request.form.get(f"back_{name}", ""))
    }
    return go(page_url("exceptions.list_exceptions", done=done, **kept))


def _know(reader: Reader, count: int) -> None:
    _counted.put((settings().database_url, reader.organisation_id, reader.without), count)
    g.setdefault("nav_counts", {})[f"{g.area.name}.exceptions.list_exceptions"] = count


def _view(label: str, count: int | None, current: bool, **values: str) -> dict[str, Any]:
    href = page_url("exceptions.list_exceptions", **values)
    return {"label": label, "href": href, "current": current, "count": count}


def _morning(zone: str, days: int) -> datetime:
    morning = clock.now().astimezone(zone_of(zone)).replace(hour=_MORNING, minute=0, second=0, microsecond=0)
    return morning + timedelta(days=days)


def _names(session: Session, reader: Reader, things: Iterable[StuckThing]) -> Mapping[UUID, str]:
    if reader.party is not Party.PLATFORM:
        return {}
    ids = {one for thing in things for one in (thing.retailer_id, thing.supplier_id) if one is not None}
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {organisation_id: name for organisation_id, name in rows}


def _shown(thing: StuckThing, reader: Reader, names: Mapping[UUID, str]) -> Shown:
    found = buttons(thing, reader.party)
    return Shown(
        thing=thing,
        heading=gettext(thing.told.heading_for(reader.party)),
        advice=gettext(thing.told.advice_for(reader.party, ball=thing.ball)),
        mine=thing.ball is reader.party,
        href=found.href,
        buttons=found.buttons,
        parties=" → ".join(
            names[one] for one in (thing.retailer_id, thing.supplier_id) if one is not None and one in names
        ),
    )
