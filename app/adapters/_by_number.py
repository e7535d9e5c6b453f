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
    """One form of a carrier's numbers. ``check`` says whether the check digit is right."""

    pattern: re.Pattern[str]
    check: Callable[[str], bool]

    def fits(self, number: str) -> bool:
        """Whether a cleaned number has this form."""
        return self.pattern.fullmatch(number) is not None and self.check(number)


@dataclass(frozen=True, slots=True)
class CarrierByNumber:
    """The ``Carrier`` port without tracking. ``page`` holds ``{number}``."""

    name: str
    label: str
    page: str
    forms: Sequence[NumberForm]
    can_track: bool = False

    def recognises(self, tracking_number: str) -> bool:
        """By form and check digit."""
        number = cleaned(tracking_number)
        return any(form.fits(number) for form in self.forms)

    def tracking_url(self, tracking_number: str) -> str | None:
        """The carrier's own page."""
        return self.page.format(number=quote(cleaned(tracking_number), safe=""))

    def track(self, tracking_number: str) -> Tracked | None:
        """Nothing is known."""
        return None
