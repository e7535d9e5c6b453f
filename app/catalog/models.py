"""Tables of the shared catalogue. They carry no row-level security, because search indexes would not work
behind it; who may see wholesale prices is decided in ``app.catalog.queries``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, SHARED, Base


class Category(Base):
    """A node of the category tree; ``path`` is the readable way to it, ``Home & Garden > Lighting``."""

    __tablename__ = "categories"
    __tenancy__ = SHARED

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    path: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))


class SupplierProduct(Base):
    """A product as its supplier offers it."""

    __tablename__ = "supplier_products"
    __tenancy__ = SHARED
    __table_args__ = (
        UniqueConstraint("supplier_id", "handle"),
        Index(None, "supplier_id", "updated_at", "id"),
        Index(None, "category_id", "id"),
        Index(None, "updated_at", "id"),
        Index("ix_supplier_products_words", "search_words", postgresql_using="gin"),
        Index(
            "ix_supplier_products_trigrams",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    #: The supplier's own key of the product; a later file with the same key changes this product.
    handle: Mapped[str]
    title: Mapped[str]
    #: Sanitised HTML.
    description: Mapped[str]
    brand: Mapped[str]
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    #: Names of the options in order, for example ``["Size", "Colour"]``.
    option_names: Mapped[list[str]]
    tags: Mapped[list[str]]
    #: ``active``, ``draft`` or ``ended``.
    status: Mapped[str]
    shipping_class: Mapped[str] = mapped_column(server_default="standard")
    currency: Mapped[str]
    #: The range of its active variants' wholesale prices, for sorting and filtering.
    lowest_wholesale: Mapped[int] = mapped_column(BIG)
    highest_wholesale: Mapped[int] = mapped_column(BIG)
    #: Whether any variant can be bought now; kept by inventory changes.
    in_stock: Mapped[bool]
    #: Title, brand, tags and SKUs folded to plain lower-case letters.
    search_text: Mapped[str]
    search_words: Mapped[Any] = mapped_column(TSVECTOR, Computed("to_tsvector('simple', search_text)", persisted=True))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    variants: Mapped[list[SupplierVariant]] = relationship(
        lazy="raise", order_by="SupplierVariant.position", back_populates="product"
    )
    images: Mapped[list[ProductImage]] = relationship(lazy="raise", order_by="ProductImage.position")


class SupplierVariant(Base):
    """The unit that is ordered: one SKU with its cost. Prices are minor units of the product's currency."""

    __tablename__ = "supplier_variants"
    __tenancy__ = SHARED
    __table_args__ = (
        UniqueConstraint("supplier_id", "sku"),
        Index(None, "product_id", "position"),
        Index(None, "gtin", postgresql_where=text("gtin is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_products.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    sku: Mapped[str]
    gtin: Mapped[str | None]
    options: Mapped[dict[str, str]]
    wholesale_price: Mapped[int] = mapped_column(BIG)
    msrp: Mapped[int | None] = mapped_column(BIG)
    #: Minimum advertised price.
    map_price: Mapped[int | None] = mapped_column(BIG)
    currency: Mapped[str]
    weight_grams: Mapped[int | None]
    #: ``active`` or ``ended``.
    status: Mapped[str]
    position: Mapped[int]
    updated_at: Mapped[datetime]

    product: Mapped[SupplierProduct] = relationship(lazy="raise", back_populates="variants")


class ProductImage(Base):
    """A picture of a product, by its address."""

    __tablename__ = "product_images"
    __tenancy__ = SHARED
    __table_args__ = (UniqueConstraint("product_id", "url"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_products.id"))
    url: Mapped[str]
    alt: Mapped[str]
    position: Mapped[int]
