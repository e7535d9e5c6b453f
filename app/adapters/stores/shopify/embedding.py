"""What the pages inside Shopify's admin need to know who opened them, and to get tokens for the shop."""

from __future__ import annotations

from app.adapters.stores.shopify.credentials import exchange
from app.adapters.stores.shopify.signatures import EmbeddedUser, InvalidIdToken, valid_shop, verify_id_token
from app.config import settings

__all__ = ["EmbeddedUser", "InvalidIdToken", "exchange", "install_url", "valid_shop", "verify_id_token"]


def install_url(shop: str) -> str:
    """Where a merchant installs the app, or opens it when it is installed (Shopify managed installation)."""
    handle = shop.removesuffix(".myshopify.com")
    configured = settings()
    return f"{configured.shopify_admin_origin}/store/{handle}/apps/{configured.shopify_app_handle}"
