"""Which currency a price, or a column's name, says it is in, and the price without it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.kit.money import is_currency

_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD"})
_CROWNS = frozenset({"SEK", "NOK", "DKK", "ISK"})
_ROUBLES = frozenset({"RUB", "BYN"})
#: Codes that are looked for in names of columns; those that are words too, such as ALL or TOP, are left out.
_CODES = frozenset({
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "CAD", "AUD", "NZD",
    "JPY", "CNY", "INR", "RUB", "UAH", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW", "ILS", "AED", "SAR", "THB", "KZT",
    "BYN", "TWD", "VND", "RSD", "MDL", "BAM", "MKD", "AZN", "UZS", "KGS", "IDR", "MYR", "EGP", "NGN", "PKR", "LKR",
    "CLP", "UYU", "QAR", "KWD", "OMR", "BHD", "TND", "DZD", "KES", "GHS",
})  # fmt: skip
#: Codes that are words where they are not written in capitals.
_IN_CAPITALS = frozenset({"TRY", "GEL", "AMD", "MAD", "PHP", "COP", "ARS", "JOD"})
_SIGNS: Mapping[str, frozenset[str]] = {
    "€": frozenset({"EUR"}), "£": frozenset({"GBP"}), "¥": frozenset({"JPY", "CNY"}), "₽": _ROUBLES,
    "₴": frozenset({"UAH"}), "₹": frozenset({"INR"}), "₩": frozenset({"KRW"}), "₪": frozenset({"ILS"}),
    "₺": frozenset({"TRY"}), "₸": frozenset({"KZT"}), "₫": frozenset({"VND"}), "₼": frozenset({"AZN"}),
    "₾": frozenset({"GEL"}), "฿": frozenset({"THB"}), "₱": frozenset({"PHP"}), "₦": frozenset({"NGN"}),
}  # fmt: skip
#: Words that stand for a currency by themselves.
_WORDS: Mapping[str, frozenset[str]] = {
    "zł": frozenset({"PLN"}), "zl": frozenset({"PLN"}), "zloty": frozenset({"PLN"}), "złoty": frozenset({"PLN"}),
    "złotych": frozenset({"PLN"}), "kč": frozenset({"CZK"}), "kc": frozenset({"CZK"}), "kr": _CROWNS,
    "rur": frozenset({"RUB"}), "р": _ROUBLES, "руб": _ROUBLES, "рублей": _ROUBLES, "грн": frozenset({"UAH"}),
    "гривень": frozenset({"UAH"}), "лв": frozenset({"BGN"}), "тг": frozenset({"KZT"}), "тенге": frozenset({"KZT"}),
    "tl": frozenset({"TRY"}), "lira": frozenset({"TRY"}), "din": frozenset({"RSD"}), "дин": frozenset({"RSD"}),
    "ден": frozenset({"MKD"}), "euro": frozenset({"EUR"}), "euros": frozenset({"EUR"}), "евро": frozenset({"EUR"}),
    "євро": frozenset({"EUR"}), "ευρώ": frozenset({"EUR"}), "dollar": _DOLLARS, "dollars": _DOLLARS,
    "pound": frozenset({"GBP"}), "pounds": frozenset({"GBP"}), "lei": frozenset({"RON", "MDL"}),
    "ft": frozenset({"HUF"}), "forint": frozenset({"HUF"}), "fr": frozenset({"CHF"}), "sfr": frozenset({"CHF"}),
    "rs": frozenset({"INR", "PKR", "LKR"}), "yuan": frozenset({"CNY"}), "rmb": frozenset({"CNY"}),
    "fcfa": frozenset({"XOF", "XAF"}), "cfa": frozenset({"XOF", "XAF"}),
}  # fmt: skip
_DOLLAR = re.compile(r"([A-Za-z]{0,3})\$")
_DOLLAR_OF = {
    "US": "USD", "USD": "USD", "C": "CAD", "CA": "CAD", "CAD": "CAD", "A": "AUD", "AU": "AUD", "AUD": "AUD",
    "NZ": "NZD", "NZD": "NZD", "HK": "HKD", "HKD": "HKD", "S": "SGD", "SG": "SGD", "MX": "MXN", "R": "BRL",
    "NT": "TWD", "TW": "TWD",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")


def _longest_first(words: Mapping[str, object]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


#: What is written with a number to name its currency, and a dash in place of cents; codes are looked at one by one.
_WRITTEN = re.compile(
    rf"(?<![A-Za-z])(?:{_longest_first(_DOLLAR_OF)})?\$|[{''.join(_SIGNS)}]"
    rf"|(?<![^\W\d_])(?:{_longest_first(_WORDS)})(?![^\W\d_])\.?"
    r"|(?<![^\W\d_])(?P<code>[A-Z]{3})(?![^\W\d_])|[.,]-(?!\d)",
    re.IGNORECASE,
)


def without_currency(text: str) -> str:
    """A price without the signs, words and codes of currencies in it."""
    return _WRITTEN.sub(_kept, text)


def _kept(found: re.Match[str]) -> str:
    code = found["code"]
    return code if code and not is_currency(code.upper()) else ""


def said_currencies(text: str) -> frozenset[str]:
    """The currencies that a text may mean, by code, sign or word; empty where it says none. A sign such as ``$`` or
    ``kr`` stands for several. Beside a number any code counts, also one that is a word elsewhere."""
    dollar = _DOLLAR.search(text)
    if dollar:
        code = _DOLLAR_OF.get(dollar.group(1).upper())
        return frozenset({code}) if code else _DOLLARS
    for word in _WORD.findall(text):
        code = word.upper()
        # Some words are codes of old, such as RUR.
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if code in _CODES or word in _IN_CAPITALS or (is_currency(code) and _DIGIT.search(text)):
            return frozenset({code})
    for sign, meant in _SIGNS.items():
        if sign in text:
            return meant
    return frozenset()


def other_currency(text: str, currency: str) -> str:
    """The currency that ``text`` says it is in, for people, if it can't be ``currency``; else nothing."""
    said = said_currencies(text)
    return "" if not said or currency in said else " / ".join(sorted(said))


def named_other_currency(text: str, currency: str) -> str:
    """The same of what stands in a column of currencies: a code or word that nobody knows is another currency, too."""
    code = text.upper()
    said = said_currencies(text) or (frozenset({code}) if is_currency(code) else frozenset())
    if said:
        return "" if currency in said else " / ".join(sorted(said))
    return text[:20] if _WORD.search(text) else ""
