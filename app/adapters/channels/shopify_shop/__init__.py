"""A supplier's own Shopify shop: purchase orders become orders there, its fulfilments come back as parcels."""

from app.adapters.channels.shopify_shop.adapter import ShopifyShop

ADAPTER = ShopifyShop()
