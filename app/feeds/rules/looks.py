"""What a column's values look like, whatever its name says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from app.catalog.rules import gtin_problem
from app.feeds.rules.fields import normal
from app.feeds.rules.numbers import NotANumber, read_decimal
from app.feeds.rules.stock_words import NotAQuantity, is_stock_word, read_stock

_CODE = re.compile(r"[^\W_][\w./ -]{1,39}")
_BARE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{2,39}")
_PICTURE = re.compile(r"https?://\S+\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
_SIGN = re.compile(r"[€$£]|[.,]\d\d\b")
_SHORT_GTIN = 8
#: Words for yes and no: they answer any question, not only the one for stock.
_YES_OR_NO = frozenset(normal(word) for word in (
    "yes", "no", "true", "false", "y", "n", "ja", "nein", "oui", "non", "si", "tak", "nie", "ano", "ne", "igen", "nem",
    "da", "nu", "sim", "nee", "nej", "kylla", "ei", "да", "нет", "так", "ні", "ναι", "οχι", "evet", "hayir", "high",
    "low", "many", "few", "none", "ok",
))  # fmt: skip


def most(judgements: Iterable[bool], share: float = 0.9) -> bool:
    """Whether nine of ten are true; no judgement is none."""
    found = list(judgements)
    return bool(found) and sum(found) >= share * len(found)


def is_figure(value: str) -> bool:
    """Whether a value of stock is a number, and no text that begins with one ("1 to 3 days")."""
    try:
        return bool(value[-1:].isdigit() or value.endswith("+")) and read_stock(value) is not None
    except NotAQuantity:
        return True


def is_price(value: str) -> bool:
    """A number, with or without a currency; no date."""
    try:
        read_decimal(value)
    except NotANumber:
        return False
    return True


def looks_like_price(value: str) -> bool:
    """A number that is written as prices are: with a currency's sign or with two decimals."""
    return value[:1] != "-" and is_price(value) and bool(_SIGN.search(value))


def looks_like_gtin(value: str) -> bool:
    """A GTIN with the right check digit; one of 8 digits may as well be a date."""
    return len(value) > _SHORT_GTIN and gtin_problem(value) is None


def looks_like_name(value: str) -> bool:
    """Some words."""
    return 4 <= len(value) <= 200 and " " in value and sum(char.isalpha() for char in value) > len(value) / 2


def looks_like_code(value: str) -> bool:
    """An article number."""
    return bool(_BARE_CODE.fullmatch(value)) and any(char.isdigit() for char in value)


def looks_like_picture(value: str) -> bool:
    """The address of a picture."""
    return bool(_PICTURE.match(value))


def says_stock(value: str) -> bool:
    """A word for stock that is none for yes or no."""
    return is_stock_word(value) and normal(value) not in _YES_OR_NO


def is_answer(value: str) -> bool:
    """A word for stock, or for yes and no."""
    return is_stock_word(value)


def differ(values: Sequence[str], share: float) -> bool:
    """Whether so many of the values are different ones."""
    return len(set(values)) >= share * len(values)


def _has_letters(value: str) -> bool:
    return sum(char.isalpha() for char in value) >= 2


def _is_stock(value: str) -> bool:
    try:
        return read_stock(value) is not None
    except NotAQuantity:
        return True


def _is_digits(value: str) -> bool:
    return 6 <= sum(char.isdigit() for char in value) <= 18 and not _has_letters(value)


#: Field → whether a value may be of it, where only a word of the column's name says so.
_MAY_BE: Mapping[str, Callable[[str], bool]] = {
    "title": _has_letters, "brand": _has_letters, "category": _has_letters, "description": _has_letters,
    "sku": lambda value: bool(_CODE.fullmatch(value)), "gtin": _is_digits, "stock": _is_stock, "weight": is_price,
    "cost": is_price, "price": is_price, "msrp": is_price, "map": is_price,
    "image_urls": lambda value: value.startswith(("http://", "https://")),
}  # fmt: skip
#: Field → which share of its values are different ones; variants share their title.
_DIFFERENT = {"title": 0.2, "sku": 0.8}
#: How many of the values must be so.
_SHARE = 0.8


def may_hold(field: str, values: Sequence[str]) -> bool:
    """Whether each value may be one of the field."""
    judge = _MAY_BE.get(field)
    return judge is None or most((judge(value) for value in values), _SHARE)


def speaks_for(field: str, values: Sequence[str]) -> bool:
    """Whether the values may be of the field, and differ as its values do."""
    return may_hold(field, values) and differ(values, _DIFFERENT.get(field, 0))
