"""Carriers that are known by their numbers and whose pages people follow; asking them needs a contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from app.fulfillment.carrier import Tracked

_SPACES = re.compile(r"[\s-]+")


def cleaned(tracking_number: str) -> str:
    """A number as carriers write it: no spaces or dashes, capitals."""
    return _SPACES.sub("", tracking_number).upper()


@dataclass(frozen=True, slots=True)
class NumberForm:
    """One form of a carrier's numbers. ``check`` says whether the check digit is right; None where there is none, or
    its carrier does not publish the rule. ``sure``: nobody else's numbers look like this; the others are only believed
    of a carrier that was named, or that is the only one in question between two countries."""

    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    sure: bool = True

    def fits(self, number: str) -> bool:
        """Whether a cleaned number has this form."""
        return self.pattern.fullmatch(number) is not None and (self.check is None or self.check(number))


@dataclass(frozen=True, slots=True)
class CarrierByNumber:
    """The ``Carrier`` port without tracking. ``page`` holds ``{number}``; it is empty where the carrier has no address
    that leads to one parcel."""

    name: str
    label: str
    page: str
    forms: Sequence[NumberForm]
    countries: frozenset[str] = frozenset()
    can_track: bool = False

    def recognises(self, tracking_number: str) -> bool:
        """By form and check digit."""
        number = cleaned(tracking_number)
        return any(form.sure and form.fits(number) for form in self.forms)

    def may_have(self, tracking_number: str) -> bool:
        """By form and check digit, forms that others share included."""
        number = cleaned(tracking_number)
        return any(form.fits(number) for form in self.forms)

    def tracking_url(self, tracking_number: str) -> str | None:
        """The carrier's own page."""
        return self.page.format(number=quote(cleaned(tracking_number), safe="")) if self.page else None

    def track(self, tracking_number: str) -> Tracked | None:
        """Nothing is known."""
        return None
