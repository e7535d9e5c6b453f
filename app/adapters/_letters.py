"""Which of the encodings of one byte a letter a text is in: the one in which its letters are those of one language.

The usual detectors judge by how often letters stand beside one another, which needs more text of one kind than the few
words of a price list; whether a word has a letter that its language lacks needs little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

#: Encodings, and languages that are written in them, each by its letters beyond a to z. The first one is taken where
#: several fit alike.
_ENCODINGS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("cp1252", (
        "äöüß", "éèêàâçëîïôùûœæ", "áéíóúñü", "àèéìòóù", "áâãàçéêíóôõú", "åäöé", "æøåé", "éëïöüèáóí",
        "àçèéíïòóúü·",
    )),
    ("cp1250", (
        "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "čšž",
    )),
    ("cp1251", (
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’", "абвгдежзийклмнопрстуфхцчшщъьюя",
        "абвгдђежзијклљмнњопрстћуфхцчџш", "абвгдеёжзійклмнопрстуўфхцчшыьэюя’",
    )),
    ("cp1253", ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",)),
    ("cp1254", ("çğıiöşüâîû",)),
    ("cp1252", ("áðéíóúýþæö",)),
    ("cp1257", ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")),
    ("iso8859_2", ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž")),
    ("iso8859_7", ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",)),
    ("cp852", ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű")),
    ("cp850", ("äöüß", "éèêàâçëîïôùû", "áéíóúñü", "àèéìòóù", "åäöé", "æøåé")),
    ("cp866", ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя",)),
    ("koi8_r", ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя",)),
    ("mac_roman", ("äöüß", "éèêàâçëîïôùûœæ", "áéíóúñü", "åäöé")),
)  # fmt: skip
#: Signs that stand in texts of any language: those that may stand before a letter, and those that may not.
_QUOTES = frozenset("„“”‚‘’–—…•«»¿¡\u00a0")
_SIGNS = frozenset("°²³½¼¾€£¥§©®™×±µ·´№″′") | _QUOTES
#: They follow a number or an abbreviation.
_ORDINALS = frozenset("ªº")
#: Letters from here on are of other alphabets than the Latin one, and stand in words of their own.
_OTHER_ALPHABETS = "\u0370"
#: How many of the characters beyond ASCII must fit.
_FITTING = 0.9
_LOOKED_AT = 20_000


def encoding_of(head: bytes) -> str | None:
    """The encoding in which the most characters fit; None where too few do in any, as in texts of several bytes a
    letter."""
    best, most = None, 0.0
    for encoding, languages in _ENCODINGS:
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        fitting = _fitting(text, languages)
        if fitting > most + 1e-9:
            best, most = encoding, fitting
    return best if most >= _FITTING else None


def _fitting(text: str, languages: tuple[str, ...]) -> float:
    """Which share of the characters beyond ASCII are letters of the language that has the most of them, or signs in
    their place."""
    letters: Counter[str] = Counter()
    good = wrong = 0
    for before, char, after in _beyond_ascii(text):
        if char in _ORDINALS:
            good, wrong = (good + 1, wrong) if before.isalnum() else (good, wrong + 1)
        elif (
            char in _SIGNS and (char in _QUOTES or not after.isalpha()) and (char == "’" or not _within(before, after))
        ):
            good += 1
        elif not char.isalpha() or (char.isupper() and before.islower()) or _mixes(before, char, after):
            wrong += 1
        else:
            letters[char.lower()] += 1
    most = max(sum(count for letter, count in letters.items() if letter in language) for language in languages)
    whole = good + wrong + letters.total()
    return (good + most) / whole if whole else 1.0


def _within(before: str, after: str) -> bool:
    return before.isalpha() and after.isalpha()


def _mixes(before: str, char: str, after: str) -> bool:
    return char >= _OTHER_ALPHABETS and any(beside.isascii() and beside.isalpha() for beside in (before, after))


def _beyond_ascii(text: str) -> list[tuple[str, str, str]]:
    """Characters beyond ASCII between those before and after them."""
    found = []
    for place, char in enumerate(text):
        if char > "\x7f":
            found.append((text[place - 1 : place], char, text[place + 1 : place + 2]))
            if len(found) >= _LOOKED_AT:
                break
    return found
