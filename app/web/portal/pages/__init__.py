"""The supplier's pages, one folder each."""
