"""What a paper says, as plain values. Sizes of pictures in pixels, weights in grams, money in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

PACKING_SLIP, RETURN_SLIP, COMMERCIAL_INVOICE = "packing_slip", "return_slip", "commercial_invoice"
KINDS = (PACKING_SLIP, RETURN_SLIP, COMMERCIAL_INVOICE)
#: What to take from the shelves; it stays in the house and holds no address.
PICK_LIST = "pick_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandOnPaper:
    """How the retailer's shop presents itself. ``logo``: a PNG. ``colour``: ``#rrggbb``."""

    name: str
    logo: bytes | None = None
    colour: str = "#1f2937"
    message: str = ""
    contact: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """Units of one variant. ``unit_value`` is None where a paper tells no prices."""

    title: str
    sku: str
    quantity: int
    unit_value: int | None = None
    weight_grams: int | None = None
    origin: str = ""
    tariff_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper that goes with a parcel. ``kind`` is one of ``KINDS``.
    ``number`` is the purchase order's and stands below the barcode; ``order`` is what the shop calls the order.
    ``sender``: of a return slip where the goods go, of an invoice who sends them abroad, of a packing slip whom the
    shop names as sender, if anybody."""

    kind: str
    language: str
    brand: BrandOnPaper
    number: str
    order: str
    day: date
    address: Sequence[str]
    sender: Sequence[str]
    lines: Sequence[PaperLine]
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickList:
    """What to take from the shelves for several purchase orders, by SKU, with who gets how many."""

    title: str
    numbers: Sequence[str]
    lines: Sequence[tuple[PaperLine, Sequence[tuple[str, int]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSheet:
    """A purchase order as a supplier gets it on paper or by e-mail: without the shopper's address. ``facts`` are pairs
    of a name and what stands there."""

    number: str
    retailer: str
    facts: Sequence[tuple[str, str]]
    #: Number of the line, SKU, title, units, price of one.
    lines: Sequence[tuple[str, str, str, str, str]]
    total: str
