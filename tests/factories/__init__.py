"""Ready-made things for tests: keyword defaults, nothing random that matters."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog.service import ProductRecord, VariantRecord, save_products
from app.identity.models import Organisation, User
from app.identity.service import add_member, create_organisation, create_user
from app.inventory.service import StockFigure, add_location, set_figures
from app.kit import clock
from app.kit.ids import new_id
from app.listings.models import Listing
from app.listings.queries import as_listing_push, listings_to_push
from app.listings.service import ImportRequest, add_to_import_list, note_pushed, publish
from app.purchasing.service import Line, PlaceOrder
from app.stores.goods import ListingPushed, LocationRef, VariantPushed
from app.stores.models import Store
from app.stores.platform import Credentials, ShopFacts
from app.stores.service import connect
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier, TestOrder
from app.suppliers.rules import ACTIVE, Rate
from app.suppliers.service import Application, Contact, apply, decide, set_rates

_numbers = itertools.count(1)

PASSWORD = "a calm harbour at dawn"


def address(**changes: str) -> Address:
    """A delivery address that can be used."""
    values = {
        "name": "Ada Lovelace",
        "address1": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "country_code": "GB",
        "phone": "+44 20 7946 0958",
        "email": "ada@shopper.example",
    }
    return Address(**{**values, **changes})


def member(session: Session, organisation: Organisation, role: str, *, email: str | None = None) -> User:
    """A person with a role and the password ``PASSWORD``."""
    number = next(_numbers)
    user = create_user(
        session, email=email or f"person{number}@example.com", name=f"Person {number}", password=PASSWORD
    )
    add_member(session, organisation.id, user.id, role)
    return user


def retailer(session: Session, name: str = "Northwind Home", *, currency: str = "USD") -> Organisation:
    """A retailer."""
    return create_organisation(session, kind="retailer", name=name, country="US", currency=currency)


def supplier(
    session: Session,
    name: str = "Nordlicht",
    *,
    currency: str = "USD",
    country: str = "DE",
    active: bool = True,
    handling_days: int = 1,
) -> Supplier:
    """A supplier that ships everywhere (5.00 for the first item, 1.00 for each more) from one location."""
    organisation = create_organisation(session, kind="supplier", name=name, country=country, currency=currency)
    made = apply(
        session,
        organisation,
        Application(
            contact=Contact(name="Jo Berg", email=f"jo{next(_numbers)}@example.com", phone="+49 30 1234567"),
            business_type="wholesaler",
            registration_number="HRB 12345",
            tax_id="DE136695976",
            catalogue_size="100-1000",
            website=None,
            note="",
        ),
    )
    made.handling_days = handling_days
    set_rates(session, made.id, [Rate("Standard", ("*",), 500, 100, 2, 5)])
    add_location(session, made.id, code="main", name="Main warehouse", country=country, default=True)
    if active:
        decide(session, made.id, ACTIVE, reason="test")
    session.flush()
    return made


def passed_test_order(session: Session, supplier_id: UUID) -> None:
    """A supplier's test order that it has passed, in case it has none; nobody is told of it."""
    if suppliers.passed_test_order(session, supplier_id) is None:
        now = clock.now()
        session.add(
            TestOrder(
                id=new_id(), supplier_id=supplier_id, attempt=1, lines=[], parcels=[], placed_at=now, passed_at=now
            )
        )


def product(
    session: Session,
    supplier: Supplier,
    *,
    handle: str | None = None,
    title: str = "Desk lamp",
    variants: int = 1,
    wholesale: str = "10.00",
    stock: int | None = 10,
    skus: list[str] | None = None,
) -> list[UUID]:
    """A product on offer with so many variants of one price, each with ``stock`` units (None: no figure yet).

    Returns the variants' ids in order.
    """
    number = next(_numbers)
    minor = int(Decimal(wholesale) * 100)
    names = skus or [f"SKU-{number}-{index}" for index in range(variants)]
    record = ProductRecord(
        handle=handle or f"product-{number}",
        title=title,
        description="<p>Bright.</p>",
        brand="Nordlicht",
        category="Home & Garden > Lighting",
        option_names=["Size"],
        tags=["lamp"],
        images=[(f"https://images.example/{number}.jpg", title)],
        status="active",
        variants=[
            VariantRecord(sku=sku, options={"Size": str(index)}, wholesale_price=minor)
            for index, sku in enumerate(names)
        ],
    )
    ids = save_products(session, supplier.id, supplier.currency, [record]).variants
    if stock is not None:
        set_stock(session, supplier.id, {ids[sku]: stock for sku in names})
    return [ids[sku] for sku in names]


def set_stock(
    session: Session, supplier_id: UUID, quantities: dict[UUID, int], *, age: timedelta = timedelta(0)
) -> None:
    """The supplier says how many units of its variants are free."""
    as_of = clock.now() - age
    set_figures(session, supplier_id, [StockFigure(variant, count, as_of) for variant, count in quantities.items()])


def store(session: Session, retailer: Organisation, *, shop: str | None = None, platform: str = "shopify") -> Store:
    """A connected store."""
    external_id = shop or f"shop{next(_numbers)}.myshopify.com"
    return connect(
        session,
        retailer.id,
        platform,
        ShopFacts(
            external_id=external_id,
            name="Northwind Home",
            url=f"https://{external_id}",
            currency=retailer.currency,
            timezone="America/New_York",
            country="US",
        ),
        Credentials(access_token="shpat_test", refresh_token="shprt_test", scopes=("write_products",)),
    )


def order_of(
    retailer: Organisation,
    lines: dict[UUID, int],
    *,
    external_id: str | None = None,
    store: Store | None = None,
    trouble: str = "refuse",
    ship_to: Address | None = None,
) -> PlaceOrder:
    """An order for so many units of each variant."""
    name = external_id or f"order-{next(_numbers)}"
    return PlaceOrder(
        retailer_id=retailer.id,
        store_id=store.id if store else None,
        external_id=name,
        external_name=name,
        currency=retailer.currency,
        address=ship_to or address(),
        lines=[Line(variant_id=variant, quantity=count) for variant, count in lines.items()],
        trouble="hold" if trouble == "hold" else "refuse",
        store_name=store.name if store else "",
    )


def live_listing(session: Session, store: Store, product_id: UUID) -> Listing:
    """A listing that its store has taken. A variant's id there is ``gid://shopify/ProductVariant/<number>``."""
    listing = add_to_import_list(session, store, ImportRequest(product_id=product_id))
    publish(session, store.retailer_id, [listing.id])
    number = next(_numbers)
    taken = [
        VariantPushed(
            key=str(row.id),
            external_id=f"gid://shopify/ProductVariant/{number * 1000 + index}",
            inventory_id=f"gid://shopify/InventoryItem/{number * 1000 + index}",
        )
        for index, row in enumerate(listing.variants)
    ]
    session.flush()
    (work,) = (one for one in listings_to_push(session, store, 1000) if one.listing_id == listing.id)
    note_pushed(
        session,
        listing.id,
        work.version,
        as_listing_push(work, LocationRef("gid://shopify/Location/1", "")),
        ListingPushed(external_id=f"gid://shopify/Product/{number}", handle="", variants=tuple(taken)),
    )
    return listing
