"""A carrier that nobody can ask: people mark its parcels delivered."""

from __future__ import annotations

from app.fulfillment.carrier import Tracked


class Manual:
    """The ``Carrier`` port for carriers without one of their own."""

    name = "manual"
    label = "Other carrier"
    countries: frozenset[str] = frozenset()
    can_track = False

    def recognises(self, tracking_number: str) -> bool:
        """Nothing has this carrier's form."""
        return False

    def may_have(self, tracking_number: str) -> bool | None:
        """Nobody knows its forms."""
        return None

    def tracking_url(self, tracking_number: str) -> str | None:
        """There is no page."""
        return None

    def track(self, tracking_number: str) -> Tracked | None:
        """Nothing is known."""
        return None
