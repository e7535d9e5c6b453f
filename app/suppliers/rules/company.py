"""What can be told of a company's numbers, phone and e-mail without asking anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import PhoneNumberFormat
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

VALID, UNCHECKED, WRONG, MISSING = "valid", "unchecked", "wrong", "missing"
#: Country → the module of stdnum that knows its tax number, and what people call it.
_TAX: Mapping[str, tuple[str, str]] = {
    "GB": ("gb.vat", "UK VAT number"),
    "CH": ("ch.uid", "Swiss UID"),
    "NO": ("no.orgnr", "Norwegian organisation number"),
    "US": ("us.ein", "US EIN"),
    "CA": ("ca.bn", "Canadian business number"),
    "AU": ("au.abn", "Australian ABN"),
}
#: Country → the same for its register of companies, where the number has a check digit.
_REGISTRATION: Mapping[str, tuple[str, str]] = {
    "CH": ("ch.uid", "Swiss UID"),
    "NO": ("no.orgnr", "Norwegian organisation number"),
    "SE": ("se.orgnr", "Swedish organisation number"),
    "DK": ("dk.cvr", "Danish CVR number"),
    "FI": ("fi.ytunnus", "Finnish business id"),
    "FR": ("fr.siren", "French SIREN"),
    "AU": ("au.acn", "Australian ACN"),
}
_EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
#: Greek VAT numbers begin with EL, those of Northern Ireland with XI.
_VAT_PREFIX = re.compile(rf"^(?:{'|'.join(sorted(_EU))}|EL|XI)[A-Z0-9]")
#: What follows the number itself on papers.
_SUFFIX = re.compile(r"(?:MVA|MWST|TVA|IVA)$")
#: Where anybody gets an address: it tells nothing about a company.
_FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "proton.me",
        "protonmail.com",
        "mail.com",
        "qq.com",
        "163.com",
        "t-online.de",
        "orange.fr",
        "libero.it",
    ]
)


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """``state`` is VALID, UNCHECKED (no check digit is known for it), WRONG or MISSING; ``kind`` is what people call
    the number; ``compact`` the form in which two are compared; ``problem`` says what is wrong."""

    state: str
    kind: str
    compact: str
    problem: str = ""


def check_tax_id(country: str, text: str) -> NumberCheck:
    """A VAT or tax number, by its check digits. One that begins with the letters of an EU country is looked at as
    that country's VAT number, wherever the company sits: many are registered for VAT abroad. Numbers of elsewhere may
    begin with such letters by chance, as in Mexico: one that has not the form of that VAT number is none."""
    bare = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not bare:
        return NumberCheck(MISSING, "tax number", "")
    if _VAT_PREFIX.match(bare):
        found = _checked("eu.vat", f"EU VAT number ({bare[:2]})", bare)
        if found.state == VALID or country in _EU or found.problem == _misfit(found.kind):
            return found
    if country in _EU:
        prefix = "EL" if country == "GR" else country
        return _checked("eu.vat", f"EU VAT number ({prefix})", prefix + bare)
    if country not in _TAX:
        return NumberCheck(UNCHECKED, "tax number", bare)
    module, kind = _TAX[country]
    if country in ("CH", "NO"):
        bare = _SUFFIX.sub("", bare).removeprefix("NO")
    return _checked(module, kind, bare)


def check_registration(country: str, text: str) -> NumberCheck:
    """A number of the companies' register, by its check digits where the country's has any."""
    bare = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not bare:
        return NumberCheck(MISSING, "registration number", "")
    if country not in _REGISTRATION:
        return NumberCheck(UNCHECKED, "registration number", bare)
    module, kind = _REGISTRATION[country]
    return _checked(module, kind, bare)


def _checked(module: str, kind: str, bare: str) -> NumberCheck:
    validate: Callable[[str], Any] = import_module(f"stdnum.{module}").validate
    try:
        return NumberCheck(VALID, kind, str(validate(bare)))
    except InvalidChecksum:
        problem = _misfit(kind)
    except InvalidLength:
        problem = f"This {kind} has the wrong number of characters."
    except ValidationError:
        problem = f"This does not look like {'an' if kind.startswith('E') else 'a'} {kind}."
    return NumberCheck(WRONG, kind, bare, problem)


def _misfit(kind: str) -> str:
    return f"This {kind} can't be right: its check digit does not fit the rest. Look for a slip of the pen."


def web_address(text: str) -> str | None:
    """The address of a website as it is kept; ``https://`` is added to one that is written without. None for what is no
    address of a website."""
    text = text.strip()
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return None
    fits = parts.scheme in ("http", "https") and "." in host.strip(".") and not re.search(r"[\s\"'<>@:]", host)
    return address if fits and not re.search(r"\s", address) else None


def e164(text: str, country: str) -> str | None:
    """A phone number in the form ``+4930901820``; one without a country code is one of ``country``. None for what is
    no number that could be dialled."""
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def shown_phone(number: str) -> str:
    """A number as people write it; what is no number stays as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number, None), PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def mail_fits_website(email: str, website: str | None) -> str:
    """Whether an e-mail address belongs to the website: ``fits``, ``differs``, ``free_mail`` or ``no_website``."""
    domain = email.rpartition("@")[2].casefold()
    if domain in _FREE_MAIL:
        return "free_mail"
    host = (urlsplit(website or "").hostname or "").removeprefix("www.").casefold()
    if not host:
        return "no_website"
    return "fits" if domain == host or domain.endswith(f".{host}") or host.endswith(f".{domain}") else "differs"
