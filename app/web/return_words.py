"""Words of returns, for people."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.texts import marked as _
from app.returns.models import Return
from app.web.ui.rendering import gettext

REASON_WORDS: Mapping[str, str] = {
    "damaged": _("Damaged"),
    "wrong_item": _("Wrong item"),
    "not_as_described": _("Not as described"),
    "late": _("Came too late"),
    "changed_mind": _("Changed their mind"),
}
CONDITION_WORDS: Mapping[str, str] = {
    "as_new": _("As new"),
    "opened": _("Opened"),
    "damaged": _("Damaged"),
    "missing": _("Missing"),
}
PAYER_WORDS: Mapping[str, str] = {
    "supplier": _("The supplier"),
    "retailer": _("The retailer"),
    "shopper": _("The shopper"),
}


def payer_words(payer: str, reader: str) -> str:
    """Who pays for the way back, to a reader of an organisation's kind."""
    return _("You") if payer == reader else PAYER_WORDS[payer]


FILE_WORDS: Mapping[str, str] = {
    "evidence": _("Photo of the request"),
    "inspection": _("Photo of the inspection"),
    "label": _("Return label"),
}
#: What happens when a state has waited too long.
END_WORDS: Mapping[str, str] = {
    "REQUESTED": _("Approved by itself after"),
    "APPROVED": _("To be sent by"),
    "LABEL_SENT": _("To be sent by"),
    "IN_TRANSIT": _("Counts as received after"),
    "RECEIVED": _("Credited by itself after"),
    "INSPECTED": _("Credited by itself after"),
}


def end_of(row: Return) -> str:
    """What the end of a state brings; empty where none is set. Its files are loaded."""
    words = _("Declined by itself after") if row.lacks_photo else END_WORDS.get(row.state, "")
    return gettext(words) if words else ""
