"""Saved views: what a person looks for in a list, under a name."""
