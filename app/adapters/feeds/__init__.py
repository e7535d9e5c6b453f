"""Readers of product files, found by walking this folder."""
