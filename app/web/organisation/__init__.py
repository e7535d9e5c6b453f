"""What the settings of every kind of organisation have: its team and its API keys. Each area's page adds them to its
own views and includes their templates."""

from app.web.organisation import keys, team

__all__ = ["keys", "team"]
