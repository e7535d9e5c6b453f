"""Bulk actions: one decision about many orders, done row by row in the background, each with its result."""
