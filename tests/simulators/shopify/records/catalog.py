"""Products and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True)
class Media:
    """An image of a product; it is fetched after the call that named it (``UPLOADED`` → ``READY``)."""

    id: int
    url: str
    alt: str | None
    created_at: datetime
    status: str = "UPLOADED"


@dataclass(slots=True)
class Metafield:
    """A custom value of a record. Definitions of type ``id`` make the value unique per owner type."""

    id: int
    namespace: str
    key: str
    type: str
    value: str
    owner: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class MetafieldDefinition:
    """What a metafield of an owner type may hold."""

    id: int
    name: str
    namespace: str
    key: str
    type: str
    owner_type: str
    unique: bool
    description: str | None = None


@dataclass(slots=True)
class OptionValue:
    """One choice of an option."""

    id: int
    name: str


@dataclass(slots=True)
class Option:
    """A property in which a product's variants differ, such as colour."""

    id: int
    name: str
    position: int
    values: list[OptionValue]


@dataclass(slots=True)
class InventoryItem:
    """The goods behind a variant: what is counted, weighed and declared. ``cost`` is per unit."""

    id: int
    variant_id: int
    created_at: datetime
    updated_at: datetime
    sku: str | None = None
    tracked: bool = True
    requires_shipping: bool = True
    cost: Decimal | None = None
    country_of_origin: str | None = None
    province_of_origin: str | None = None
    harmonized_code: str | None = None
    weight: float = 0.0
    weight_unit: str = "KILOGRAMS"


@dataclass(slots=True)
class Variant:
    """One purchasable form of a product. ``inventory_policy`` DENY refuses a sale without stock, CONTINUE allows it."""

    id: int
    product_id: int
    item: InventoryItem
    price: Decimal
    created_at: datetime
    updated_at: datetime
    position: int = 1
    compare_at_price: Decimal | None = None
    barcode: str | None = None
    taxable: bool = True
    inventory_policy: str = "DENY"
    #: (option name, value) in the order of the product's options.
    selected: list[tuple[str, str]] = field(default_factory=list)
    media_id: int | None = None
    metafields: list[Metafield] = field(default_factory=list)

    @property
    def sku(self) -> str | None:
        """The stock keeping unit, kept with the goods."""
        return self.item.sku

    @property
    def title(self) -> str:
        """The chosen options, as ``Black / Large``."""
        return " / ".join(value for _, value in self.selected) or "Default Title"


@dataclass(slots=True)
class Product:
    """What the shop offers. Shoppers see it when ``status`` is ACTIVE and it is published on the online store."""

    id: int
    title: str
    handle: str
    created_at: datetime
    updated_at: datetime
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    status: str = "ACTIVE"
    tags: list[str] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    metafields: list[Metafield] = field(default_factory=list)
    publications: dict[int, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class ProductOperation:
    """A product change that runs in the background: ``kind`` is ProductSetOperation or ProductDeleteOperation."""

    id: int
    kind: str
    status: str = "CREATED"
    product_id: int | None = None
    deleted_id: int | None = None
    errors: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Publication:
    """A sales channel's list of products."""

    id: int
    name: str
    catalog_id: int
    auto_publish: bool = False
