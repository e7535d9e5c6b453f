"""Decisions about catalogue data, on plain values."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import nh3

#: Beyond these a description is refused before it is cleaned: cleaning nested tags takes quadratic time.
DESCRIPTION_MAX_BYTES = 100_000
DESCRIPTION_MAX_TAGS = 2_000
TITLE_MAX = 255
SKU_MAX = 100

_TAGS = {
    "p", "br", "b", "strong", "i", "em", "u", "ul", "ol", "li", "h2", "h3", "h4", "table", "thead", "tbody",
    "tr", "th", "td", "a", "img", "span", "blockquote", "hr", "sub", "sup",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_DROPPED_WITH_CONTENT = {"script", "style", "noscript", "template", "iframe", "object", "svg", "math"}


class DescriptionRefused(ValueError):
    """The description is too large or too deeply marked up to be cleaned safely."""


def clean_html(dirty: str) -> str:
    """Supplier HTML with only harmless tags, absolute https links and pictures that can be seen: pictures of a pixel or
    two tell their owner who reads. Raises ``DescriptionRefused``."""
    if len(dirty.encode()) > DESCRIPTION_MAX_BYTES or dirty.count("<") > DESCRIPTION_MAX_TAGS:
        raise DescriptionRefused(
            f"A description has at most {DESCRIPTION_MAX_BYTES:,} bytes and {DESCRIPTION_MAX_TAGS:,} tags."
        )
    if _CLEAN.fullmatch(dirty):
        return dirty.strip()
    cleaned = str(_CLEANER.clean(dirty))
    return _IMG.sub(lambda found: "" if _unseen(found[0]) else found[0], cleaned).strip()


#: A whole tag as nh3 writes it: what stands in quotes holds no quote, so nothing within another tag's value matches.
_IMG = re.compile(r'<img(?: [a-z]+="[^"]*")*>')
_SIZE = re.compile(r' (?:width|height)="\s*[0-2](?:\.\d+)?\s*(?:px)?\s*"')


def _unseen(tag: str) -> bool:
    return ' src="' not in tag or _SIZE.search(tag) is not None


def _only_absolute(_tag: str, attribute: str, value: str) -> str | None:
    if attribute in ("href", "src") and not value.startswith(("https://", "mailto:")):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_DROPPED_WITH_CONTENT,
    attributes=_ATTRIBUTES,
    url_schemes={"https", "mailto"},
    link_rel="nofollow noopener noreferrer ugc",
    attribute_filter=_only_absolute,
)
#: Markup that is clean as it stands, as that of most descriptions, is told much quicker than by taking it apart: plain
#: text, and in it simple elements without attributes that hold nothing but text or simple marks of letters.
_TEXT = r"[^<>&\x00\r\xa0\ufeff]*"
_MARKED = "|".join(f"<{tag}>{_TEXT}</{tag}>" for tag in ("b", "strong", "i", "em", "u", "sub", "sup"))
_INLINE = f"{_TEXT}(?:(?:{_MARKED}|<br>){_TEXT})*"
_BLOCKS = "|".join(f"<{tag}>{_INLINE}</{tag}>" for tag in ("p", "h2", "h3", "h4"))
_LISTS = "|".join(f"<{tag}>{_TEXT}(?:<li>{_INLINE}</li>{_TEXT})*</{tag}>" for tag in ("ul", "ol"))
_CLEAN = re.compile(f"{_TEXT}(?:(?:{_MARKED}|<br>|{_BLOCKS}|{_LISTS}){_TEXT})*")
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


def plain_text(markup: str) -> str:
    """The words of cleaned HTML, on one line."""
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", markup))).strip()


def folded(words: Iterable[str]) -> str:
    """Words as search compares them: lower case, without accents, single spaces."""
    plain = " ".join(words)
    if plain.isascii():
        return " ".join(plain.lower().split())
    joined = unicodedata.normalize("NFKD", plain).casefold()
    return _SPACE.sub(" ", "".join(char for char in joined if not unicodedata.combining(char))).strip()


_WORD = re.compile(r"[^\W_]+")
_ZERO = ord("0")


def search_terms(query: str) -> list[str]:
    """The words of a query, folded, at most eight."""
    return _WORD.findall(folded([query]))[:8]


def variant_title(title: str, options: Mapping[str, Any]) -> str:
    """What a variant is called: its product's title and its options."""
    named = " / ".join(str(value) for value in options.values() if value != "Default Title")
    return f"{title} – {named}" if named else title


def gtin_problem(gtin: str) -> str | None:
    """Why a GTIN-8, -12, -13 or -14 is wrong (GS1 check digit); None when it is right."""
    if not gtin.isascii() or not gtin.isdigit() or len(gtin) not in (8, 12, 13, 14):
        return "A GTIN has 8, 12, 13 or 14 digits."
    digits = gtin.encode()
    # Of characters, not of their values: each is 48 too large, and so the sum by twice as much for each digit or so.
    weighted = sum(digits[-1::-2]) + 3 * sum(digits[-2::-2]) - _ZERO * (len(digits) + len(digits) // 2 * 2)
    return None if weighted % 10 == 0 else "The GTIN's check digit is wrong."


def same_gtins(gtin: str) -> set[str]:
    """The ways in which one article's number is written: with zeros before it up to 8, 12, 13 or 14 digits."""
    bare = gtin.lstrip("0")
    return {bare.zfill(size) for size in (8, 12, 13, 14) if len(bare) <= size}


_LONGEST_ADDRESS = 2000
#: What most addresses look like, told quicker than by taking them apart.
_USUAL_ADDRESS = re.compile(r"https?://[a-z0-9.-]*[a-z0-9][a-z0-9.-]*/[!-~]*")


def image_url_problem(url: str) -> str | None:
    """Why an image address can't be used; None when it can."""
    if len(url) <= _LONGEST_ADDRESS and _USUAL_ADDRESS.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return "This is not an address."
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        return "An image address starts with https:// and names a host."
    return "The address is too long." if len(url) > _LONGEST_ADDRESS else None
