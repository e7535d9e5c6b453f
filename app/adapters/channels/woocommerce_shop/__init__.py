"""A supplier's own WooCommerce shop: purchase orders become orders there, its parcels come back."""

from app.adapters.channels.woocommerce_shop.adapter import WooCommerceShop

ADAPTER = WooCommerceShop()
