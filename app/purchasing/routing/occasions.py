"""What brings a choice of suppliers about: the order came in, a hold of it ended, or units of it do not come as they
were ordered. It is stored with the choice, as plain words and ids, and put into sentences where it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: The order came in; it was taken up again after a hold; units that one supplier does not send go to another.
PLACED, TAKEN_UP, REPLACED = "placed", "taken_up", "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Units of the order line at ``position`` that do not come as ordered. ``kind`` is the decision's: ``rejected``,
    ``silent``, ``price`` or ``later``; ``by`` who decided that others deliver: an actor, ``rule`` or ``deadline``.
    ``substitute``: another article was chosen in their place."""

    position: int
    units: int
    supplier_id: str
    kind: str
    by: str = ""
    substitute: bool = False


@dataclass(frozen=True, slots=True)
class Occasion:
    """``what`` is one of the words above, ``details`` what is known of it: see the functions."""

    what: str
    details: Mapping[str, Any] = field(default_factory=dict)


#: The order has just come in.
CAME_IN = Occasion(PLACED)


def taken_up(holds: Sequence[str]) -> Occasion:
    """After these holds (``HoldReason``), the oldest first."""
    return Occasion(TAKEN_UP, {"holds": list(dict.fromkeys(holds))})


def replaced(lost: Sequence[Lost]) -> Occasion:
    """For these units."""
    return Occasion(REPLACED, {"lost": [asdict(one) for one in lost]})


def lost_in(details: Mapping[str, Any]) -> list[Lost]:
    """The units in the details of ``replaced``."""
    return [Lost(**one) for one in details.get("lost", ())]
