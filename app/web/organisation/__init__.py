"""What the settings of every kind of organisation have: its team, its API keys and its webhooks. Each area's page adds
them to its own views and includes their templates."""

from app.web.organisation import keys, team, webhooks

__all__ = ["keys", "team", "webhooks"]
