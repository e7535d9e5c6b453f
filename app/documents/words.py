"""The words that stand on papers, in the languages of the countries that parcels go to (``words.json``)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from babel.languages import get_official_languages

_WORDS: Mapping[str, Mapping[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
LANGUAGES = tuple(_WORDS)
RIGHT_TO_LEFT = frozenset({"ar"})
#: Spoken forms that one of ours is written for.
_SAME = {"no": "nb", "nn": "nb"}


def words(language: str) -> Mapping[str, str]:
    """The words of one of ``LANGUAGES`` by key. Raises ``KeyError``."""
    return _WORDS[language]


@cache
def language_of(country: str) -> str:
    """The language of papers for a country (ISO code): the first of its official ones that we have, else English."""
    spoken = get_official_languages(country, de_facto=True) if country else ()
    return next((found for one in spoken if (found := _SAME.get(one, one)) in _WORDS), "en")


def reader_language(brand_language: str, country: str, known: Collection[str] = LANGUAGES) -> str:
    """The language of whatever a shop's customer reads, on paper, by e-mail or on a page: the one that the brand chose,
    else that of the country that the order goes to; English where there are no words in it. ``known``: the languages
    that there are words in."""
    wanted = brand_language or language_of(country)
    return wanted if wanted in known else "en"
