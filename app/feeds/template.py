"""Our own template: the columns that need no guessing, with example rows."""

from __future__ import annotations

import csv
import io

COLUMNS = (
    "product_id", "title", "description", "brand", "category", "sku", "gtin", "option1_name", "option1_value",
    "option2_name", "option2_value", "option3_name", "option3_value", "cost", "msrp", "map", "price_tiers", "weight",
    "weight_unit", "stock", "image_urls", "tags", "status",
)  # fmt: skip
_EXAMPLES: tuple[dict[str, str], ...] = (
    {
        "product_id": "desk-lamp", "title": "Desk lamp", "description": "<p>A warm light for late work.</p>",
        "brand": "Nordlicht", "category": "Home & Garden > Lighting", "sku": "LAMP-BLK", "gtin": "4006381333931",
        "option1_name": "Color", "option1_value": "Black", "cost": "12.50", "msrp": "39.90",
        "price_tiers": "10=11.90 | 50=10.90", "weight": "0.8", "weight_unit": "kg", "stock": "120", "image_urls": "https://example.com/lamp-1.jpg|https://example.com/lamp-2.jpg",
        "tags": "lamp, desk", "status": "active",
    },
    {
        "product_id": "desk-lamp", "sku": "LAMP-WHT", "option1_name": "Color", "option1_value": "White",
        "cost": "12.50", "msrp": "39.90", "weight": "0.8", "weight_unit": "kg", "stock": "80",
    },
)  # fmt: skip


def template_csv() -> str:
    """The template as a file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(_EXAMPLES)
    return out.getvalue()
