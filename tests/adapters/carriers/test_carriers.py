"""Carriers: what every one of them keeps to, and which numbers each claims."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import registries
from app.adapters._check_digits import mod37_36
from app.fulfillment.carrier import Carrier
from app.fulfillment.rules import recognised
from tests.adapters.settings import set_up

__all__ = ["set_up"]

CARRIERS = registries.carriers.all()
#: Numbers of the real world, or made by the published rule.
NUMBERS = {
    "1Z5R89390357567127": "ups",
    "1Z879E930346834440": "ups",
    "1Z410E7W0392751591": "ups",
    "9400 1112 0108 0805 4830 16": "usps",
    "9361 2898 7870 0317 6337 95": "usps",
    "9405803699300124287899": "usps",
    "7196 9010 7560 0307 7385": "usps",
    "0307 1790 0005 2348 3741": "usps",
    "RB123456785US": "usps",
    "986578788855": "fedex",
    "477179081230": "fedex",
    "0414 4176 0228 964": "fedex",
    "568283610012734": "fedex",
    "3318810025": "dhl",
    "8487135506": "dhl",
    "428001369716": "dhl",
    "123456789016": "dhl",
    "00340434161094042557": "dhl",
    "00340433836442636597": "dhl",
    "01015026003653c": "dpd",
    "00 81827 0998 0000 0200 33 350 276 C": "dpd",
    "436523412348": "gls",
    "RR 473 124 829 GB": "royal_mail",
}


def claimed_by(number: str) -> str | None:
    return recognised(number, [(name, carrier.recognises(number)) for name, carrier in CARRIERS.items()])


@pytest.mark.parametrize("name", sorted(CARRIERS))
def test_every_carrier_keeps_to_the_port(name: str) -> None:
    carrier = CARRIERS[name]
    assert isinstance(carrier, Carrier)
    assert carrier.name == name
    assert carrier.label
    assert carrier.recognises("") is False
    assert carrier.recognises("hello world") is False
    assert carrier.recognises("٣٣١٨٨١٠٠٢٥") is False
    page = carrier.tracking_url("AB 12/..?x=1#y")
    if page is not None:
        parts = urlsplit(page)
        assert parts.scheme == "https"
        assert "/..?" not in page, "a number must not change the address around it"
    if not carrier.can_track:
        assert carrier.track("3318810025") is None


@pytest.mark.parametrize(("number", "name"), NUMBERS.items())
def test_a_number_is_claimed_by_its_carrier_alone(number: str, name: str) -> None:
    assert [found for found, carrier in CARRIERS.items() if carrier.recognises(number)] == [name]


@pytest.mark.parametrize(("number", "name"), NUMBERS.items())
def test_no_other_check_digit_is_right(number: str, name: str) -> None:
    compact = number.replace(" ", "").upper()
    place = 10 if compact.endswith(("US", "GB")) else len(compact) - 1
    right = compact[place]
    others = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if right.isalpha() else "0123456789"
    accepted = [other for other in others if CARRIERS[name].recognises(compact[:place] + other + compact[place + 1 :])]
    # The 20 digits of special services are printed with either of two: with the application identifier and without.
    assert right in accepted
    assert len(accepted) == (2 if name == "usps" and len(compact) == 20 else 1)


@pytest.mark.parametrize("number", ["1Z1111111111111111", "9400111201080805483017", "RB123456785DE", "1Z", "12345"])
def test_numbers_that_nobody_claims(number: str) -> None:
    assert claimed_by(number) is None


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -", max_size=40))
def test_no_text_is_claimed_twice(number: str) -> None:
    assert sum(carrier.recognises(number) for carrier in CARRIERS.values()) <= 1


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_twelve_digits_have_at_most_one_carrier(number: str) -> None:
    assert sum(carrier.recognises(number) for carrier in CARRIERS.values()) <= 1


def test_the_check_character_of_iso_7064() -> None:
    assert mod37_36("A12425GABC1234002M")
    assert not mod37_36("A12425GABC1234002N")


def test_the_page_shows_the_cleaned_number() -> None:
    assert CARRIERS["ups"].tracking_url("1z 5r89390357567127") == (
        "https://www.ups.com/track?tracknum=1Z5R89390357567127"
    )


def test_the_simulated_carrier_is_absent_without_its_address(set_up: Callable[..., None]) -> None:
    set_up(simulated_carrier_url="")
    simulated = CARRIERS["simulated"]
    assert not simulated.recognises("SIM00000000000")
    assert simulated.tracking_url("SIM00000000000") is None
    assert simulated.track("SIM00000000000") is None
