"""Organisations, the people in them, what they may do, and how they prove who they are."""
