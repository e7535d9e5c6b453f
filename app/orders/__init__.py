"""Retailers' orders: what a shopper bought, or a retailer placed, and why an order waits."""
