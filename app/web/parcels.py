"""A parcel as a supplier tells of it, on a page or by the API: who carries it, where it is followed, whether its number
can be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from app.adapters import registries
from app.fulfillment.rules import NumberCheck, check_number
from app.fulfillment.service import NewParcel
from app.kit.texts import marked as _
from app.web.ui.carriers import carrier_label
from app.web.ui.rendering import gettext


def judged(given: str, tracking_number: str, between: Collection[str] = ()) -> tuple[str, NumberCheck]:
    """The carrier's name as we know it (as given, by its label, or by the number; else what was given, ``manual`` where
    nothing was), and what the number says of it. ``between``: the countries that the parcel leaves and reaches."""
    carriers = registries.carriers.all()
    wanted = given.strip().casefold()
    named = next((name for name, one in carriers.items() if wanted in (name.casefold(), one.label.casefold())), None)
    check = check_number(tracking_number, carriers, named=named, between=between)
    if named is not None:
        return named, check
    if wanted and (check.carrier is None or not carriers[check.carrier].recognises(tracking_number)):
        # Somebody named a carrier that we do not know: no guess by country may take its place.
        return given.strip(), NumberCheck("unknown", None)
    return check.carrier or "manual", check


def told_parcel(
    given: str,
    tracking_number: str,
    lines: Mapping[UUID, int],
    *,
    tracking_url: str | None = None,
    shipped_at: datetime | None = None,
    between: Collection[str] = (),
) -> NewParcel:
    """A parcel with its carrier and the page on which it is followed."""
    name, check = judged(given, tracking_number, between)
    carrier = registries.carriers.all().get(name)
    return NewParcel(
        carrier=name,
        tracking_number=tracking_number,
        tracking_url=tracking_url or (carrier.tracking_url(tracking_number) if carrier else None),
        shipped_at=shipped_at,
        lines=lines,
        number_check=check.verdict,
    )


def number_doubt(given: str, tracking_number: str) -> str | None:
    """What may be wrong with a number, in words for the one who typed it; None where nothing is."""
    name, check = judged(given, tracking_number)
    if check.verdict == "other" and check.carrier is not None:
        text = gettext(_("%(carrier)s doesn't write its numbers like this; it looks like one of %(other)s."))
        return text % {"carrier": carrier_label(name), "other": carrier_label(check.carrier)}
    if check.verdict == "misfit":
        text = gettext(_("%(carrier)s doesn't write its numbers like this. Compare it with the label."))
        return text % {"carrier": carrier_label(name)}
    return None
