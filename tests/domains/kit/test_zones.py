"""Time zones to choose from."""

from __future__ import annotations

from app.kit.zones import is_zone, zones_to_choose


def test_zones_are_places_with_how_far_their_clocks_are_from_utc_now() -> None:
    offered = dict(zones_to_choose("Europe/Berlin"))
    assert offered["Asia/Tokyo"] == "Asia/Tokyo (UTC+9:00)"
    assert offered["Pacific/Marquesas"] == "Pacific/Marquesas (UTC−9:30)"
    assert offered["UTC"] == "UTC"
    assert not {"localtime", "Factory", "EST5EDT", "Etc/GMT+5", "Japan"} & set(offered)
    assert all(map(is_zone, offered))


def test_a_zone_that_is_set_stays_among_them() -> None:
    """Browsers call some zones by older names."""
    assert zones_to_choose("Asia/Calcutta")[0][0] == "Asia/Calcutta"
    assert is_zone("Asia/Calcutta")
    assert not is_zone("localtime") and not is_zone("Mars/Base")
