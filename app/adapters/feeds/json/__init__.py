"""JSON, and JSON lines."""

from app.adapters.feeds.json.adapter import Json

ADAPTER = Json()
