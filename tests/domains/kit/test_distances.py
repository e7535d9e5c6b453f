"""How far countries are apart."""

from __future__ import annotations

import pytest

from app.kit.countries import country_codes
from app.kit.distances import kilometres


@pytest.mark.parametrize(
    ("start", "zone", "end", "expected"),
    [
        # Berlin to London, Warsaw to Berlin, Los Angeles and New York to Toronto, Tokyo to New York, Sydney to Moscow.
        ("DE", "Europe/Berlin", "GB", 930),
        ("PL", "Europe/Warsaw", "DE", 517),
        ("US", "America/Los_Angeles", "CA", 3490),
        ("US", "America/New_York", "CA", 550),
        ("JP", "Asia/Tokyo", "US", 10850),
        ("AU", "", "RU", 14495),
        # A zone has several names; Pristina to Tirana.
        ("US", "US/Pacific", "CA", 3490),
        ("XK", "", "AL", 182),
    ],
)
def test_the_distance_is_the_one_between_the_places_that_people_think_of(
    start: str, zone: str, end: str, expected: int
) -> None:
    found = kilometres(start, zone, end)
    assert found == pytest.approx(expected, rel=0.02)


def test_within_a_country_it_is_none_at_all_and_what_has_no_place_is_not_known() -> None:
    assert kilometres("US", "America/Los_Angeles", "US") == 0
    assert kilometres("XK", "", "XK") == 0
    assert kilometres("XX", "", "DE") is None
    assert kilometres("DE", "Europe/Berlin", "XX") is None
    assert kilometres("DE", "Nowhere/Atall", "FR") == kilometres("DE", "Europe/Berlin", "FR")


def test_every_country_has_a_place_but_those_where_nobody_lives() -> None:
    assert {code for code in country_codes() if kilometres("DE", "", code) is None} == {"BV", "HM"}
