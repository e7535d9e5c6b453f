"""Carriers: what every one of them keeps to, and which numbers each claims."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.adapters._check_digits import mod37_36
from app.fulfillment.carrier import Carrier
from app.fulfillment.rules import NumberCheck, check_number
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
    "K 150 623 562 0": "ups",
    "9611020987654312345672": "fedex",
    "1001921334250001000300779017972697": "fedex",
    "C11031500001879": "ontrac",
    "D10011354453707": "ontrac",
    "RB123456785CA": "canada_post",
    "EE 123 456 785 CN": "china_post",
    "RB123456785AU": "australia_post",
    "RB123456785AT": "austrian_post",
    "RB123456785BE": "bpost",
    "RB123456785NO": "bring",
    "XS123456785FR": "chronopost",
    "RB123456785FR": "la_poste",
    "EA123456785JP": "japan_post",
    "RB123456785PL": "poczta_polska",
    "00590077312345678904": "poczta_polska",
    "RB123456785FI": "posti",
    "RB123456785NL": "postnl",
    "RB123456785SE": "postnord",
    "RB123456785CH": "swiss_post",
    "RB123456785DE": "deutsche_post",
    "RB123456785ES": "correos",
    "RB123456785IT": "poste_italiane",
    "RB123456785CZ": "ceska_posta",
    "RB123456785BR": "correios",
    "RB123456785IN": "india_post",
    "RB123456785SG": "singapore_post",
    "RB123456785HK": "hongkong_post",
}
#: The same, of carriers that write no check digit.
UNCHECKED = {
    "TBA502887274000": "amazon_logistics",
    "LP00123456789012": "cainiao",
    "D576002440000001718010": "canpar",
    "3A5V123456789": "cne_express",
    "GM295117494011169042": "dhl_ecommerce",
    "JD014600003889123456": "dhl_parcel_uk",
    "JVGL0999999990": "dhl",
    "T00D7A0012345678": "evri",
    "CLFOX1234567890123456": "foxpost",
    "4PX3000123456789CN": "four_px",
    "GFUS01011884214464": "gofo",
    "H1001234567890123456": "hermes",
    "620000000000000000000001": "inpost",
    "JDVA12345678901": "jd_logistics",
    "JT3012345678901": "jt_express",
    "6A12345678901": "la_poste",
    "LTN74207623N1": "landmark_global",
    "LX17635036": "ontrac",
    "1LS717793482164": "ontrac",
    "1LS7119013618127-1": "ontrac",
    "1LSCXVE005BUEFX": "ontrac",
    "Z 123 4567 890": "packeta",
    "JJFI65432100000123456": "posti",
    "3SABCD1234567": "postnl",
    "SF1234567890123": "sf_express",
    "SP029692510000920746": "spee_dee",
    "GD123456785WW": "tnt",
    "UE123456785YP": "yanwen",
    "JJD0002257639032011": "yodel",
    "JD0002254405060992": "yodel",
    "YT1234567890123": "yto_express",
    "YT2229521272164446": "yun_express",
    "323212345678901234567890": "bpost",
}
#: Numbers whose form several carriers share: who may have them.
SHARED = {
    "0073938000549297": {"canada_post"},
    "320595463938": {"purolator", "sf_express", "mondial_relay"},
    "77767553207": {"old_dominion"},
    "123456789013": {"yamato", "sagawa", "japan_post", "cj_logistics"},
    "12345678901234": {"hermes", "nova_poshta", "delhivery"},
    "75123456789012": {"zto_express", "hermes", "delhivery"},
    "12345678901": {"aramex", "blue_dart", "cdek"},
    "ZKGZ6X12": {"gls"},
    "990012345612345678": {"swiss_post"},
}


def claimed_by(number: str) -> str | None:
    return check_number(number, CARRIERS).carrier


def _numbers_like(name: str) -> st.SearchStrategy[str]:
    """Numbers of a carrier's sure forms, by the forms' own patterns."""
    patterns = [form.pattern for form in getattr(CARRIERS[name], "forms", ()) if form.sure]
    return st.one_of([st.from_regex(pattern, fullmatch=True) for pattern in patterns]) if patterns else st.just("")


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


@pytest.mark.parametrize(("number", "name"), [*NUMBERS.items(), *UNCHECKED.items()])
def test_a_number_is_claimed_by_its_carrier_alone(number: str, name: str) -> None:
    assert [found for found, carrier in CARRIERS.items() if carrier.recognises(number)] == [name]
    assert CARRIERS[name].may_have(number)
    assert check_number(number, CARRIERS, named=name).verdict == "fits"


@pytest.mark.parametrize(("number", "names"), SHARED.items())
def test_a_form_that_several_share_is_believed_of_whom_is_named(number: str, names: set[str]) -> None:
    for name in names:
        assert check_number(number, CARRIERS, named=name).verdict == "fits", name


@pytest.mark.parametrize(
    ("number", "between", "name"),
    [
        ("0073938000549297", {"CA"}, "canada_post"),
        ("77767553207", {"US"}, "old_dominion"),
        ("20400123456789", {"UA"}, "nova_poshta"),
        ("990012345612345678", {"CH"}, "swiss_post"),
        ("123456789013", {"JP"}, None),
        ("990012345612345678", set(), None),
        ("990012345612345678", {"CH", "FR"}, None),
    ],
)
def test_a_shared_form_is_believed_where_one_carrier_alone_serves_both_countries(
    number: str, between: set[str], name: str | None
) -> None:
    assert check_number(number, CARRIERS, between=between).carrier == name


def test_a_number_that_its_carrier_would_not_write_is_doubted() -> None:
    assert check_number("1Z5R89390357567128", CARRIERS, named="ups") == NumberCheck("misfit", None)
    assert check_number("1Z5R89390357567127", CARRIERS, named="dhl") == NumberCheck("other", "ups")
    assert check_number("anything at all", CARRIERS, named="manual") == NumberCheck("unknown", "manual")
    assert check_number("  ", CARRIERS, named="ups") == NumberCheck("unknown", None)


def test_more_than_fifty_carriers_are_known() -> None:
    known = {name for name, carrier in CARRIERS.items() if carrier.may_have("") is not None}
    assert len(known) > 50
    assert {"china_post", "yun_express", "yanwen", "four_px", "cainiao", "sf_express", "yto_express"} <= known


@pytest.mark.parametrize(("number", "name"), NUMBERS.items())
def test_no_other_check_digit_is_right(number: str, name: str) -> None:
    compact = number.replace(" ", "").upper()
    # S10: the country stands behind the check digit.
    place = 10 if compact[-2:].isalpha() else len(compact) - 1
    right = compact[place]
    others = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if right.isalpha() else "0123456789"
    accepted = [other for other in others if CARRIERS[name].recognises(compact[:place] + other + compact[place + 1 :])]
    # The 20 digits of special services are printed with either of two: with the application identifier and without.
    assert right in accepted
    assert len(accepted) == (2 if name == "usps" and len(compact) == 20 else 1)


@pytest.mark.parametrize("number", ["1Z1111111111111111", "9400111201080805483017", "RB123456785XX", "1Z", "12345"])
def test_numbers_that_nobody_claims(number: str) -> None:
    assert claimed_by(number) is None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(CARRIERS)).flatmap(_numbers_like))
def test_no_number_of_any_form_is_claimed_twice(number: str) -> None:
    assert sum(carrier.recognises(number) for carrier in CARRIERS.values()) <= 1


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
