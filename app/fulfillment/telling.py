"""A parcel as a supplier tells of it, by whatever way: who carries it, where it is followed, whether its number can be
right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from app.fulfillment.carrier import Carrier
from app.fulfillment.rules import NumberCheck, check_number
from app.fulfillment.service import NewParcel


def judged(
    carriers: Mapping[str, Carrier], given: str, tracking_number: str, between: Collection[str] = ()
) -> tuple[str, NumberCheck]:
    """The carrier's name as we know it (as given, by its label, or by the number; else what was given, ``manual`` where
    nothing was), and what the number says of it. ``between``: the countries that the parcel leaves and reaches."""
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
    carriers: Mapping[str, Carrier],
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
    name, check = judged(carriers, given, tracking_number, between)
    carrier = carriers.get(name)
    return NewParcel(
        carrier=name,
        tracking_number=tracking_number,
        tracking_url=tracking_url or (carrier.tracking_url(tracking_number) if carrier and tracking_number else None),
        shipped_at=shipped_at,
        lines=lines,
        number_check=check.verdict,
        package_ref=package_ref,
        expected_ship_on=expected_ship_on,
    )
