"""What plans tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.outbox.events import OfRetailer


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanEvent(OfRetailer):
    @property
    def key(self) -> str:
        return f"plan:{self.retailer_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(_PlanEvent):
    """A retailer may send more or fewer orders than before."""

    topic: ClassVar[str] = "billing.plan_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNearlyUsed(_PlanEvent):
    """A retailer's orders of the month come near to what its plan allows, or have come to it."""

    topic: ClassVar[str] = "billing.plan_nearly_used"
