"""Shipping rates in words: where a rate goes, and what a parcel costs by it."""

from __future__ import annotations

from collections.abc import Sequence

from app.kit import texts
from app.kit.money import Money
from app.kit.texts import marked as _
from app.suppliers.models import ShippingRate
from app.web.ui.rendering import gettext, locale


def reach(countries: Sequence[str]) -> str:
    """The countries of a rate; ``*`` is all that no rate names."""
    named = ", ".join(texts.country(code, locale()) for code in countries if code != "*")
    if "*" not in countries:
        return named
    return f"{named}, {gettext(_('and all others'))}" if named else gettext(_("All countries without a rate"))


def price_of(rate: ShippingRate, currency: str) -> str:
    """What a parcel costs, in the supplier's ``currency``."""

    def shown(minor: int) -> str:
        return texts.money(Money(minor, currency), locale())

    if rate.price_by == "item":
        words = gettext(_("%(first)s, each further item %(next)s"))
        return words % {"first": shown(rate.first_item), "next": shown(rate.next_item)}
    words = _("%(least)s to %(most)s by weight") if rate.price_by == "weight" else _("%(least)s to %(most)s by value")
    return gettext(words) % {"least": shown(rate.tiers[0]["price"]), "most": shown(rate.tiers[-1]["price"])}
