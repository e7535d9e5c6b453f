"""How far countries are apart, in kilometres.

A country stands for one place: the main one of a time zone in the time zone database's ``zone.tab``
(https://data.iana.org/time-zones/tzdb/zone.tab, public domain, as the package ``tzdata`` brings it). It lists the most
populous zone of a country first where the map allows that; ``_MAIN`` has the others. Who tells its time zone is at that
zone's main place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt

from babel.core import get_global

#: Countries of which ``zone.tab`` does not list the most populous zone first, since it goes from east to west.
_MAIN = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
#: Countries that ``zone.tab`` has no line of, by the zones that they use: Kosovo's is Belgrade's.
_ELSEWHERE = {
    "XK": ("+4240+02110", "Europe/Belgrade"),
    "AC": ("-0756-01422", "Atlantic/St_Helena"),
    "TA": ("-3704-01219", "Atlantic/St_Helena"),
}
#: The mean radius of the earth.
_RADIUS = 6371
#: A latitude or longitude of ISO 6709: sign, degrees of two or three digits, minutes, and seconds in some.
_LATITUDE, _LONGITUDE = r"([+-])(\d\d)(\d\d)(\d\d)?", r"([+-])(\d{3})(\d\d)(\d\d)?"
_PLACE = re.compile(_LATITUDE + _LONGITUDE)

Point = tuple[float, float]


@cache
def kilometres(start: str, start_zone: str, end: str) -> int | None:
    """From a country, by its code, where people live in ``start_zone``, to another one: along the earth's surface, in
    whole kilometres. 0 within a country; None where a place is not known."""
    if start == end:
        return 0
    here, there = _point(start, start_zone), _point(end, "")
    return None if here is None or there is None else round(_apart(here, there))


def _point(country: str, zone: str) -> Point | None:
    of_country, main = _places().get(country, {}), _MAIN.get(country, "")
    return of_country.get(_named(zone)) or of_country.get(_named(main)) or next(iter(of_country.values()), None)


def _named(zone: str) -> str:
    """One name of a zone that has several, such as ``US/Pacific`` and ``America/Los_Angeles``, after the CLDR."""
    return str(get_global("zone_aliases").get(zone, zone))


def _apart(one: Point, other: Point) -> float:
    """By the haversine formula, in kilometres."""
    (north, east), (other_north, other_east) = one, other
    half = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return 2 * _RADIUS * asin(sqrt(half))


@cache
def _places() -> Mapping[str, Mapping[str, Point]]:
    """Country → time zone, by one name → where it is, in radians; each country's first zone first."""
    found: dict[str, dict[str, Point]] = {
        country: {_named(zone): _place(where)} for country, (where, zone) in _ELSEWHERE.items()
    }
    for line in files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        country, where, zone = line.split("\t")[:3]
        found.setdefault(country, {})[_named(zone)] = _place(where)
    return found


def _place(text: str) -> Point:
    parts = _PLACE.fullmatch(text)
    assert parts is not None
    values = parts.groups()
    return _angle(*values[:4]), _angle(*values[4:])


def _angle(sign: str, degrees: str, minutes: str, seconds: str | None) -> float:
    return radians(float(f"{sign}1") * (int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600))
