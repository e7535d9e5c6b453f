"""Changing the catalogue."""

from app.catalog.service.creating import CREATED, LISTED, SAID, create_products, create_told_products
from app.catalog.service.describing import (
    MOST_OPTIONS,
    ProductChange,
    TakenElsewhere,
    VariantChange,
    change_product,
    make_product,
    tier_errors,
)
from app.catalog.service.pricing import PriceChange, change_prices, set_prices
from app.catalog.service.restoring import Restored, restore
from app.catalog.service.saving import (
    CatalogChange,
    ProductRecord,
    Saved,
    VariantRecord,
    one_at_a_time,
    refresh_ranges,
    save_products,
    set_status,
    titles_by_category,
)

__all__ = [
    "CREATED",
    "LISTED",
    "MOST_OPTIONS",
    "SAID",
    "CatalogChange",
    "PriceChange",
    "ProductChange",
    "ProductRecord",
    "Restored",
    "Saved",
    "TakenElsewhere",
    "VariantChange",
    "VariantRecord",
    "change_prices",
    "change_product",
    "create_products",
    "create_told_products",
    "make_product",
    "one_at_a_time",
    "refresh_ranges",
    "restore",
    "save_products",
    "set_prices",
    "set_status",
    "tier_errors",
    "titles_by_category",
]
