"""Shopify: hooks in, GraphQL out."""

from app.adapters.stores.shopify.adapter import Shopify

ADAPTER = Shopify()
