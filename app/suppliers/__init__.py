"""Suppliers: their application, their public profile and terms, and whether they may sell."""
