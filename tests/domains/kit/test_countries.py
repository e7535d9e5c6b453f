"""Countries: which there are, and how they are listed."""

from __future__ import annotations

import pytest

from app.kit.countries import country_codes, country_of_zone, is_country, named_countries, usual_currency


@pytest.mark.parametrize("code", ["AC", "DE", "TA", "TW", "US", "XK"])
def test_places_that_stores_sell_to_are_countries(code: str) -> None:
    assert is_country(code)


@pytest.mark.parametrize("code", ["", "EU", "IC", "QO", "UN", "XA", "ZZ", "us", "USA"])
def test_groupings_and_tests_are_none(code: str) -> None:
    assert not is_country(code)


def test_each_is_listed_once_by_its_name_with_marks_beside_plain_letters() -> None:
    listed = named_countries("en")
    assert {code for code, _name in listed} == country_codes()
    assert len(listed) == len(country_codes())
    names = [name for _code, name in listed]
    assert names.index("Afghanistan") < names.index("Åland Islands") < names.index("Albania")
    assert ("DE", "Deutschland") in named_countries("de")


@pytest.mark.parametrize(
    ("country", "currency"),
    [
        ("US", "USD"),
        ("GB", "GBP"),
        ("JE", "GBP"),
        ("AT", "EUR"),
        ("SE", "EUR"),
        ("TR", "EUR"),
        ("CN", "USD"),
        ("BV", "USD"),
    ],
)
def test_a_country_trades_in_its_own_currency_where_it_is_settled_else_in_a_large_one(
    country: str, currency: str
) -> None:
    assert usual_currency(country, {"USD", "EUR", "GBP", "CAD", "AUD"}) == currency


def test_what_is_not_settled_is_nobodys_currency() -> None:
    assert usual_currency("US", {"EUR"}) == "EUR"
    assert usual_currency("CN", {"SEK", "PLN"}) == "PLN"


@pytest.mark.parametrize(
    ("zone", "country"), [("America/Toronto", "CA"), ("Europe/Vienna", "AT"), ("Etc/UTC", ""), ("nowhere", "")]
)
def test_the_country_of_a_time_zone_is_told_where_it_has_one(zone: str, country: str) -> None:
    assert country_of_zone(zone) == country
