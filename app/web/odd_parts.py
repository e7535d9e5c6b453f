"""Parts of bundles that come, or have left, although the bundle does not come whole, in words for its retailer."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kit.texts import marked as _
from app.orders.models import Order
from app.purchasing.service.completing import odd_parts
from app.web.ui.rendering import gettext

_LEFT = _("%(units)s × %(title)s left, though %(whole)s does not come whole. Agree with your customer about it.")
_ASKED = _("%(units)s × %(title)s: its supplier is asked to stop it, since %(whole)s does not come whole.")
_COMING = _(
    "%(units)s × %(title)s is sent, though %(whole)s does not come whole: its supplier can't stop it. "
    "Agree with your customer about it."
)


def odd_sentences(session: Session, order: Order) -> list[str]:
    """A sentence for each."""
    found = []
    for one in odd_parts(session, order):
        for units, words in ((one.left, _LEFT), (one.asked, _ASKED), (one.coming, _COMING)):
            if units:
                found.append(gettext(words) % {"units": units, "title": one.line.title, "whole": one.of.title})
    return found
