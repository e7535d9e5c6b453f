"""Stock as people write it: a number, a number with a sign ("5+", "> 10"), or a word.

A word that is not known says nothing: unknown is not zero.
"""

from __future__ import annotations

import re

from app.feeds.rules.fields import normal
from app.feeds.rules.numbers import NotANumber, read_decimal
from app.feeds.rules.repeated import repeated
from app.inventory.rules import LARGEST_QUANTITY

#: Units that "in stock" stands for: enough to be sold, few enough to be there.
IN_STOCK_UNITS = 5
#: Units that "few left" stands for.
FEW_UNITS = 1

_IN = (
    "in stock", "instock", "on stock", "yes", "y", "true", "available", "available now", "high", "many", "ok",
    "ja", "lager", "auf lager", "an lager", "verfugbar", "lieferbar", "sofort lieferbar", "vorratig",
    "en stock", "disponible", "oui", "si", "disponibile", "disponivel", "em estoque", "sim",
    "tak", "dostepny", "dostepne", "jest", "na stanie", "ano", "skladem", "na sklade", "i lager", "pa lager", "finns",
    "op voorraad", "leverbaar", "igen", "raktaron", "in stoc", "da", "varastossa", "kylla", "на складе", "в наличии",
    "есть", "есть в наличии", "да", "в наявності", "є", "є в наявності",
    "так", "налично", "διαθέσιμο", "άμεσα διαθέσιμο", "σε απόθεμα", "ναι", "stokta", "stokta var", "var", "mevcut",
    "evet", "na zalihi", "raspoloživo", "laos", "yra", "i stock", "pe stoc", "in magazzino", "em stock",
)  # fmt: skip
_FEW = (
    "low", "low stock", "limited", "limited availability", "few", "few left", "last units", "wenige",
    "мало", "заканчивается", "wenige auf lager", "ultimas unidades", "derniers articles", "malo", "ostatnie sztuki",
    "posledni kusy",
)  # fmt: skip
_OUT = (
    "out of stock", "outofstock", "oos", "no", "n", "false", "sold out", "soldout", "unavailable", "not available",
    "preorder", "pre order", "backorder", "on backorder", "discontinued", "nein", "ausverkauft", "nicht verfugbar",
    "nicht auf lager", "nicht lieferbar", "vergriffen", "non", "rupture", "rupture de stock", "epuise", "agotado",
    "sin stock", "esaurito", "non disponibile", "esgotado", "nie", "niedostepny", "brak", "ne", "vyprodano",
    "neni skladem", "slut", "slutsald", "ej i lager", "utsolgt", "uitverkocht", "nee", "niet op voorraad",
    "no stock", "nicht vorratig", "en rupture", "slut i lager", "udsolgt", "vypredane",
    "нет", "нет в наличии", "отсутствует", "под заказ", "немає", "немає в наявності", "ні", "няма", "изчерпан",
    "μη διαθέσιμο", "εξαντλημένο", "κατόπιν παραγγελίας", "διαθέσιμο κατόπιν παραγγελίας", "οχι", "yok", "tukendi",
    "stokta yok", "hayır", "nema", "nema na zalihi", "rasprodano", "nincs raktáron", "vypredané", "nie je skladom",
    "na objednávku", "na objednavku", "nedostupné", "indisponible", "indisponibil", "indisponivel", "ikke på lager",
    "nem", "elfogyott", "nincs", "nu", "stoc epuizat", "ei", "loppu",
)  # fmt: skip
_WORDS = {
    normal(word): units for words, units in ((_IN, IN_STOCK_UNITS), (_FEW, FEW_UNITS), (_OUT, 0)) for word in words
}
_AT_LEAST = re.compile(
    r"(?:>=?|≥|[~≈]|min\.?|over|more than|mehr als|ponad|über|uber|ca\.?|circa|approx\.?|about|etwa|env\.?|environ|"
    r"около|více než|plus de|più di|más de|mas de)?\s*(\d+)\s*\+?",
    re.IGNORECASE,
)
#: Longer texts are sentences.
_LONGEST = 60
#: When there will be some says nothing of how many there are.
_DATE = re.compile(r"(?:\d{4}-\d\d?-\d\d?|\d\d?[./-]\d\d?[./-]\d{2,4})(?:[T ]\d\d?:\d\d(?::\d\d)?)?")
_COUNTED_WORD = re.compile(r"(?P<before>\D*?)[\s:(]*(?P<count>\d{1,9})[\s)]*(?P<behind>[^\d)]*)\)?")
_BELOW = re.compile(r"(?:<=?|≤|less than|weniger als|under)\s*\d+", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)\s*(?:-|–|to|bis)\s*\d+")
_WITH_UNIT = re.compile(
    r"(\d[\d.,' ]*)\s*(?:pcs?|pieces?|units?|szt|stk|stück|ks|uds?|st|st|ea|db|buc|kpl)\.?", re.IGNORECASE
)


class NotAQuantity(ValueError):
    """A number that no stock can have: negative, broken, or too large."""


def is_stock_word(text: str) -> bool:
    """Whether the text is a word for stock, in a language that we know."""
    return normal(text) in _WORDS


def says_none(text: str) -> bool:
    """Whether the text says in words that there is nothing."""
    return _WORDS.get(normal(text)) == 0


@repeated()
def read_stock(text: str, mark: str | None = None) -> int | None:
    """Whole units; None where the text says nothing that we know. ``mark``: the column's decimal mark.

    Raises ``NotAQuantity``.
    """
    text = text.strip()
    if normal(text) in _WORDS and not text[:1].isdigit():
        return _WORDS[normal(text)]
    if _BELOW.fullmatch(text):
        return FEW_UNITS
    for pattern in (_AT_LEAST, _RANGE):
        found = pattern.fullmatch(text)
        if found:
            return _whole(found.group(1), None)
    if _DATE.fullmatch(text):
        return None
    found = _WITH_UNIT.fullmatch(text)
    counted = _COUNTED_WORD.fullmatch(text) if not found and len(text) <= _LONGEST else None
    if counted is not None and (word := normal(f"{counted['before']} {counted['behind']}")) in _WORDS:
        # What is out of stock is not there, whatever is counted.
        return _WORDS[word] and _whole(counted["count"], None)
    try:
        return _whole(found.group(1) if found else text, mark)
    except NotANumber:
        if any(char.isdigit() for char in text) and not any(char.isalpha() for char in text):
            raise NotAQuantity(text) from None
        return None


def whole_units(text: str, mark: str | None = None) -> int | None:
    """The units that are whole in a quantity of what is sold by measure (``86.13``); None for what is none."""
    try:
        count = read_decimal(text, mark)
    except (NotANumber, ArithmeticError):
        return None
    return int(count) if 0 <= count <= LARGEST_QUANTITY and count != count.to_integral_value() else None


def _whole(text: str, mark: str | None) -> int:
    count = read_decimal(text, mark)
    if count != count.to_integral_value() or not 0 <= count <= LARGEST_QUANTITY:
        raise NotAQuantity(text)
    return int(count)
