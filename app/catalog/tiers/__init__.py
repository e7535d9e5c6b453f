"""Wholesale price tiers: what a unit costs from a quantity on."""
