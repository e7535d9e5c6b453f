"""Which currency a price, or a column's name, says it is in."""

from __future__ import annotations

import re
from collections.abc import Mapping

_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN"})
_CROWNS = frozenset({"SEK", "NOK", "DKK", "ISK"})
#: Codes that are looked for; those that are words too, such as ALL or TOP, are left out.
_CODES = frozenset({
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "CAD", "AUD", "NZD",
    "JPY", "CNY", "INR", "RUB", "UAH", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW", "ILS", "AED", "SAR", "THB",
})  # fmt: skip
_SIGNS: Mapping[str, frozenset[str]] = {
    "€": frozenset({"EUR"}), "£": frozenset({"GBP"}), "¥": frozenset({"JPY", "CNY"}), "₽": frozenset({"RUB"}),
    "₴": frozenset({"UAH"}), "₹": frozenset({"INR"}), "₩": frozenset({"KRW"}), "₪": frozenset({"ILS"}),
}  # fmt: skip
#: Words that stand for a currency by themselves.
_WORDS: Mapping[str, frozenset[str]] = {
    "zł": frozenset({"PLN"}), "zl": frozenset({"PLN"}), "kč": frozenset({"CZK"}), "kr": _CROWNS,
    "rur": frozenset({"RUB"}),
    "euro": frozenset({"EUR"}), "euros": frozenset({"EUR"}), "dollar": _DOLLARS, "dollars": _DOLLARS,
    "pound": frozenset({"GBP"}), "pounds": frozenset({"GBP"}), "lei": frozenset({"RON"}), "ft": frozenset({"HUF"}),
    "fr": frozenset({"CHF"}), "sfr": frozenset({"CHF"}),
}  # fmt: skip
_DOLLAR = re.compile(r"([A-Za-z]{0,3})\$")
_DOLLAR_OF = {
    "US": "USD", "USD": "USD", "C": "CAD", "CA": "CAD", "CAD": "CAD", "A": "AUD", "AU": "AUD", "AUD": "AUD",
    "NZ": "NZD", "NZD": "NZD", "HK": "HKD", "HKD": "HKD", "S": "SGD", "SG": "SGD", "MX": "MXN", "R": "BRL",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


def said_currencies(text: str) -> frozenset[str]:
    """The currencies that a text may mean, by code, sign or word; empty where it says none. A sign such as ``$`` or
    ``kr`` stands for several."""
    dollar = _DOLLAR.search(text)
    if dollar:
        code = _DOLLAR_OF.get(dollar.group(1).upper())
        return frozenset({code}) if code else _DOLLARS
    for word in _WORD.findall(text):
        if word.upper() in _CODES:
            return frozenset({word.upper()})
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
    for sign, meant in _SIGNS.items():
        if sign in text:
            return meant
    return frozenset()


def other_currency(text: str, currency: str) -> str:
    """The currency that ``text`` says it is in, for people, if it can't be ``currency``; else nothing."""
    said = said_currencies(text)
    return "" if not said or currency in said else " / ".join(sorted(said))
