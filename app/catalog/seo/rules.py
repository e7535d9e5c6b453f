"""Texts made from a product's data, on plain values. Lengths are what search engines show before they cut."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.catalog.rules import folded, plain_text

TITLE_LONGEST = 65
DESCRIPTION_LONGEST = 158
ALT_LONGEST = 125
#: A first sentence shorter than this says too little by itself.
_SENTENCE_LEAST = 70
#: Most values of an option that a description names.
_VALUES = 4

_SPACE = re.compile(r"\s+")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_HANGING = " ,;:-–—/|&(·+"


def cut(text: str, longest: int, ending: str = "") -> str:
    """The text on one line in at most so many characters, whole words where there is more than one; what was left out
    is marked by ``ending``."""
    line = _SPACE.sub(" ", text).strip()
    if len(line) <= longest:
        return line
    room = longest - len(ending)
    head = line[: room + 1]
    words = head.rsplit(" ", 1)[0] if " " in head.strip() else line[:room]
    return words[:room].rstrip(_HANGING) + ending


def common_value(variants: Sequence[Mapping[str, str]]) -> str:
    """The value of an option that all variants share: what the whole product is. Empty where there is none."""
    if not variants:
        return ""
    for name, value in variants[0].items():
        if value.strip() and all(one.get(name) == value for one in variants):
            return value.strip()
    return ""


def title_of(title: str, brand: str, variants: Sequence[Mapping[str, str]]) -> str:
    """Brand, title and the option that all variants share, as far as they fit; nothing is said twice."""
    whole = title.strip()
    if brand.strip() and not _within(brand, whole):
        whole = f"{brand.strip()} {whole}"
    value = common_value(variants)
    if value and not _within(value, whole) and len(f"{whole} – {value}") <= TITLE_LONGEST:
        whole = f"{whole} – {value}"
    return cut(whole, TITLE_LONGEST)


def description_of(title: str, brand: str, description: str, variants: Sequence[Mapping[str, str]]) -> str:
    """The first sentences of the description as far as they fit; without one, what the product is and comes in."""
    told = plain_text(description)
    if not told:
        told = f"{title.strip()} by {brand.strip()}." if brand.strip() else f"{title.strip()}."
        for name in variants[0] if variants else ():
            values = list(dict.fromkeys(one[name].strip() for one in variants if one.get(name, "").strip()))
            if len(values) > 1:
                more = ", …" if len(values) > _VALUES else ""
                told += f" {name}: {', '.join(values[:_VALUES])}{more}."
    told = _SPACE.sub(" ", told).strip()
    sentences, kept = _END_OF_SENTENCE.split(told), ""
    for sentence in sentences:
        longer = f"{kept} {sentence}".strip()
        if len(longer) > DESCRIPTION_LONGEST:
            break
        kept = longer
    whole = len(kept) >= _SENTENCE_LEAST or kept == told
    return kept if whole else cut(told, DESCRIPTION_LONGEST, "…")


def alt_of(title: str, variants: Sequence[Mapping[str, str]], position: int) -> str:
    """What a picture shows: the title, the option that all variants share, and which view it is."""
    value = common_value(variants)
    whole = title.strip() if not value or _within(value, title) else f"{title.strip()}, {value}"
    view = f", view {position + 1}" if position else ""
    return cut(whole, ALT_LONGEST - len(view)) + view


def _within(part: str, text: str) -> bool:
    return f" {folded([part])} " in f" {folded([text])} "
