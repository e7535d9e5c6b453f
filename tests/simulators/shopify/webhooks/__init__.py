"""Webhooks: what is told about, in the shapes of the REST resources, and how it is delivered."""
