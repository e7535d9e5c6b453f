"""Delivery addresses, checked by the rules of their countries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.countries import country_codes
from app.orders.rules import address_problems


def wrong(**changes: str) -> list[tuple[str, str]]:
    """Fields of an address that are refused, and how."""
    usable = {"name": "Ada", "address1": "1 Quay", "city": "London", "postal_code": "SW1Y 4JH", "country_code": "GB"}
    return [(one.field, one.code) for one in address_problems(**(usable | changes))]


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("US", "97201"),
        ("US", "97201-1234"),
        ("GB", "sw1y4jh"),
        ("DE", "10115"),
        ("PL", "00-950"),
        ("PL", "00950"),
        ("CA", "M5V2T6"),
        ("NL", "1234 AB"),
        ("JP", "1050011"),
        ("SE", "11455"),
        ("IE", ""),
        ("IE", "H91 X0XX"),
        ("HK", ""),
    ],
)
def test_what_people_write_is_taken(country: str, code: str) -> None:
    assert wrong(country_code=country, postal_code=code) == []


@pytest.mark.parametrize(
    ("country", "code"), [("US", "9720"), ("GB", "97201"), ("DE", "1011"), ("DE", "D-10115 Berlin"), ("NL", "AB 1234")]
)
def test_what_no_carrier_could_read_is_refused(country: str, code: str) -> None:
    assert wrong(country_code=country, postal_code=code) == [("postal_code", "malformed")]


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert wrong(name=" ", address1="", city="", postal_code="") == [
        ("name", "incomplete"),
        ("address1", "incomplete"),
        ("city", "incomplete"),
        ("postal_code", "incomplete"),
    ]
    assert wrong(country_code="XX", postal_code="1") == [("country_code", "incomplete")]


@given(country=st.sampled_from(sorted(country_codes())), code=st.text(max_size=20))
def test_any_text_is_judged_and_never_quoted(country: str, code: str) -> None:
    found = address_problems(name="Ada", address1="1 Quay", city="X", postal_code=code, country_code=country)
    assert {one.field for one in found} <= {"postal_code"}
    told = {one.message for one in found if one.code == "malformed"}
    assert told <= {
        one.message
        for one in address_problems(name="Ada", address1="1 Quay", city="X", postal_code="!", country_code=country)
    }, "the same words whatever was written"
