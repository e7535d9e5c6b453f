"""Units that come later, as people say it in a supplier's own shop: how a day is read, and what it answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date

from app.purchasing.answers import AcknowledgedLine, Acknowledgement, LineName

#: Our line → its units that come later, and the day of the last of them.
Later = Mapping[str, tuple[int, date]]
_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


def day_in(text: str) -> date | None:
    """The first day that a text names as ISO 8601 has it (2026-12-24), which can't be misread; None where it names
    none."""
    for found in _DAY.findall(text):
        try:
            return date.fromisoformat(found)
        except ValueError:
            continue
    return None


def state_of(later: Later) -> str:
    """The same for the same units and days; empty where nothing comes later."""
    said = ",".join(f"{line}={units}@{day.isoformat()}" for line, (units, day) in sorted(later.items()))
    return hashlib.sha256(said.encode()).hexdigest()[:32] if said else ""


def answers_of_later(later: Later, *, key: str, number: str, source: str, before: str) -> Iterator[Acknowledgement]:
    """What comes later, once for each state; where all that did (``before`` is that state) is there, it is accepted."""
    state = state_of(later)
    if state:
        said = [
            AcknowledgedLine(line=LineName(line_id=line), answer="backordered", quantity=units, available_on=day)
            for line, (units, day) in sorted(later.items())
        ]
        yield Acknowledgement(key=f"{key}:later:{state}", number=number, source=source, lines=said)
    elif before:
        yield Acknowledgement(key=f"{key}:there:{before}", number=number, source=source, whole="accepted")
