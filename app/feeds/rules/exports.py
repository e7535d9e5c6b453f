"""Which program wrote a file, by its columns, and what that program means by them where it is not what their names
say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.feeds.rules import families, magento, woocommerce
from app.feeds.rules.fields import normal

#: What Shopify's own export calls things, where it differs from plain names.
_SHOPIFY = {
    "handle": "product_id", "url handle": "product_id", "variant grams": "weight", "weight value grams": "weight",
    "type": "category", "product category": "", "image src": "image_urls", "product image url": "image_urls",
    "variant image": "", "variant image url": "", "status": "status", "published": "", "variant weight unit": "",
    "weight unit for display": "", "google shopping mpn": "", "gift card": "", "option1 linked to": "",
}  # fmt: skip

SHAPES = {
    "template": "our template",
    "shopify": "Shopify's export",
    "woocommerce": "WooCommerce's export",
    "magento": "Magento's export",
    "wix": "Wix's export",
    "bigcommerce": "BigCommerce's export",
    "ecwid": "Ecwid's export",
    "plain": "a list",
}


def shape_of(columns: Sequence[str]) -> str:
    """Which program made the file: a key of ``SHAPES``."""
    names = {normal(column) for column in columns}
    if {"handle", "title"} <= names and any(name.startswith("variant ") for name in names):
        return "shopify"
    if "url handle" in names and "option1 value" in names:
        return "shopify"
    if woocommerce.is_export(names):
        return "woocommerce"
    if magento.is_export(names):
        return "magento"
    if {"product id", "sku", "cost", "option1 name"} <= names:
        return "template"
    return families.program_of(names) or "plain"


def meant_by(shape: str, columns: Sequence[str]) -> Mapping[str, str]:
    """Column → field (empty: of no use), for columns that the program has its own meaning for."""
    if shape == "woocommerce":
        return woocommerce.fields_of(columns)
    if shape == "magento":
        return magento.fields_of(columns)
    if shape in families.PROGRAMS:
        return families.fields_of(shape, columns)
    if shape != "shopify":
        return {}
    names = {column: normal(column) for column in columns}
    found = {column: _SHOPIFY[name] for column, name in names.items() if name in _SHOPIFY}
    if "status" not in names.values():
        # Exports of old, and of other programs, have nothing else to say what is offered.
        found |= {column: "status" for column, name in names.items() if name == "published"}
    return found
