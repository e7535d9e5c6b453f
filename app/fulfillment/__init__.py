"""Shipments: what left, how, and where it is."""
