"""The app on a shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Installation:
    """The app on a shop. Each install has its own number: what was issued for an earlier one is dead."""

    number: int
    scopes: frozenset[str]
    installed_at: datetime


@dataclass(slots=True)
class WebhookSubscription:
    """Where a topic (``orders/paid``) is delivered. ``by_api`` ones die after eight failures in a row; those of the
    app's configuration do not."""

    id: int
    topic: str
    uri: str
    by_api: bool
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    filter: str | None = None
    include_fields: list[str] = field(default_factory=list)
    failures: int = 0
