"""A parcel as a supplier tells of it, on a page or by the API: who carries it, where it is followed, whether its number
can be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from app.adapters import registries
from app.fulfillment import telling
from app.fulfillment.models import Shipment
from app.fulfillment.rules import NumberCheck
from app.fulfillment.service import Correction, NewParcel
from app.kit.texts import marked as _
from app.web.ui.carriers import carrier_label
from app.web.ui.rendering import gettext


def judged(given: str, tracking_number: str, between: Collection[str] = ()) -> tuple[str, NumberCheck]:
    """See ``app.fulfillment.telling``, with the carriers that we know."""
    return telling.judged(registries.carriers.all(), given, tracking_number, between)


def told_parcel(
    given: str,
    tracking_number: str,
    lines: Mapping[UUID, int],
    *,
    tracking_url: str | None = None,
    shipped_at: datetime | None = None,
    between: Collection[str] = (),
    package_ref: str = "",
    expected_ship_on: date | None = None,
) -> NewParcel:
    """A parcel with its carrier and the page on which it is followed."""
    return telling.told_parcel(
        registries.carriers.all(),
        given,
        tracking_number,
        lines,
        tracking_url=tracking_url,
        shipped_at=shipped_at,
        between=between,
        package_ref=package_ref,
        expected_ship_on=expected_ship_on,
    )


def told_correction(
    shipment: Shipment,
    *,
    carrier: str | None,
    tracking_number: str | None,
    tracking_url: str | None = None,
    lines: Mapping[UUID, int] | None = None,
) -> Correction:
    """How a parcel really is, with its carrier and the page on which it is followed."""
    number = tracking_number or shipment.tracking_number
    # Another number may be another carrier's; the old one is kept where nobody knows better.
    name, check = judged(carrier or "", number)
    if not carrier and name == "manual":
        name, check = judged(shipment.carrier, number)
    known = registries.carriers.all().get(name)
    return Correction(
        carrier=name,
        tracking_number=number,
        tracking_url=tracking_url or (known.tracking_url(number) if known and number else None),
        number_check=check.verdict,
        lines=lines,
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


def carrier_doubt(given: str, tracking_number: str, between: Collection[str] = ()) -> str | None:
    """What to do about a number by which no carrier can be found, where none was named: nobody could follow the
    parcel. None where there is one."""
    if given or judged(given, tracking_number, between)[0] != "manual":
        return None
    return gettext(
        _(
            "We know no carrier that writes its numbers like this. Compare it with the label and choose the carrier; "
            "if it isn't in the list, give the link where the parcel is followed."
        )
    )
