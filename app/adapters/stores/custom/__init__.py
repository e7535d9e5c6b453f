"""A store of the retailer's own making, which calls our API."""

from app.adapters.stores.custom.adapter import CustomStore

ADAPTER = CustomStore()
