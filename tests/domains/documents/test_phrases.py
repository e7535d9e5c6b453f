"""What a shop's customers are told, by e-mail and on pages: every language says everything, and nothing is said that no
letter and no page needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.documents.customer_letters import letter_phrases
from app.documents.phrases import Phrases
from app.fulfillment.rules import DELIVERY_RANK
from app.kit import texts
from app.returns.rules import REASONS, STATES
from app.web.public.shopper import page_phrases

_ROOT = Path(__file__).parents[3]
_PAGES = sorted((_ROOT / "app/web/public").glob("*.py")) + [
    _ROOT / f"app/web/public/{name}.html" for name in ("shopper", "tracking", "returning", "not_there")
]
_LETTERS = [_ROOT / "app/documents/customer_letters.py"]
#: Keys that are put together, of all the words that they are made of.
_MADE = {
    *(f"delivery_{status}" for status in DELIVERY_RANK),
    *(f"return_{state}" for state in STATES),
    *(f"reason_{reason}" for reason in REASONS),
    *(f"{key}_hint" for key in ("gone", "label_ended")),
}
BOTH = pytest.mark.parametrize(
    ("phrases", "sources", "made"),
    [(letter_phrases(), _LETTERS, set()), (page_phrases(), _PAGES, _MADE)],
    ids=["letters", "pages"],
)


def forms(text: str | Mapping[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def test_letters_and_pages_speak_the_same_languages() -> None:
    assert letter_phrases().languages == page_phrases().languages
    assert len(page_phrases().languages) == 12


@BOTH
def test_every_language_says_everything(phrases: Phrases, sources: list[Path], made: set[str]) -> None:
    english = phrases.all["en"]
    for language, said in phrases.all.items():
        assert said.keys() == english.keys(), language
        for key, text in said.items():
            assert isinstance(text, str) == isinstance(english[key], str), (language, key)
            for form in forms(text):
                assert form.strip(), (language, key)
                wanted = set(re.findall(r"\{\w+\}", forms(english[key])[-1]))
                assert set(re.findall(r"\{\w+\}", form)) == wanted, (language, key)
                if language != "en" and len(form) > 25:
                    assert form not in forms(english[key]), f"{language} has no words of its own for {key}"


@BOTH
def test_a_count_has_each_form_of_its_language(phrases: Phrases, sources: list[Path], made: set[str]) -> None:
    for language, said in phrases.all.items():
        wanted = {texts.locale_of(language).plural_form(count) for count in range(300)}
        for key, text in said.items():
            assert isinstance(text, str) or set(text) == wanted, (language, key)


@BOTH
def test_every_sentence_is_said_somewhere_and_no_other(phrases: Phrases, sources: list[Path], made: set[str]) -> None:
    source = "\n".join(file.read_text("utf-8") for file in sources)
    keys = set(phrases.all["en"])
    assert made <= keys
    unused = {key for key in keys - made if f'"{key}"' not in source}
    assert unused == set()
    assert set(re.findall(r'say\("(\w+)"[,)]', source)) <= keys


def test_the_pages_of_a_shops_customer_say_nothing_of_their_own() -> None:
    """Neither a text for gettext, which speaks other languages, nor a time that it words."""
    for file in _PAGES:
        if file.suffix == ".html":
            assert not re.search(r"\b_\(|gettext|\|ago\b|ui\.badge", file.read_text("utf-8")), file.name


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "Within 1 day after it arrived."),
        ("en", 30, "Within 30 days after it arrived."),
        ("pl", 1, "W ciągu 1 dnia od doręczenia."),
        ("pl", 14, "W ciągu 14 dni od doręczenia."),
        ("cs", 1, "Do 1 dne od doručení."),
        ("fr", 1, "Dans un délai de 1 jour après la livraison."),
    ],
)
def test_days_are_counted_as_the_language_counts(language: str, count: int, said: str) -> None:
    assert page_phrases().say(language, "window", count) == said


def test_a_value_that_looks_like_another_is_left_as_it_is() -> None:
    assert page_phrases().say("en", "refused", reason="{order} was worn") == "the shop says no: {order} was worn"


@BOTH
def test_a_last_day_is_still_in_time(phrases: Phrases, sources: list[Path], made: set[str]) -> None:
    before = {"fr": "avant le {day}", "es": "antes del {day}", "it": "prima del {day}", "pt": "antes de {day}"}
    for language, words in before.items():
        for key, text in phrases.all[language].items():
            assert not any(words in form for form in forms(text)), (language, key)
