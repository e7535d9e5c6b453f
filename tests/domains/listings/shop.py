"""A shop of a few lines that takes pushes as stores do, and a listing beside it, pushed by the real services."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct
from app.catalog.service import change_prices, set_status
from app.kit import clock
from app.kit.money import Money
from app.listings import queries, service
from app.listings.models import Listing
from app.listings.queries import as_listing_push
from app.listings.service import ImportRequest, add_to_import_list
from app.stores.goods import ListingPush, ListingPushed, LocationRef, PushRefused, VariantPushed
from app.stores.hooks import ProductEdited
from tests import factories as make

LOCATION = LocationRef("gid://shopify/Location/1", "gid://shopify/FulfillmentService/1")
_numbers = itertools.count(1)
#: Titles by the supplier's word, as the catalogue keeps them.
FIRST_TITLE = "Desk lamp"


@dataclass(slots=True)
class Shown:
    """One variant as shoppers see it."""

    price: int
    compare_at: int | None
    quantity: int


@dataclass(slots=True)
class Product:
    """One product as shoppers see it."""

    title: str
    published: bool
    variants: dict[str, Shown] = field(default_factory=dict)


class Shop:
    """What the store holds. A push makes what is missing, changes what is there, and takes away what it leaves out."""

    def __init__(self) -> None:
        self.products: dict[str, Product] = {}

    def take(self, push: ListingPush) -> ListingPushed | PushRefused:
        """A listing is pushed."""
        if push.external_id is None:
            product_id = f"gid://shopify/Product/{next(_numbers)}"
            assert push.title is not None, "a product that is made needs a title"
            self.products[product_id] = Product(push.title, push.published)
        else:
            product_id = push.external_id
        product = self.products.get(product_id)
        if product is None:
            return PushRefused("NOT_FOUND", "The product is gone.", gone=True)
        product.title, product.published = push.title or product.title, push.published
        known, product.variants = product.variants, {}
        taken = []
        for variant in push.variants:
            variant_id = f"{product_id}/{variant.key}"
            before = known.get(variant_id)
            product.variants[variant_id] = Shown(
                variant.price.minor,
                variant.compare_at.minor if variant.compare_at else None,
                before.quantity if before else variant.quantity,
            )
            taken.append(VariantPushed(key=variant.key, external_id=variant_id, inventory_id=variant_id))
        return ListingPushed(external_id=product_id, handle="", variants=tuple(taken))

    def shown(self, variant_id: str) -> Shown | None:
        """A variant by its id."""
        product = self.products.get(variant_id.rpartition("/")[0])
        return product.variants.get(variant_id) if product else None


class Shelf:
    """One supplier's product with two variants, listed in one shop."""

    def __init__(self, session: Session, *, stock: int | None = 20, wholesale: str = "10.00") -> None:
        self.session, self.shop = session, Shop()
        self.retailer = make.retailer(session)
        self.supplier = make.supplier(session)
        self.variants = make.product(session, self.supplier, variants=2, title=FIRST_TITLE, stock=stock, handle="lamp",
                                     wholesale=wholesale)  # fmt: skip
        self.store = make.store(session, self.retailer)
        product_id = queries.variants_shown(session, self.variants)[0].product_id
        self.product_id = product_id
        self.listing_id = add_to_import_list(session, self.store, ImportRequest(product_id=product_id)).id

    @property
    def listing(self) -> Listing:
        """The listing as it is now."""
        self.session.flush()
        self.session.expire_all()
        return queries.listing(self.session, self.retailer.id, self.listing_id)

    @property
    def product(self) -> Product:
        """The product in the shop."""
        return self.shop.products[str(self.listing.external_id)]

    def edit(self, **changes: Any) -> None:
        """The retailer edits its listing."""
        service.edit(self.session, self.retailer.id, self.listing_id, service.Edit(**changes))

    def publish(self) -> None:
        """The retailer publishes it."""
        service.publish(self.session, self.retailer.id, [self.listing_id])

    def hide(self) -> None:
        """The retailer hides it."""
        service.hide(self.session, self.retailer.id, [self.listing_id])

    # The supplier

    def supplier_says(self, *, title: str | None = None, price: int | None = None, stock: int | None = None) -> None:
        """The supplier changes its product; the jobs that hear of it have run."""
        if title is not None:
            product = self.session.get_one(SupplierProduct, self.product_id)
            product.title = title
        if price is not None:
            change_prices(self.session, self.supplier.id, dict.fromkeys(self.variants, price))
        if stock is not None:
            make.set_stock(self.session, self.supplier.id, dict.fromkeys(self.variants, stock))
            service.follow_inventory(self.session, self.variants)
        self._followed()

    def supplier_offers(self, status: str) -> None:
        """The supplier ends its product, or offers it again."""
        set_status(self.session, self.supplier.id, [self.product_id], status)
        self._followed()

    def _followed(self) -> None:
        self.session.flush()
        self.session.expire_all()
        service.follow_products(self.session, [self.product_id])
        self.session.flush()

    # The push

    def send(self) -> list[Callable[[], None]]:
        """Push listings. The answers, which are not written down before they are called."""
        self.session.flush()
        work = queries.listings_to_push(self.session, self.store, 10)
        answers: list[Callable[[], None]] = []
        for one in work:
            if one.hidden:
                if one.external_id in self.shop.products:
                    self.shop.products[str(one.external_id)].published = False
                answers.append(lambda one=one: service.note_withdrawn(self.session, one.listing_id, one.version))
                continue
            push = as_listing_push(one, LOCATION)
            result = self.shop.take(push)
            if isinstance(result, ListingPushed):
                answers.append(
                    lambda one=one, push=push, result=result: service.note_pushed(
                        self.session, one.listing_id, one.version, push, result
                    )
                )
            else:
                answers.append(
                    lambda one=one, result=result: service.note_refused(
                        self.session, one.listing_id, one.version, result
                    )
                )
        return answers

    def send_prices(self) -> list[Callable[[], None]]:
        """Push prices."""
        rows = queries.prices_to_push(self.session, self.store.id, 250)
        refused = {}
        for row in rows:
            shown = self.shop.shown(row.external_id)
            if shown is None:
                refused[row.id] = PushRefused("NOT_FOUND", "The variant is gone.", gone=True)
            else:
                shown.price, shown.compare_at = row.wanted_price, row.wanted_compare_at
        sent = {row.id: (row.wanted_price, row.wanted_compare_at, row.wanted_cost) for row in rows}
        return [lambda: service.note_prices(self.session, sent, refused)] if rows else []

    def send_stock(self) -> list[Callable[[], None]]:
        """Push quantities."""
        rows = queries.stock_to_push(self.session, self.store.id, 250)
        done, refused = {}, {}
        for row in rows:
            shown = self.shop.shown(row.external_inventory_id)
            if shown is None:
                refused[row.id] = PushRefused("NOT_FOUND", "The variant is gone.", gone=True)
            else:
                shown.quantity = row.target
                done[row.id] = row.target
        if not rows:
            return []
        return [
            lambda: service.note_stock_set(self.session, done),
            lambda: service.note_stock_refused(self.session, refused),
        ]

    def sync(self) -> None:
        """Push until nothing differs."""
        for step in (self.send, self.send_prices, self.send_stock):
            for _ in range(10):
                answers = step()
                if not answers:
                    break
                for answer in answers:
                    answer()
            else:
                raise AssertionError(f"{step.__name__} never ends")
        self.session.flush()

    # The retailer in its own shop

    def tells(self) -> list[str]:
        """The shop tells of its product, as it is now."""
        external_id = str(self.listing.external_id)
        product = self.shop.products[external_id]
        edited = ProductEdited(
            external_id=external_id,
            title=product.title,
            description_html="<p>Bright.</p>",
            prices={key: Money(one.price, "USD").amount for key, one in product.variants.items()},
            updated_at=clock.now(),
        )
        return service.note_owned_by_store(self.session, self.store, edited)

    def deleted_in_shop(self) -> None:
        """The retailer deletes the product in its shop."""
        external_id = str(self.listing.external_id)
        del self.shop.products[external_id]
        service.note_removed(self.session, self.store.id, external_id)
        self.session.flush()

    def by_variant(self) -> dict[UUID, Shown]:
        """What shoppers see of each supplier variant."""
        found = {row.variant_id: self.shop.shown(row.external_id or "") for row in self.listing.variants}
        return {variant: shown for variant, shown in found.items() if shown is not None}
