"""Carriers, found by walking this folder."""
