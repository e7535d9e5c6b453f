"""An order's timeline in sentences: what happened, when, and by whose hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app import db
from app.identity.queries import api_keys, members
from app.kit import clock, texts
from app.kit.money import Money
from app.kit.texts import marked as _
from app.orders.models import TimelineEntry
from app.orders.story import OF_ONE, SENTENCES
from app.web.auth import principal
from app.web.ui.carriers import carrier_label
from app.web.ui.channels import channel_label
from app.web.ui.rendering import form_for, gettext, locale, moment_shown


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence, its moment, and who did it: a colleague by name, others by their company."""

    text: str
    at: datetime
    who: str = ""


class _Gaps(dict[str, object]):
    """A value that an old entry does not have is left out, not an error."""

    def __missing__(self, key: str) -> str:
        return "…"


#: What a retailer may want for a parcel that does not come.
_WANTED = {"refund": _("its money back"), "reship": _("another parcel")}


#: Values that are amounts of money, as ``str(Money)`` writes them.
_AMOUNTS = frozenset({"amount", "asked", "expected", "ordered"})


def _money(text: str) -> str:
    number, _space, currency = text.partition(" ")
    try:
        return texts.money(Money.parse(number, currency), locale())
    except ValueError:
        return text


def _day(text: str) -> str:
    try:
        return texts.day(date.fromisoformat(text), locale())
    except ValueError:
        return text


def colleagues() -> Mapping[str, str]:
    """The reader's own people and keys: actor → name. Asked before a page's own transaction: users are nobody's."""
    who, own_api = principal(), gettext(_("Through the API"))
    with db.system_scope(actor=who.actor), db.transaction() as session:
        keys = {f"key:{one.id}": f"{own_api} ({one.name})" for one in api_keys(session, who.organisation_id)}
        return keys | {f"user:{one.user_id}": one.name or one.email for one in members(session, who.organisation_id)}


def story(
    entries: Iterable[TimelineEntry], names: Mapping[str, str], companies: Mapping[UUID, str] | None = None
) -> list[Told]:
    """The entries as sentences in the reader's language. ``names`` as ``colleagues`` gives them; ``companies``: the
    suppliers (to a supplier: the retailers) whose people are told of by their company."""
    told = []
    for entry in entries:
        # Entries outlive the table: one that it no longer has is shown by its id.
        _kind, sentence = SENTENCES.get(entry.message, ("", entry.message.replace(".", " ").replace("_", " ")))
        values = _Gaps(entry.values)
        for name in {"carrier", "was_carrier"} & values.keys():
            values[name] = carrier_label(str(values[name]))
        if "channel" in values:
            values["channel"] = channel_label(str(values["channel"]))
        for name in _AMOUNTS & values.keys():
            values[name] = _money(str(values[name]))
        if "at" in values:
            values["at"] = moment_shown(clock.parse_iso(str(values["at"])))
        if "day" in values:
            values["day"] = _day(str(values["day"]))
        if "wanted" in values:
            values["wanted"] = gettext(_WANTED.get(str(values["wanted"]), str(values["wanted"])))
        if entry.message in OF_ONE:
            sentence = form_for(OF_ONE[entry.message], sentence, _counted(values))
        else:
            sentence = gettext(sentence)
        told.append(Told(sentence % values, entry.at, _who(entry, names, companies or {})))
    return told


def _counted(values: Mapping[str, object]) -> int:
    count = values.get("units", values.get("quantity"))
    return count if isinstance(count, int) else 0


def _who(entry: TimelineEntry, names: Mapping[str, str], companies: Mapping[UUID, str]) -> str:
    if entry.actor in names:
        return names[entry.actor]
    kind = entry.actor.partition(":")[0]
    if kind == "shop":
        return gettext(_("Through the store's admin"))
    if kind == "shopper":
        return gettext(_("The customer"))
    if kind not in ("user", "key", "link"):
        return gettext(_("Crossdock, by itself"))
    by = [companies[one] for one in (entry.supplier_id, entry.retailer_id) if one is not None and one in companies]
    if by:
        return by[0]
    if kind == "link":
        return gettext(_("By the link in a letter"))
    return gettext(_("Through the API")) if kind == "key" else gettext(_("Crossdock's people"))
