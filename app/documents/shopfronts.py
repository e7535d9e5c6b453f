"""A shop as its customers know it, on whatever they read: its name and look, their language and clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.documents.models import Brand
from app.documents.queries import brand_of
from app.documents.words import reader_language
from app.identity.models import Organisation
from app.kit import clock
from app.kit.texts import zone_of_country
from app.orders.models import Order
from app.stores.models import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopfront:
    """``brand``: what its retailer set, if it did; ``language`` and ``zone`` are the customer's."""

    name: str
    brand: Brand | None
    language: str
    zone: str


def shopfront_of(session: Session, order: Order, known: Collection[str]) -> Shopfront:
    """Where an order was bought. ``known``: the languages that there are words in. Needs a system scope."""
    brand = brand_of(session, order.retailer_id)
    store = session.get(Store, order.store_id) if order.store_id else None
    return Shopfront(
        name=(brand.name if brand else "")
        or (store.name if store else "")
        or session.get_one(Organisation, order.retailer_id).name,
        brand=brand,
        language=reader_language(brand.language if brand else "", order.ship_to_country, known),
        zone=zone_of_country(order.ship_to_country, clock.now(), store.timezone if store else "UTC"),
    )
