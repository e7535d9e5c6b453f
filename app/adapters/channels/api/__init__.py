"""A supplier's own system, told by signed messages to its address."""

from app.adapters.channels.api.adapter import Api

ADAPTER = Api()
