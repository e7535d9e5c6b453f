"""Texts in the reader's language (gettext), and numbers, money and times in the reader's way.

English is the source language; ``app/translations/<locale>/LC_MESSAGES/messages.mo`` holds the others.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel import dates as babel_dates
from babel import numbers as babel_numbers
from babel.core import get_global
from babel.support import NullTranslations, Translations

from app.kit.money import Money

_FOLDER = Path(__file__).parents[1] / "translations"


def marked(text: str) -> str:
    """Mark a text for translation where it is defined; it is translated where it is shown."""
    return text


@cache
def translations(locale: str) -> NullTranslations:
    """The texts of a locale; the source texts where there is no translation."""
    return Translations.load(str(_FOLDER), [locale, locale.partition("_")[0]])


@cache
def locale_of(code: str) -> Locale:
    """The locale that a code such as ``de``, ``en-GB`` or ``pt_BR`` names; English for anything unknown."""
    try:
        return Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def country(code: str, locale: str) -> str:
    """A country's name; its code where there is none."""
    return str(locale_of(locale).territories.get(code, code))


@cache
def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name; UTC for anything unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def money(amount: Money, locale: str) -> str:
    """An amount as the reader writes it: ``$12.50``, ``12,50 €``."""
    return str(babel_numbers.format_currency(amount.decimal, amount.currency, locale=locale_of(locale)))


def counted(count: int, one: str, many: str) -> str:
    """So many of something, in English, in which letters and notices are written: ``1 unit``, ``3 units``."""
    return f"{count} {one if count == 1 else many}"


def cut(text: str, longest: int) -> str:
    """A text of at most so many characters: one that is longer ends at a word, with “…”, so that it is seen to be cut.
    For words of other systems; what a person writes is refused by its field instead."""
    text = text.strip()
    if len(text) <= longest:
        return text
    head, left = text[: longest - 1], text[longest - 1 :]
    if not left[0].isspace() and not head[-1:].isspace():
        whole, *broken = head.rsplit(maxsplit=1) or [""]
        whole = whole if broken else ""
        # A last word that is most of the text is cut itself.
        head = whole if len(whole) * 2 >= longest else head
    return head.rstrip() + "…"


def number(value: float, locale: str) -> str:
    """A number with the reader's separators."""
    return str(babel_numbers.format_decimal(value, locale=locale_of(locale)))


def percent(basis_points: int, locale: str) -> str:
    """Basis points as a percentage, with at most two digits after the point."""
    return str(babel_numbers.format_percent(basis_points / 10_000, "#,##0.##%", locale=locale_of(locale)))


def _dates_as(locale: str) -> Locale:
    """Whose form of dates a reader gets. In English the day comes first, as most of those who read it write it."""
    found = locale_of(locale)
    return locale_of("en_GB") if found.language == "en" else found


def moment(value: datetime, locale: str, zone: str) -> str:
    """Date and time in the reader's zone, with the zone's name."""
    local = value.astimezone(zone_of(zone))
    time = babel_dates.format_skeleton("Hm", local, locale=_dates_as(locale))
    return f"{day(local.date(), locale)}, {time} {local.tzname()}"


def day(value: date | datetime, locale: str, zone: str = "UTC") -> str:
    """A day; of a moment, the day it is in the reader's zone."""
    if isinstance(value, datetime):
        value = value.astimezone(zone_of(zone)).date()
    return str(babel_dates.format_skeleton("yMMMd", value, locale=_dates_as(locale)))


def days(first: date, last: date, locale: str) -> str:
    """All days from the first to the last, without what they have in common said twice: ``3.–5. März 2031``."""
    if first == last:
        return day(first, locale)
    return str(babel_dates.format_interval(first, last, "yMMMd", locale=_dates_as(locale)))


def zone_of_country(country_code: str, at: datetime, otherwise: str) -> str:
    """The zone of a country's clocks where they all show the same at that moment; else ``otherwise``."""
    zones = get_global("territory_zones").get(country_code, [])
    offsets = {at.astimezone(zone_of(zone)).utcoffset() for zone in zones}
    return min(zones) if len(offsets) == 1 else otherwise


def ago(value: datetime, now: datetime, locale: str, zone: str) -> str:
    """How long ago (or ahead) a moment is; the day once that is 30 days or more."""
    difference = value - now
    if abs(difference) >= timedelta(days=30):
        return day(value, locale, zone)
    if abs(difference) < timedelta(seconds=5):
        return translations(locale).gettext("just now")
    return str(babel_dates.format_timedelta(difference, add_direction=True, threshold=1.2, locale=locale_of(locale)))
