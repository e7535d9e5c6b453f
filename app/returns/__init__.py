"""Goods coming back: requests, decisions, the way back, inspections, and what is owed back for them."""
