"""Tables of the shared catalogue. They carry no row-level security, because search indexes would not work
behind it; who may see wholesale prices is decided in ``app.catalog.queries``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.pictures.rules import address_of
from app.catalog.tiers.rules import PriceTier, counting
from app.config import settings
from app.db import BIG, SHARED, Base, own


class Category(Base):
    """A node of the category tree; ``path`` is the readable way to it, ``Home & Garden > Lighting``."""

    __tablename__ = "categories"
    __tenancy__ = SHARED

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    path: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    #: Of Google's product taxonomy; none for a supplier's own category that nobody has placed yet.
    google_id: Mapped[int | None]


class CategoryMapping(Base):
    """Where one of a supplier's categories belongs in the tree, and who says so."""

    __tablename__ = "category_mappings"
    __tenancy__ = own("supplier_id")
    __table_args__ = (UniqueConstraint("supplier_id", "source_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    #: The supplier's category as it wrote it, and what its spellings have in common.
    source: Mapped[str]
    source_key: Mapped[str]
    #: None while nothing like it was found.
    google_id: Mapped[int | None]
    #: 0 to 100.
    confidence: Mapped[int]
    #: A key of ``categories.rules.BASES``.
    basis: Mapped[str]
    #: ``to_confirm`` (products keep the supplier's own category), ``mapped`` or ``confirmed``.
    state: Mapped[str]
    confirmed_by: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class CategoryLesson(Base):
    """How many suppliers confirmed that a category of this name belongs there. It names no supplier."""

    __tablename__ = "category_lessons"
    __tenancy__ = SHARED

    source_key: Mapped[str] = mapped_column(primary_key=True)
    google_id: Mapped[int] = mapped_column(primary_key=True)
    confirmations: Mapped[int]


class SupplierProduct(Base):
    """A product as its supplier offers it."""

    __tablename__ = "supplier_products"
    __tenancy__ = SHARED
    __table_args__ = (
        UniqueConstraint("supplier_id", "id"),
        UniqueConstraint("supplier_id", "handle"),
        Index(None, "supplier_id", "updated_at", "id"),
        Index(None, "category_id", "id"),
        Index(None, "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Looked up by a trigger (``refers``), as the category.
    supplier_id: Mapped[UUID]
    #: The supplier's own key of the product; a later file with the same key changes this product.
    handle: Mapped[str]
    title: Mapped[str]
    #: Sanitised HTML.
    description: Mapped[str]
    brand: Mapped[str]
    category_id: Mapped[UUID | None]
    #: The supplier's own category, as ``category_mappings.source_key``.
    source_category: Mapped[str] = mapped_column(server_default="")
    #: The supplier's own title and description for search engines; empty: made by ``seo.rules``. Files leave them.
    seo_title: Mapped[str] = mapped_column(server_default="")
    seo_description: Mapped[str] = mapped_column(server_default="")
    #: Names of the options in order, for example ``["Size", "Colour"]``.
    option_names: Mapped[list[str]]
    tags: Mapped[list[str]]
    #: ``active``, ``draft`` or ``ended``.
    status: Mapped[str]
    #: Ended because a file no longer offered it, or a run was undone: a file that names it brings it back.
    ended_by_feed: Mapped[bool] = mapped_column(server_default="false")
    shipping_class: Mapped[str] = mapped_column(server_default="standard")
    currency: Mapped[str]
    #: The range of its active variants' wholesale prices, for sorting and filtering.
    lowest_wholesale: Mapped[int] = mapped_column(BIG)
    highest_wholesale: Mapped[int] = mapped_column(BIG)
    #: Whether any variant can be bought now; kept by inventory changes.
    in_stock: Mapped[bool]
    #: Title, brand, tags and SKUs folded to plain lower-case letters.
    search_text: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    variants: Mapped[list[SupplierVariant]] = relationship(
        lazy="raise",
        order_by="SupplierVariant.position",
        back_populates="product",
        primaryjoin="SupplierProduct.id == foreign(SupplierVariant.product_id)",
    )
    images: Mapped[list[ProductImage]] = relationship(
        lazy="raise",
        order_by="ProductImage.position",
        primaryjoin="SupplierProduct.id == foreign(ProductImage.product_id)",
    )

    @property
    def gallery(self) -> list[ProductImage]:
        """The pictures that can be shown, in order."""
        return [image for image in self.images if image.shown()]

    @property
    def picture(self) -> str | None:
        """Where pages take its small picture from."""
        return self.gallery[0].shown() if self.gallery else None


class SupplierVariant(Base):
    """The unit that is ordered: one SKU with its cost. Prices are minor units of the product's currency."""

    __tablename__ = "supplier_variants"
    __tenancy__ = SHARED
    __table_args__ = (
        # Of its supplier as its product is: looked up once a statement by a trigger (``refers``), as of its stock,
        # pictures and entries; a foreign key would look once for each of millions of rows.
        UniqueConstraint("supplier_id", "sku"),
        Index(None, "product_id", "position"),
        Index(None, "gtin", postgresql_where=text("gtin is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    sku: Mapped[str]
    gtin: Mapped[str | None]
    options: Mapped[dict[str, str]]
    wholesale_price: Mapped[int] = mapped_column(BIG)
    msrp: Mapped[int | None] = mapped_column(BIG)
    #: Minimum advertised price.
    map_price: Mapped[int | None] = mapped_column(BIG)
    #: Lower prices of larger quantities, as its supplier said them: ``min_quantity`` and ``price`` of each.
    price_tiers: Mapped[list[dict[str, Any]]] = mapped_column(server_default="[]")
    currency: Mapped[str]
    weight_grams: Mapped[int | None]
    #: ``active`` or ``ended``.
    status: Mapped[str]
    position: Mapped[int]
    updated_at: Mapped[datetime]

    product: Mapped[SupplierProduct] = relationship(
        lazy="raise", back_populates="variants", primaryjoin="SupplierProduct.id == foreign(SupplierVariant.product_id)"
    )

    @property
    def tiers(self) -> list[PriceTier]:
        """The steps of its wholesale price that count."""
        return counting(self.wholesale_price, self.price_tiers)


class ProductImage(Base):
    """A picture of a product, by its address."""

    __tablename__ = "product_images"
    __tenancy__ = SHARED
    __table_args__ = (
        UniqueConstraint("product_id", "url"),
        Index("ix_product_images_url", "url", postgresql_using="hash"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Looked up by a trigger (``refers``).
    product_id: Mapped[UUID]
    #: Where the supplier keeps it; of an uploaded one our own path.
    url: Mapped[str]
    alt: Mapped[str]
    position: Mapped[int]
    #: Of ``media``, once we have taken it in.
    sha256: Mapped[str | None]
    #: Put there by hand; files do not take it away.
    uploaded: Mapped[bool] = mapped_column(server_default="false")
    #: The supplier wrote ``alt`` by hand; files leave it.
    alt_owned: Mapped[bool] = mapped_column(server_default="false")

    def shown(self, size: int = 96) -> str | None:
        """Where our pages take it from; None while we do not have it. Installations that keep no pictures show the
        supplier's own."""
        if self.sha256:
            return address_of(self.sha256, size)
        return None if settings().keeps_pictures else self.url

    @property
    def public_url(self) -> str:
        """Where everybody finds it: with us where the world can reach us by https, else where the supplier keeps it."""
        ours = settings().public_url
        if self.sha256 and (self.uploaded or ours.startswith("https://")):
            return ours + address_of(self.sha256)
        return self.url


class Media(Base):
    """A picture that we keep in our sizes, once for all who show it."""

    __tablename__ = "media"
    __tenancy__ = SHARED

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Of the original's bytes.
    sha256: Mapped[str] = mapped_column(unique=True)
    #: The original's type by its content, and its size in bytes and pixels.
    mime: Mapped[str]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]


class ImageAddress(Base):
    """An address that products' pictures are fetched from, and what came of it. Each is fetched once, however many
    products name it."""

    __tablename__ = "image_addresses"
    __tenancy__ = SHARED
    __table_args__ = (
        Index(None, "due_at", postgresql_where=text("due_at is not null")),
        Index("ix_image_addresses_broken", "url_key", postgresql_where=text("state = 'broken'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    #: SHA-256 of the address, which may be too long for an index.
    url_key: Mapped[str] = mapped_column(unique=True)
    #: ``waiting``, ``ready`` or ``broken``.
    state: Mapped[str]
    #: A key of ``pictures.rules.REASONS``; empty unless broken.
    reason: Mapped[str] = mapped_column(server_default="")
    #: The picture that was last found there; kept while a later fetch fails.
    media_sha256: Mapped[str | None] = mapped_column(ForeignKey("media.sha256"))
    etag: Mapped[str] = mapped_column(server_default="")
    last_modified: Mapped[str] = mapped_column(server_default="")
    failures: Mapped[int] = mapped_column(server_default="0")
    checked_at: Mapped[datetime | None]
    #: When it is fetched next; none while no product names it.
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


#: What lists are filtered by most: the index of each order holds it, so that what does not fit is passed over without
#: looking at the entry.
_FILTERED_BY = ["lowest_wholesale", "highest_wholesale", "supplier_id", "category_id", "brand"]


class CatalogEntry(Base):
    """What retailers find of one active product: a copy of what searching and browsing need, so that no page of
    results touches texts or variants. ``catalog.search.refreshing`` writes it in the transaction that changes the
    product, of new products of a list a moment later; whether its supplier sells is looked up when it is read."""

    __tablename__ = "catalog_entries"
    __tenancy__ = SHARED
    __table_args__ = (
        # Its product is looked up by a trigger (``refers``); what else it refers to, its product does.
        Index("ix_catalog_entries_words", "words", postgresql_using="gin"),
        Index(None, "changed_at", "product_id"),
        # Of one supplier's products; those of an order may stand together far down in it.
        *(
            Index(None, "supplier_id", column, "product_id")
            for column in ("listed_at", "lowest_wholesale", "margin_bps", "title")
        ),
        *(
            Index(
                f"ix_catalog_entries_by_{column}",
                column,
                "product_id",
                postgresql_include=[one for one in _FILTERED_BY if one != column],
            )
            for column in ("listed_at", "lowest_wholesale", "margin_bps", "reliability", "title")
        ),
        # Of a category's products; by price and rating, too, they may stand far down, all together.
        Index(
            "ix_catalog_entries_category_prices",
            "category_id",
            "lowest_wholesale",
            "product_id",
            postgresql_include=["highest_wholesale", "reliability", "supplier_id"],
        ),
        # Room for the mark of what is in stock, which changes most and is in no index.
        {"postgresql_with": {"fillfactor": "90"}},
    )

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    category_id: Mapped[UUID | None]
    title: Mapped[str]
    brand: Mapped[str]
    currency: Mapped[str]
    #: The ranges of its active variants, in minor units; the lowest recommended price, where there is one.
    lowest_wholesale: Mapped[int] = mapped_column(BIG)
    highest_wholesale: Mapped[int] = mapped_column(BIG)
    msrp: Mapped[int | None] = mapped_column(BIG)
    #: What is left of the recommended price after the wholesale price, in basis points of it: the least of its
    #: variants; 0 without a recommended price.
    margin_bps: Mapped[int]
    #: The supplier's rating in hundredths, 0 without one.
    reliability: Mapped[int]
    variants: Mapped[int]
    in_stock: Mapped[bool]
    has_gtin: Mapped[bool]
    #: The first picture, and whether it is kept with us (its SHA-256).
    picture_url: Mapped[str | None]
    picture_sha256: Mapped[str | None]
    #: The first time it was on offer, and the product's last change.
    listed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    #: Its words (of the title with weight A) and their stems in several languages, and marks of its category and all
    #: above it, its supplier, its brand, and of samples (``catalog.search.rules``).
    words: Mapped[Any] = mapped_column(TSVECTOR)


class CatalogWord(Base):
    """A word that products are found by: what a word that finds nothing is compared with."""

    __tablename__ = "catalog_words"
    __tenancy__ = SHARED
    __table_args__ = (
        Index("ix_catalog_words_trigrams", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
        Index(None, "learned_at"),
    )

    word: Mapped[str] = mapped_column(primary_key=True)
    learned_at: Mapped[datetime]


class Synonym(Base):
    """Words that mean the same to those who search, folded; whoever looks for one finds the others."""

    __tablename__ = "catalog_synonyms"
    __tenancy__ = SHARED

    id: Mapped[UUID] = mapped_column(primary_key=True)
    words: Mapped[list[str]] = mapped_column(ARRAY(Text))
    updated_at: Mapped[datetime]


class SampleTerms(Base):
    """Whether and how a supplier gives samples: of one product, or, without one, of all that have no terms of their
    own. Retailers read it, so it is shared."""

    __tablename__ = "sample_terms"
    __tenancy__ = SHARED
    __table_args__ = (UniqueConstraint("supplier_id", "product_id", postgresql_nulls_not_distinct=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier_products.id"))
    allowed: Mapped[bool]
    #: Of one unit, in minor units of the supplier's currency; None: the wholesale price of a single unit.
    price: Mapped[int | None] = mapped_column(BIG)
    #: Most units of one product that one retailer orders within so many days.
    max_units: Mapped[int]
    days: Mapped[int]
    updated_at: Mapped[datetime]


class Placement(Base):
    """A supplier's products are lifted in what retailers find, marked as promoted: within a category, or for words.
    Who is promoted anybody can see, so it is shared."""

    __tablename__ = "placements"
    __tenancy__ = SHARED
    __table_args__ = (Index(None, "ends_on"), Index(None, "supplier_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    #: The category in which, and below which, it holds; None: it holds for ``words``, folded, of which a search must
    #: have all.
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    words: Mapped[str]
    #: 1 to 100: the heavier comes first.
    weight: Mapped[int]
    #: Both included, by UTC.
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    granted_by: Mapped[str]
    created_at: Mapped[datetime]
    #: When it was ended before its time.
    ended_at: Mapped[datetime | None]


class PlacementDay(Base):
    """How often a placement was seen and followed on one day, by whomever."""

    __tablename__ = "placement_days"
    __tenancy__ = own("supplier_id")

    placement_id: Mapped[UUID] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    impressions: Mapped[int] = mapped_column(server_default="0")
    clicks: Mapped[int] = mapped_column(server_default="0")


class BulkEdit(Base):
    """One change that a supplier made to many of its products at once."""

    __tablename__ = "bulk_edits"
    __tenancy__ = own("supplier_id")
    __table_args__ = (UniqueConstraint("supplier_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    #: ``field``, ``how`` and ``value`` (``assortment.rules.BulkChange``).
    what: Mapped[dict[str, Any]]
    #: Products and variants that are other than before.
    changed: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    #: Of those changed, how many undoing left alone, since they had been changed again.
    left: Mapped[int] = mapped_column("left_alone", server_default="0")


class BulkEditChange(Base):
    """What a bulk edit did to one product or variant: its columns before and after, for undoing it."""

    __tablename__ = "bulk_edit_changes"
    __tenancy__ = own("supplier_id")
    __table_args__ = (ForeignKeyConstraint(["supplier_id", "edit_id"], ["bulk_edits.supplier_id", "bulk_edits.id"]),)

    edit_id: Mapped[UUID] = mapped_column(primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
