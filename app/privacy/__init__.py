"""Shoppers' rights: what was asked for, by when it must be done, and redaction."""
