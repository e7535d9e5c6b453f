"""The port to supplier channels: how a supplier is told of a purchase order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from app.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderLineNote:
    """A line as the supplier is told of it."""

    sku: str
    title: str
    quantity: int
    wholesale_price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderNote:
    """A purchase order as the supplier is told of it. It holds no address: that is read in the portal or
    through the API, where the reading is written down."""

    id: str
    number: str
    retailer_name: str
    supplier_id: str
    supplier_name: str
    recipients: Sequence[str]
    country: str
    ship_by: datetime | None
    url: str
    total: Money
    lines: Sequence[PurchaseOrderLineNote]
    #: The retailer ordered it for itself, to look at.
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to be sent by e-mail."""

    subject: str
    paragraphs: Sequence[str]


@runtime_checkable
class SupplierChannel(Protocol):
    """One way of telling suppliers."""

    @property
    def name(self) -> str:
        """The adapter's name."""

    def compose(self, note: PurchaseOrderNote) -> Composed | None:
        """The e-mail that this channel wants sent; None when seeing the order in the portal is enough."""
