"""Decisions about product files, on plain values: which column is what, what a cell says, what a row means."""
