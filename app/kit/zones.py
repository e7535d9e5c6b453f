"""Time zones: which names are any, and those to choose from, with how far their clocks are from UTC now."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global

from app.kit import clock
from app.kit.texts import zone_of

#: What the files of the time zone database hold besides zones.
_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})


def is_zone(name: str) -> bool:
    """Whether clocks of some place are known by this name."""
    return name not in _NO_ZONES and name in available_timezones()


def zones_to_choose(kept: str) -> list[tuple[str, str]]:
    """Name and label of each zone, by name: ``Asia/Tokyo`` and ``Asia/Tokyo (UTC+9:00)``. ``kept``, which is set
    already, is among them whatever it is."""
    names = _of_places() if kept in _of_places() or not kept else (kept, *_of_places())
    return [(name, name if name == "UTC" else f"{name.replace('_', ' ')} ({_distance(name)})") for name in names]


@cache
def _of_places() -> tuple[str, ...]:
    """Zones that belong to a territory; not their older names, nor what clocks of machines are set to."""
    return (
        *sorted(name for name, place in get_global("zone_territories").items() if place not in ("001", "ZZ")),
        "UTC",
    )


def _distance(name: str) -> str:
    ahead = clock.now().astimezone(zone_of(name)).utcoffset()
    minutes = int(ahead.total_seconds()) // 60 if ahead is not None else 0
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}:{rest:02}"
