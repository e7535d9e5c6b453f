"""Brands, and papers of purchase orders. Nothing of a paper is kept: it is drawn when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.documents.addresses import address_lines
from app.documents.models import Brand, PrintedPaper
from app.documents.papers import (
    COMMERCIAL_INVOICE,
    KINDS,
    PACKING_SLIP,
    RETURN_SLIP,
    BrandOnPaper,
    Paper,
    PaperLine,
    PickList,
)
from app.documents.queries import brand_of, brand_on_paper
from app.documents.words import reader_language
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.orders.senders import sender_of
from app.orders.service import address_of, write_timeline
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.returns.models import Return
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier, SupplierApplication
from app.suppliers.service.onboarding import PostalAddress, company_address, return_address

_PRINTED = {
    PACKING_SLIP: "po.printed_packing_slip",
    RETURN_SLIP: "po.printed_return_slip",
    COMMERCIAL_INVOICE: "po.printed_commercial_invoice",
}
#: Papers that are drawn while somebody waits for them, within a second or so; more are drawn in the background.
MOST_AT_ONCE = 25


class AddressGone(Conflict):
    """The shopper's address was deleted, so there is nothing to print it from."""

    code = "address_gone"
    title = "The address is gone"


def save_brand(session: Session, retailer_id: UUID, *, values: Mapping[str, str], logo: bytes | None) -> Brand:
    """Change how a retailer presents itself. ``values``: name, colour, message, email, phone, website and language.
    ``logo``: a PNG by ``app.documents.logo``; None leaves the one that is there."""
    brand = brand_of(session, retailer_id)
    if brand is None:
        brand = Brand(retailer_id=retailer_id, logo=None, logo_sha256=None)
        session.add(brand)
    for name in ("name", "colour", "message", "email", "phone", "website", "language"):
        setattr(brand, name, values[name])
    if logo is not None:
        brand.logo, brand.logo_sha256 = logo, hashlib.sha256(logo).hexdigest()
    brand.updated_at = clock.now()
    audit.record(session, retailer_id, "documents.brand_changed", "organisation", retailer_id)
    return brand


def remove_logo(session: Session, retailer_id: UUID) -> None:
    """Show the name instead."""
    brand = brand_of(session, retailer_id)
    if brand is not None and brand.logo is not None:
        brand.logo = brand.logo_sha256 = None
        brand.updated_at = clock.now()
        audit.record(session, retailer_id, "documents.brand_changed", "organisation", retailer_id)


def papers(
    session: Session, kind: str, purchase_orders: Sequence[PurchaseOrder], *, reader: UUID | None = None
) -> list[Paper]:
    """One paper for each purchase order of one supplier, which need their lines; the readings of addresses are
    written down, as the supplier's unless another ``reader`` is named. Raises ``AddressGone``, and ``Invalid`` for a
    return slip of a supplier without return address."""
    if kind not in KINDS:
        raise Invalid.field("kind", "unknown", "There is no such paper.")
    if not purchase_orders:
        return []
    supplier = suppliers.supplier(session, purchase_orders[0].supplier_id)
    place = _place(session, kind, supplier)
    weights = _weights(session, purchase_orders) if kind == COMMERCIAL_INVOICE else {}
    brands: dict[UUID, BrandOnPaper] = {}
    drawn = []
    for order in purchase_orders:
        address = address_of(order.ship_to, "purchase_orders", order.id)
        if address is None:
            raise AddressGone(f"{order.number}: the shopper's address was deleted, as it is some time after delivery.")
        whose = reader or supplier.id
        audit.record(session, whose, "orders.address_read", "purchase_order", order.id, details={"paper": kind})
        if order.retailer_id not in brands:
            brands[order.retailer_id] = brand_on_paper(session, order.retailer_id, order.retailer_name)
        own = brand_of(session, order.retailer_id)
        drawn.append(
            Paper(
                kind=kind,
                language=reader_language(own.language if own else "", order.ship_to_country),
                brand=brands[order.retailer_id],
                number=order.number,
                order=order.order_reference,
                day=_day(order, supplier),
                address=address_lines(address),
                sender=_sender(kind, order, place, supplier),
                lines=[_line(line, kind, supplier, weights) for line in order.lines if line.quantity > line.cancelled],
                currency=order.currency,
            )
        )
    return drawn


def slip_of_return(session: Session, row: Return, purchase_order: PurchaseOrder, *, reader: UUID) -> Paper:
    """The slip that comes back with a return: its number below the barcode, and its lines. Raises as ``papers``."""
    (slip,) = papers(session, RETURN_SLIP, [purchase_order], reader=reader)
    lines = [PaperLine(title=line.title, sku=line.sku, quantity=line.quantity) for line in row.lines]
    return replace(slip, number=row.number, lines=lines)


def pick_list(purchase_orders: Sequence[PurchaseOrder]) -> PickList:
    """What to take from the shelves for what these purchase orders still have open, by SKU."""
    shares: dict[str, list[tuple[str, int]]] = {}
    titles: dict[str, str] = {}
    for order in purchase_orders:
        for line in order.lines:
            units = line.quantity - line.shipped - line.cancelled
            if units:
                shares.setdefault(line.sku, []).append((order.number, units))
                titles[line.sku] = line.title
    return PickList(
        title="Pick list",
        numbers=[order.number for order in purchase_orders],
        lines=[
            (PaperLine(title=titles[sku], sku=sku, quantity=sum(units for _, units in shares[sku])), shares[sku])
            for sku in sorted(shares)
        ],
    )


def example_paper(brand: BrandOnPaper, *, language: str, day: date, sender: Sequence[str] = ()) -> Paper:
    """A packing slip of a made-up order, for looking at a brand and at a sender."""
    return Paper(
        kind=PACKING_SLIP,
        language=language or "en",
        brand=brand,
        number="1001-1",
        order="#1001",
        day=day,
        address=address_lines(
            Address(
                name="Sam Taylor",
                address1="1 Harbour Street",
                city="Portland",
                province="ME",
                postal_code="04101",
                country_code="US",
            )
        ),
        sender=sender,
        lines=[
            PaperLine(title="Desk lamp, brass", sku="LAMP-BRASS", quantity=1),
            PaperLine(title="Linen cushion, sand, 40 × 40 cm", sku="CUSHION-SAND", quantity=2),
        ],
    )


def mark_printed(session: Session, purchase_order: PurchaseOrder, kind: str, *, by: str) -> None:
    """The supplier confirms that the paper lies in the parcel; said again, the first time stays."""
    if kind not in KINDS:
        raise Invalid.field("kind", "unknown", "There is no such paper.")
    added = session.scalar(
        upsert(PrintedPaper)
        .values(
            purchase_order_id=purchase_order.id,
            kind=kind,
            retailer_id=purchase_order.retailer_id,
            supplier_id=purchase_order.supplier_id,
            printed_at=clock.now(),
            printed_by=by,
        )
        .on_conflict_do_nothing()
        .returning(PrintedPaper.kind)
    )
    if added is not None:
        write_timeline(
            session,
            [
                {
                    "order_id": purchase_order.order_id,
                    "retailer_id": purchase_order.retailer_id,
                    "purchase_order_id": purchase_order.id,
                    "supplier_id": purchase_order.supplier_id,
                    "message": _PRINTED[kind],
                    "values": {"number": purchase_order.number},
                }
            ],
        )


def _place(session: Session, kind: str, supplier: Supplier) -> PostalAddress | None:
    """Of the supplier: where returned goods go, or where its company is; None where it did not say."""
    if kind == RETURN_SLIP:
        policy = suppliers.return_policy(session, supplier.id)
        if policy is None:
            raise Invalid("Say in the settings where returned goods go, then return slips can be printed.")
        return return_address(policy)
    application = session.get(SupplierApplication, supplier.id)
    return company_address(application) if application is not None else None


def _sender(kind: str, order: PurchaseOrder, place: PostalAddress | None, supplier: Supplier) -> list[str]:
    """The store's own sender where it named one. What comes back goes to the supplier's place all the same, with the
    store's name above it; customs are told who sends in truth."""
    shop = sender_of(order.sender, "purchase_orders", order.id)
    named = shop.address if shop is not None and shop.as_sender else None
    if kind == PACKING_SLIP:
        return address_lines(named) if named is not None else []
    if place is None:
        return [supplier.company_name, supplier.country]
    if kind == RETURN_SLIP and named is not None:
        return _postal_lines(place, named.name, company=place.name or supplier.company_name)
    return _postal_lines(place, place.name or supplier.company_name)


def _postal_lines(address: PostalAddress, name: str, *, company: str = "") -> list[str]:
    return address_lines(
        Address(
            name=name,
            company=company,
            address1=address.address1,
            address2=address.address2,
            city=address.city,
            postal_code=address.postal_code,
            country_code=address.country_code,
        )
    )


def _weights(session: Session, purchase_orders: Sequence[PurchaseOrder]) -> dict[UUID, int | None]:
    ids = {line.variant_id for order in purchase_orders for line in order.lines}
    rows = session.execute(select(SupplierVariant.id, SupplierVariant.weight_grams).where(SupplierVariant.id.in_(ids)))
    return {variant_id: grams for variant_id, grams in rows}


def _line(line: PurchaseOrderLine, kind: str, supplier: Supplier, weights: Mapping[UUID, int | None]) -> PaperLine:
    priced = kind == COMMERCIAL_INVOICE
    return PaperLine(
        title=line.title,
        sku=line.sku,
        quantity=line.quantity - line.cancelled,
        # What the retailer pays for the goods: the sale for which they are sent abroad.
        unit_value=line.wholesale_price if priced else None,
        weight_grams=weights.get(line.variant_id),
        origin=supplier.country if priced else "",
    )


def _day(order: PurchaseOrder, supplier: Supplier) -> date:
    return (order.released_at or order.created_at).astimezone(ZoneInfo(supplier.timezone)).date()
