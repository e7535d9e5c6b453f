"""Promoted products: placements in what retailers find, always marked as such."""
