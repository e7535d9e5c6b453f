"""Routing's reasons in plain sentences, for pages and the API."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.money import Money
from app.kit.texts import marked as _
from app.kit.texts import money as money_text
from app.kit.texts import number
from app.purchasing.routing.explaining import BEATEN, CHOSEN, EQUAL, UNFIT, Judged
from app.purchasing.routing.problem import Kind, Seller
from app.web.ui.rendering import gettext, locale, ngettext

_EXCLUDED: Mapping[str, str] = {
    "not_on_offer": _("It is no longer on offer."),
    "not_shipped_there": _("It is not shipped to this country."),
    "no_exchange_rate": _("No exchange rate is known for its currency."),
    "out_of_stock": _("There is not enough stock."),
    "refused": _("You unlinked this source."),
    "rejected": _("The supplier did not deliver it as ordered before."),
    "other_supplier": _("Your rules require another supplier."),
    "other_source": _("Your rules require the first source."),
    "too_slow": _("It would take longer than your rules allow."),
    "too_far": _("It is farther away than your rules allow."),
    "not_reliable": _("Its reliability is below what your rules require."),
}
_WORSE: Mapping[str, str] = {
    "substitutes": _("It is a substitute; the article itself can be delivered."),
    "spares": _("It is only for when no other source can deliver."),
    "source_order": _("It stands lower in your order of sources."),
    "split_lines": _("The line would be split."),
    "preferred_supplier": _("You prefer another supplier."),
    "nearest": _("It is farther away."),
    "most_reliable": _("It is less reliable."),
    "one_supplier": _("The order would be split between suppliers."),
}
#: The same of what is an amount in the retailer's currency.
_WORSE_BY_MONEY: Mapping[str, str] = {
    "lowest_cost": _("The order would cost %(difference)s more."),
    "max_loss": _("The order would lose %(difference)s more than you allow."),
}
#: The same of what is counted: for one, and for more.
_WORSE_BY: Mapping[str, tuple[str, str]] = {
    "fastest": (_("The order would arrive one day later."), _("The order would arrive %(num)s days later.")),
    "fewest_parcels": (_("The order would take one parcel more."), _("The order would take %(num)s parcels more.")),
}
#: What objectives are called.
OBJECTIVES: Mapping[str, str] = {
    "substitutes": _("Substitutes"),
    "spares": _("Sources kept for need"),
    "source_order": _("Places in your order of sources"),
    "split_lines": _("Split lines"),
    "preferred_supplier": _("Places in your preferred suppliers"),
    "nearest": _("Distance"),
    "most_reliable": _("Missing reliability"),
    "fastest": _("Days until all is there"),
    "fewest_parcels": _("Parcels"),
    "one_supplier": _("Split order"),
    "lowest_cost": _("Landed cost"),
    "max_loss": _("Loss beyond what you allow"),
}


def reason(judged: Judged, currency: str) -> str:
    """Why a candidate was taken or not; amounts are in the retailer's currency."""
    if judged.status == CHOSEN:
        return ngettext("Chosen, for one unit.", "Chosen, for %(num)s units.", judged.quantity)
    if judged.status == UNFIT:
        return gettext(_("With the rest of the order it fits neither stock nor rules."))
    if judged.status == EQUAL:
        return gettext(_("Just as good; the fixed order of suppliers decided."))
    if judged.status == BEATEN and judged.reason in _WORSE_BY:
        return ngettext(*_WORSE_BY[judged.reason], judged.difference)
    if judged.status == BEATEN and judged.reason in _WORSE_BY_MONEY:
        more = money_text(Money(judged.difference, currency), locale())
        return gettext(_WORSE_BY_MONEY[judged.reason]) % {"difference": more}
    if judged.status == BEATEN and judged.reason == Kind.NEAREST and judged.seller.distance:
        return gettext(_("It is farther away: about %(distance)s km.")) % {"distance": _kilometres(judged.seller)}
    if judged.status == BEATEN:
        return gettext(_WORSE[judged.reason])
    return gettext(_EXCLUDED[judged.reason])


def distance_of(seller: Seller) -> str:
    """How far a supplier is from the order's country; empty where that is not known."""
    if seller.distance is None:
        return ""
    if not seller.distance:
        return gettext(_("in the same country"))
    return gettext(_("about %(distance)s km away")) % {"distance": _kilometres(seller)}


def _kilometres(seller: Seller) -> str:
    return number(seller.distance or 0, locale())
