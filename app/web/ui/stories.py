"""An order's timeline in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.orders.models import TimelineEntry
from app.orders.story import SENTENCES
from app.web.ui.carriers import carrier_label
from app.web.ui.rendering import gettext


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence and its moment."""

    text: str
    at: datetime


class _Gaps(dict[str, object]):
    """A value that an old entry does not have is left out, not an error."""

    def __missing__(self, key: str) -> str:
        return "…"


def story(entries: Iterable[TimelineEntry]) -> list[Told]:
    """The entries as sentences in the reader's language."""
    told = []
    for entry in entries:
        # Entries outlive the table: one that it no longer has is shown by its id.
        _, sentence = SENTENCES.get(entry.message, ("", entry.message.replace(".", " ").replace("_", " ")))
        values = _Gaps(entry.values)
        if "carrier" in values:
            values["carrier"] = carrier_label(str(values["carrier"]))
        told.append(Told(gettext(sentence) % values, entry.at))
    return told
