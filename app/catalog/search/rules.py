"""How products are found, on plain values.

An entry's ``words`` hold, besides words, *marks*: lexemes that no text can make, one for each thing that is filtered
by equality. So one index answers words and filters together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.catalog.rules import folded

#: Text search configurations whose stems are kept beside the words as they are.
LANGUAGES = ("english", "german", "french", "spanish", "italian", "dutch")
#: Most entries that are ranked for one query, and most that are counted one by one.
RANKED_AT_MOST = 1_000
COUNTED_AT_MOST = 2_500
#: Most entries that are fetched to be sorted; and in orders that go with what they are filtered by, where an index may
#: have to be walked to its end: a brand's products cost about the same and have one supplier.
SORTED_AT_MOST = 4_000
SORTED_WHERE_ALIKE = 12_000
#: The same of what is filtered by a category alone, by rating: its index holds all that this needs.
SORTED_OF_CATEGORY = 40_000
#: Most categories of which each one's first are read to find the first of all.
GATHERED_OF = 128
#: Where so many fit, those to be ranked are taken from the largest sample.
SAMPLED_FROM = 16_000
#: Of these many entries one is in the sample; ``sample_mark`` names its members.
SAMPLES = (16, 256, 4_096)
#: A sample with fewer finds than this says too little: the next larger one is counted.
_SAMPLE_LEAST = 100
#: Wholesale prices at which bands begin, in major units of each supplier's own currency.
PRICE_BANDS = (0, 10, 25, 50, 100, 250)
#: A product is new for so many days.
NEW_DAYS = 30
#: Words shorter than this are not corrected, nor those with digits: they are numbers of parts and sizes. Those shorter
#: than ``ALIKE_FROM`` are only where letters are swapped: too many words are like them otherwise.
CORRECTED_FROM, ALIKE_FROM = 3, 4
#: A shorter last word is looked for as it is: too many begin like it.
PREFIX_FROM = 3
#: A last word that so many products have is not looked for as a beginning besides: they are more than anybody looks
#: through, and collecting all that begin like it takes longest of all.
PLENTY = 2_000
#: Most words on either side that a synonym has.
SYNONYM_WORDS = 12


def category_mark(category_id: UUID) -> str:
    """Of everything in a category or below it."""
    return f"~c{category_id.hex[-16:]}"


def supplier_mark(supplier_id: UUID) -> str:
    """Of everything of a supplier."""
    return f"~s{supplier_id.hex[-16:]}"


def brand_mark(brand: str) -> str:
    """Of everything of a brand, however it is capitalised."""
    return f"~b{brand.lower()}"


def sample_mark(one_in: int) -> str:
    """Of one in so many entries, evenly chosen."""
    return f"~d{one_in}"


def quoted(mark: str) -> str:
    """A mark as a query names it."""
    return "'" + mark.replace("\\", "\\\\").replace("'", "''") + "'"


def alternatives(terms: Sequence[str], synonyms: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """For each term itself and what means the same."""
    return [[term, *synonyms.get(term, ())] for term in terms]


def query_text(words: Sequence[Sequence[str]], forms: Mapping[str, Sequence[str]], *, begins: bool = False) -> str:
    """A query for all of the terms, each as any of its alternatives in any of their forms; ``begins``: what was typed
    last may be the beginning of a word."""
    terms = []
    for place, same in enumerate(words):
        lexemes = dict.fromkeys(quoted(form) for word in same for form in (word, *forms.get(word, ())))
        if begins and place == len(words) - 1:
            lexemes = dict.fromkeys([quoted(same[0]) + ":*", *lexemes])
            del lexemes[quoted(same[0])]
        terms.append("(" + " | ".join(lexemes) + ")")
    return " & ".join(terms)


def correctable(term: str) -> bool:
    """Whether a term that finds nothing may be a word with a typing error."""
    return len(term) >= CORRECTED_FROM and term.isalpha()


def swapped(term: str) -> list[str]:
    """The words that a term is with two letters beside one another swapped."""
    found = (
        term[:place] + term[place + 1] + term[place] + term[place + 2 :]
        for place in range(len(term) - 1)
        if term[place] != term[place + 1]
    )
    return list(dict.fromkeys(found))


def first_sample(expected: float) -> int:
    """In which sample to begin counting where so many finds are expected: as if that were known, but for a half."""
    return 1 if expected <= COUNTED_AT_MOST / 2 else SAMPLES[1]


def next_sample(one_in: int, found: int) -> int | None:
    """After ``found`` entries were counted in a sample of one in so many: which one to count instead (1: all), or
    None when this one will do."""
    smaller = [size for size in (1, *SAMPLES) if size < one_in]
    larger = [size for size in SAMPLES if size > one_in]
    if found > COUNTED_AT_MOST:
        return larger[0] if larger else None
    if one_in == 1 or found >= _SAMPLE_LEAST:
        return None
    # Few enough that all of them, or a larger sample, can be counted.
    fitting = [size for size in smaller if found * one_in // size <= COUNTED_AT_MOST]
    return fitting[0] if fitting else None


def band_of(minor: int, digits: int) -> int:
    """Where the band begins that a price falls into, in major units; ``digits`` are the currency's decimals."""
    major = minor // 10**digits
    return max(start for start in PRICE_BANDS if start <= major)


def synonym_words(text: str) -> list[str]:
    """The words of a synonym as a person writes them, separated by commas: folded, single words, each once. Raises
    ``ValueError`` saying what is wrong."""
    words = list(dict.fromkeys(word for part in text.split(",") if (word := folded([part]))))
    if len(words) < 2:
        raise ValueError("Write at least two words, separated by commas.")
    if len(words) > SYNONYM_WORDS:
        raise ValueError(f"Write at most {SYNONYM_WORDS} words.")
    broken = [word for word in words if not word.isalnum()]
    if broken:
        raise ValueError(f"“{broken[0]}” is not one word of letters and digits.")
    return words
