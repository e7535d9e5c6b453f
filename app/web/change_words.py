"""What requests to change purchase orders are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.texts import marked as _

#: Why a supplier did not do what it was asked to, as both sides read it.
REFUSAL_WORDS: Mapping[str, str] = {
    "packed": _("It is packed already."),
    "shipped": _("It has left already."),
    "made_to_order": _("It is made to order."),
    "other": _("The supplier can't do it."),
    "shipped_first": _("It left before the answer."),
    "no_answer": _("No answer came in time."),
}
