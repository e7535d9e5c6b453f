"""Numbers, phones and e-mail addresses of companies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.suppliers.rules.company import (
    MISSING,
    UNCHECKED,
    VALID,
    WRONG,
    check_registration,
    check_tax_id,
    e164,
    mail_fits_website,
    shown_phone,
    web_address,
)


@pytest.mark.parametrize(
    ("country", "number", "compact"),
    [
        ("DE", "DE136695976", "DE136695976"),
        ("DE", "136 695 976", "DE136695976"),
        ("AT", "ATU13585627", "ATU13585627"),
        ("GR", "094259216", "EL094259216"),
        ("FR", "FR 61 954 506 077", "FR61954506077"),
        ("US", "DE136695976", "DE136695976"),
        ("US", "91-1144442", "911144442"),
        ("GB", "GB 980 7806 84", "980780684"),
        ("CH", "CHE-100.155.212 MWST", "CHE100155212"),
        ("NO", "NO 995 525 828 MVA", "995525828"),
        ("AU", "83 914 571 673", "83914571673"),
        ("CA", "12302 6635 RC 0001", "123026635RC0001"),
    ],
)
def test_numbers_that_can_be_right(country: str, number: str, compact: str) -> None:
    check = check_tax_id(country, number)
    assert (check.state, check.compact, check.problem) == (VALID, compact, "")


@pytest.mark.parametrize(
    ("country", "number", "says"),
    [
        ("DE", "DE136695977", "check digit"),
        ("AT", "ATU13585626", "check digit"),
        ("GB", "GB980780685", "check digit"),
        ("CH", "CHE100155213", "check digit"),
        ("NO", "995525829", "check digit"),
        ("US", "07-1144442", "does not look like"),
        ("US", "91-114444", "does not look like"),
        ("DE", "DE13669597", "number of characters"),
        ("FR", "hello", "does not look like"),
    ],
)
def test_numbers_that_can_not_are_refused_with_what_is_wrong(country: str, number: str, says: str) -> None:
    check = check_tax_id(country, number)
    assert check.state == WRONG
    assert says in check.problem


def test_numbers_of_countries_that_we_do_not_know_are_left_to_a_person() -> None:
    assert check_tax_id("JP", "T1234").state == UNCHECKED
    for country, number in (("MX", "BEN850101AB1"), ("IN", "ATPKS1234B"), ("IN", "27AAPFU0939F1ZV")):
        assert check_tax_id(country, number).state == UNCHECKED, "letters of an EU country by chance"
    assert check_tax_id("MX", "DE136695977").state == WRONG, "a slip of the pen in a number from the EU"
    assert check_registration("DE", "HRB 12345").state == UNCHECKED
    assert check_registration("NO", "995525828").state == VALID
    assert check_registration("NO", "995525829").state == WRONG
    assert check_tax_id("DE", " - ").state == check_registration("DE", "").state == MISSING


@given(st.sampled_from(["DE", "FR", "GB", "CH", "NO", "US", "CA", "AU", "JP", "SE", "GR"]), st.text(max_size=40))
def test_any_text_is_answered(country: str, text: str) -> None:
    for check in (check_tax_id(country, text), check_registration(country, text)):
        assert check.state in (VALID, UNCHECKED, WRONG, MISSING)
        assert bool(check.problem) == (check.state == WRONG)


@given(st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, by: int) -> None:
    digits = [int(one) for one in "136695976"]
    digits[place] = (digits[place] + by) % 10
    assert check_tax_id("DE", "".join(map(str, digits))).state == WRONG


def test_phones_are_kept_in_one_form() -> None:
    assert e164("030 901820", "DE") == e164("+49 (0)30 901820", "US") == "+4930901820"
    assert e164("+1 (415) 555-2671", "DE") == "+14155552671"
    assert e164("12", "DE") is None
    assert e164("call me", "DE") is None
    assert e164("+49 30 901820 or so many more digits 1234567890", "DE") is None
    assert shown_phone("+4930901820") == "+49 30 901820"
    assert shown_phone("old text") == "old text"


@given(st.text(max_size=60))
def test_any_phone_is_answered(text: str) -> None:
    found = e164(text, "DE")
    assert found is None or (found.startswith("+") and found[1:].isdigit())


def test_an_address_of_another_domain_is_noticed() -> None:
    assert mail_fits_website("jo@lumen.example", "https://www.lumen.example/shop") == "fits"
    assert mail_fits_website("jo@mail.lumen.example", "https://lumen.example") == "fits"
    assert mail_fits_website("jo@lumen.example", "https://notlumen.example") == "differs"
    assert mail_fits_website("jo@gmail.com", "https://lumen.example") == "free_mail"
    assert mail_fits_website("jo@lumen.example", None) == "no_website"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://lumen.example", "https://lumen.example"),
        (" www.lumen.example/de ", "https://www.lumen.example/de"),
        ("http://bücher.example:8080/", "http://bücher.example:8080/"),
        ("ftp://lumen.example", None),
        ("javascript:alert(1)", None),
        ("http://[lumen", None),
        ("lumen", None),
        ("two words.example", None),
        ("https://", None),
    ],
)
def test_websites_are_kept_with_their_scheme(text: str, address: str | None) -> None:
    assert web_address(text) == address
