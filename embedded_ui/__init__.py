"""The retailer's pages: inside Shopify's admin, and standalone for all other retailers."""

from embedded_ui.area import register

__all__ = ["register"]
