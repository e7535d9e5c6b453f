"""What suppliers' affairs tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event, OfSupplier


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierStatusChanged(OfSupplier):
    """A supplier may sell now, or no longer."""

    topic: ClassVar[str] = "suppliers.status_changed"
    status: str

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierApplied(Event):
    """A supplier wants to be approved."""

    topic: ClassVar[str] = "suppliers.applied"
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierSent(Event):
    """A supplier has sent its answers for review."""

    topic: ClassVar[str] = "suppliers.sent"
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAsked(OfSupplier):
    """A reviewer wants to know something of a supplier."""

    topic: ClassVar[str] = "suppliers.asked"
    question_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAnswered(OfSupplier):
    """A supplier has answered a reviewer's question in words."""

    topic: ClassVar[str] = "suppliers.answered"
    answer_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierPaperRenewed(OfSupplier):
    """A supplier that sells, or was suspended, has sent a new paper in place of one that runs out."""

    topic: ClassVar[str] = "suppliers.paper_renewed"
    document_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOrderPlaced(OfSupplier):
    """A test order waits for its supplier."""

    topic: ClassVar[str] = "suppliers.test_order_placed"
    #: Not one of pytest's.
    __test__: ClassVar[bool] = False
    test_order_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOrderPassed(Event):
    """A supplier has shown that orders reach it and that it ships them."""

    topic: ClassVar[str] = "suppliers.test_order_passed"
    #: Not one of pytest's.
    __test__: ClassVar[bool] = False
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrdersUnwanted(Event):
    """A supplier was suspended or its account ended, and what it has not accepted is to be cancelled."""

    topic: ClassVar[str] = "suppliers.open_orders_unwanted"
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierBelowGoal(OfSupplier):
    """A supplier's score is low, or some of its measures are below their goals. ``day`` is that of the scorecard."""

    topic: ClassVar[str] = "suppliers.below_goal"
    day: str
    measures: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"
