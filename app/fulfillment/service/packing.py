"""What a gateway is told of a parcel: what it weighs, who sends it, who gets it, and where it goes back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.fulfillment.labels import Party
from app.kit.errors import Conflict
from app.orders.senders import Sender, sender_of
from app.orders.service import address_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.models import SupplierApplication
from app.suppliers.service.onboarding import PostalAddress, company_address, return_address


def weight_of(session: Session, lines: Mapping[UUID, int]) -> int | None:
    """Grams of so many units of purchase order lines; None where the weight of an article is not known."""
    rows = session.execute(
        select(PurchaseOrderLine.id, SupplierVariant.weight_grams)
        .join(SupplierVariant, SupplierVariant.id == PurchaseOrderLine.variant_id)
        .where(PurchaseOrderLine.id.in_(list(lines)), SupplierVariant.weight_grams > 0)
    ).all()
    return sum((grams or 0) * lines[line_id] for line_id, grams in rows) if len(rows) == len(lines) else None


def party_of(address: Address) -> Party:
    """A store's customer, or whoever has an address of this kind."""
    return Party(
        name=address.name,
        company=address.company,
        street1=address.address1,
        street2=address.address2,
        city=address.city,
        province=address.province,
        postal_code=address.postal_code,
        country_code=address.country_code,
        phone=address.phone,
    )


def party_at(place: PostalAddress, name: str, company: str) -> Party:
    """A supplier's place, under this name; ``company`` where the place has no name of its own."""
    return Party(
        name=name,
        company=place.name or company,
        street1=place.address1,
        street2=place.address2,
        city=place.city,
        postal_code=place.postal_code,
        country_code=place.country_code,
    )


def parties(session: Session, supplier_id: UUID, order: PurchaseOrder) -> tuple[Party, Party, list[Party]]:
    """Who sends, who gets it, and where it goes back to, what is wanted most first: to the return address of the
    retailer's store, if it has one, then where the supplier's return policy says, else to where it leaves. The reading
    of the shopper's address is written down. Raises ``Conflict``."""
    supplier = suppliers.supplier(session, supplier_id)
    address = address_of(order.ship_to, "purchase_orders", order.id)
    if address is None:
        raise Conflict("The shopper's address was deleted, as it is some time after delivery.", code="address_gone")
    audit.record(session, supplier_id, "orders.address_read", "purchase_order", order.id, details={"paper": "label"})
    application = session.get(SupplierApplication, supplier_id)
    own = company_address(application) if application is not None else None
    policy = suppliers.return_policy(session, supplier_id)
    back = return_address(policy) if policy is not None else None
    leaves, returns_to = own or back, back or own
    if leaves is None or returns_to is None:
        raise Conflict("Enter your company's address first: it stands on the label.", code="no_sender_address")
    shop = sender_of(order.sender, "purchase_orders", order.id)
    # The shop's name stands above the address: its customers know no other.
    if shop is not None and shop.as_sender:
        sender, returns = _named(leaves, shop), _named(returns_to, shop)
    else:
        sender = party_at(leaves, order.retailer_name, supplier.company_name)
        returns = party_at(returns_to, order.retailer_name, supplier.company_name)
    backs = [party_of(shop.address), returns] if shop is not None and shop.as_return_address else [returns]
    return sender, party_of(address), backs


def _named(place: PostalAddress, shop: Sender) -> Party:
    """The place of the supplier, under the name of the store alone."""
    return replace(party_at(place, shop.address.name, ""), company=shop.address.company, phone=shop.address.phone)
