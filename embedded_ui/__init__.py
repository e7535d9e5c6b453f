"""The retailer's pages: inside Shopify's admin, and standalone for all other retailers."""
