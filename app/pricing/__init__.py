"""Retail prices: the rules that make them from cost."""
