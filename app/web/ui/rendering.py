"""What templates are given: the reader's language, money and times, statuses, assets, the page's nonce."""

from __future__ import annotations

import json
import secrets
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request, send_from_directory
from werkzeug.exceptions import NotFound

from app.documents.addresses import address_lines
from app.identity.principal import Principal
from app.kit import clock, texts
from app.kit.money import Money
from app.kit.texts import marked as _
from app.web import auth
from app.web.pages import query_without
from app.web.ui.carriers import carrier_label, gateway_carrier, service_label
from app.web.ui.done import sentence
from app.web.ui.statuses import shown

_BUILT = Path(__file__).parents[1] / "static" / "built"
_YEAR = 31_536_000
LOCALES = ("en", "de")


def add_rendering(app: Flask) -> None:
    """Install filters, globals and the built assets."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.autoescape = True
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _translations().gettext(text),
        lambda one, many, count: _translations().ngettext(one, many, count),
        newstyle=True,
    )
    environment.filters.update(
        money=_money,
        moment=moment_shown,
        moment_in=_moment_in,
        day=_day,
        ago=_ago,
        number=_number,
        percent=_percent,
        address_lines=address_lines,
        carrier=carrier_label,
        country=lambda code: texts.country(code, locale()),
        gateway_carrier=gateway_carrier,
        service=service_label,
    )
    environment.globals.update(
        asset=asset,
        csp_nonce=nonce,
        status=shown,
        reader=reader,
        query_without=query_without,
        csrf_token=lambda: auth.csrf_token(g.get("principal")),
        locale=lambda: locale(),
        direction=lambda: texts.locale_of(locale()).text_direction,
        just_done=just_done,
        day_span=_day_span,
        nav_count=nav_count,
        id_here=id_here,
    )

    @app.route("/static/<path:name>")
    def static_file(name: str) -> Response:
        packed = f"{name}.gz"
        if request.accept_encodings["gzip"] and (_BUILT / packed).is_file() and "/" not in name:
            kind = "text/css" if name.endswith(".css") else "text/javascript"
            answer = send_from_directory(_BUILT, packed, mimetype=kind)
            answer.headers["Content-Encoding"] = "gzip"
        else:
            answer = send_from_directory(_BUILT, name)
        answer.headers["Vary"] = "Accept-Encoding"
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        return answer

    @app.route("/favicon.ico")
    def favicon() -> Response:
        return Response(status=204)


def nav_count(endpoint: str) -> str:
    """How much waits behind an entry of the navigation; empty for nothing, "99+" for very much."""
    count: int = g.get("nav_counts", {}).get(endpoint, 0)
    return "" if not count else "99+" if count > 99 else str(count)


def id_here(name: str) -> str:
    """What the field of a name is called on this page, where several forms have one of that name: a label that stands
    for two fields belongs to the first alone."""
    met: dict[str, int] = g.setdefault("field_names", {})
    met[name] = met.get(name, 0) + 1
    return name if met[name] == 1 else f"{name}-{met[name]}"


def just_done() -> str | None:
    """What the change before this page did, if its address says so by a key that we know."""
    found = sentence(request.args.get("done"))
    return gettext(found) if found is not None else None


def reader() -> Principal | None:
    """Who reads, where anybody is signed in."""
    found: Principal | None = g.get("principal")
    return found


def speak(language: str, zone: str) -> None:
    """This answer is in a language and a time zone of its own, whoever reads it: a shop's word to its customer."""
    g.spoken = (language, zone)


def locale() -> str:
    """The reader's language: as it is set, else the best that its browser accepts; but for an answer that has its
    own."""
    if "spoken" in g:
        return str(g.spoken[0])
    who = reader()
    if who is not None:
        return who.locale
    return request.accept_languages.best_match(LOCALES) or "en"


def nonce() -> str:
    """The word that this answer's own inline scripts carry."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


@cache
def _manifest(_modified: float) -> dict[str, str]:
    found: dict[str, str] = json.loads((_BUILT / "manifest.json").read_text())
    return found


def asset(name: str) -> str:
    """The address of a built file, which changes with its content. Raises where ``make build`` was not run."""
    file = _BUILT / "manifest.json"
    try:
        return f"/static/{_manifest(file.stat().st_mtime)[name]}"
    except (FileNotFoundError, KeyError) as error:
        raise NotFound(f"the page's files are not built (make build): {name}") from error


def gettext(text: str) -> str:
    """A text in the reader's language."""
    translated: str = _translations().gettext(text)
    return translated


def ngettext(one: str, many: str, count: int) -> str:
    """The text for a count, in the reader's language; ``%(num)s`` in it is the count."""
    return form_for(one, many, count) % {"num": texts.number(count, locale())}


def form_for(one: str, many: str, count: int) -> str:
    """The text for a count, in the reader's language, whose values are still to be filled in."""
    translated: str = _translations().ngettext(one, many, count)
    return translated


def _translations() -> Any:
    return texts.translations(locale())


def _zone() -> str:
    if "spoken" in g:
        return str(g.spoken[1])
    who = reader()
    return who.timezone if who is not None else "UTC"


def _money(minor: int | None, currency: str) -> str:
    return "–" if minor is None else texts.money(Money(int(minor), currency), locale())


def moment_shown(value: datetime | None) -> str:
    """Date and time in the reader's zone; a dash for none."""
    return texts.moment(value, locale(), _zone()) if value is not None else "–"


def _moment_in(value: datetime | None, zone: str) -> str:
    """A moment where something happens, wherever its reader is."""
    return texts.moment(value, locale(), zone) if value is not None else "–"


def _day(value: date | datetime | None) -> str:
    return texts.day(value, locale(), _zone()) if value is not None else "–"


def _ago(value: datetime | None) -> str:
    return texts.ago(value, clock.now(), locale(), _zone()) if value is not None else "–"


def _number(value: float) -> str:
    return texts.number(value, locale())


def _day_span(first: int, last: int) -> str:
    """So many days, or from so many to so many."""
    if first == last:
        return ngettext("%(num)s day", "%(num)s days", last)
    return gettext(_("%(first)s–%(last)s days")) % {"first": first, "last": last}


def _percent(basis_points: int) -> str:
    return texts.percent(basis_points, locale())
