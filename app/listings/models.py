"""Tables of listings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, own
from app.stores import models as _tables_named  # noqa: F401 – foreign keys here name its tables


class Listing(Base):
    """A supplier product as one retailer sells it in one store.

    While ``state`` is DRAFT it stands in the import list. ``wanted_version`` rises with every change of what the
    store should show; the store is up to date when ``pushed_version`` has reached it. ``owned_fields`` are the
    retailer's: a sync never overwrites them.
    """

    __tablename__ = "listings"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("retailer_id", "id"),
        ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        UniqueConstraint("store_id", "product_id"),
        Index(None, "product_id"),
        Index(None, "retailer_id", "state", "id"),
        Index(
            "ix_listings_to_push",
            "store_id",
            postgresql_where=text("wanted_version > pushed_version and state <> 'DRAFT'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_products.id"))
    #: DRAFT, PUSHING, LIVE, OUT_OF_SYNC, FAILED, HIDDEN or UNLINKED.
    state: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    price_rule_id: Mapped[UUID | None]
    #: Whether shoppers should see it, or it stays a draft in the store.
    published: Mapped[bool]
    #: Names among title, description, images, price: not touched by later syncs.
    owned_fields: Mapped[list[str]]
    wanted_version: Mapped[int] = mapped_column(server_default="1")
    pushed_version: Mapped[int] = mapped_column(server_default="0")
    #: What we last gave the store: another text there since then is the retailer's own.
    pushed_title: Mapped[str | None]
    pushed_description: Mapped[str | None]
    external_id: Mapped[str | None]
    external_handle: Mapped[str | None]
    #: The store's refusal in our words, and the original.
    error: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    pushed_at: Mapped[datetime | None]

    variants: Mapped[list[ListingVariant]] = relationship(
        lazy="raise", order_by="ListingVariant.position", back_populates="listing"
    )


class ListingVariant(Base):
    """One variant of a listing: what the store should show of it (``wanted_*``), and what it acknowledged
    (``pushed_*``, ``store_quantity``). Money is in minor units of the store's currency."""

    __tablename__ = "listing_variants"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "listing_id"], ["listings.retailer_id", "listings.id"]),
        UniqueConstraint("listing_id", "variant_id"),
        UniqueConstraint("retailer_id", "id"),
        Index(None, "variant_id"),
        Index(None, "store_id", "external_id"),
        Index(
            "ix_listing_variants_stock_to_push",
            "store_id",
            postgresql_where=text("external_id is not null and wanted_quantity is distinct from store_quantity"),
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    listing_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_variants.id"))
    position: Mapped[int]
    enabled: Mapped[bool]
    #: Set by the retailer: the rule does not apply.
    own_price: Mapped[int | None] = mapped_column(BIG)
    wanted_price: Mapped[int] = mapped_column(BIG)
    wanted_compare_at: Mapped[int | None] = mapped_column(BIG)
    wanted_cost: Mapped[int] = mapped_column(BIG)
    wanted_quantity: Mapped[int]
    pushed_price: Mapped[int | None] = mapped_column(BIG)
    pushed_compare_at: Mapped[int | None] = mapped_column(BIG)
    pushed_cost: Mapped[int | None] = mapped_column(BIG)
    #: What the store holds as far as we know: what it acknowledged, less what it has sold since.
    store_quantity: Mapped[int | None]
    #: Units that the store was seen to have sold before its orders reached us, and until when that counts.
    unseen_sales: Mapped[int] = mapped_column(server_default="0")
    unseen_until: Mapped[datetime | None]
    external_id: Mapped[str | None]
    external_inventory_id: Mapped[str | None]
    #: Since when the store lags behind; None while it is up to date.
    waiting_since: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    error: Mapped[str | None]

    listing: Mapped[Listing] = relationship(lazy="raise", back_populates="variants")


class ListingSource(Base):
    """A supplier's variant that can fill what a listing variant sells, as its retailer linked or refused it. Without
    rows, what is listed is the only source, one unit for one; a row of kind ``origin`` says otherwise of it.

    A listing variant that is a bundle has sources of several components; each of them is needed.
    """

    __tablename__ = "listing_sources"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "listing_variant_id"], ["listing_variants.retailer_id", "listing_variants.id"]
        ),
        UniqueConstraint("listing_variant_id", "component", "variant_id"),
        Index(None, "variant_id"),
        CheckConstraint("per_unit > 0", name="per_unit_positive"),
        CheckConstraint("component >= 0", name="component_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    listing_variant_id: Mapped[UUID]
    component: Mapped[int]
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_variants.id"))
    #: Units of the variant that make one of the component.
    per_unit: Mapped[int]
    #: The retailer's own order of a component's sources, from 0.
    rank: Mapped[int]
    #: ``origin``, ``gtin`` (the same article), ``hand`` or ``substitute`` (another article).
    kind: Mapped[str]
    #: ``linked`` or ``refused``.
    state: Mapped[str]
    #: Competes with the others by the routing rules; else it is taken only where the others can't deliver.
    competes: Mapped[bool]
    created_at: Mapped[datetime]


class StoreLink(Base):
    """What a retailer said of an article of its store that is none of our listings: a supplier's variant that fills it,
    or (``variant_id`` is None) that it is not ours. It holds for orders from then on."""

    __tablename__ = "store_links"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        UniqueConstraint("store_id", "link_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    #: ``app.listings.rules.link_key``.
    link_key: Mapped[str]
    variant_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier_variants.id"))
    #: What the store called it.
    title: Mapped[str]
    created_at: Mapped[datetime]

    def holds_for(self, placed_at: datetime) -> bool:
        """Whether it had been said when an order was placed. Stores tell that in whole seconds."""
        return placed_at >= self.created_at.replace(microsecond=0)


class ImportBatch(Base):
    """A request to list products, made through the API or from the import list, with its progress."""

    __tablename__ = "import_batches"
    __tenancy__ = own("retailer_id")
    __table_args__ = (UniqueConstraint("retailer_id", "id"), Index(None, "retailer_id", "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class ImportItem(Base):
    """One product of an import."""

    __tablename__ = "import_items"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "batch_id"], ["import_batches.retailer_id", "import_batches.id"]),
    )

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    retailer_id: Mapped[UUID]
    product_id: Mapped[UUID]
    listing_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
