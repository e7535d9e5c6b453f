"""The key of a product that a file tells by nothing but its SKU.

The key is made of the SKU alone, so that it is the same however the rows stand. ``A-1`` gives ``a-1``; of any other SKU
that would give the same (``A.1``, ``a-1``, ``A-1+``) a mark is put behind it. Products that have a key already keep it,
and no other SKU comes into a product by having the same letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

from app.catalog.rules import SKU_MAX
from app.feeds.rules.cells import LONGEST_HANDLE, slug_of

#: Of these alone the letters and digits are the whole SKU.
_PLAIN = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
#: Hexadecimal digits of an SKU's hash.
MARK_DIGITS = 8


def made_sku(key: str, options: Iterable[str]) -> str:
    """The SKU of an article without one, of its product's key and the values of its options."""
    return "-".join([key, *(slug_of(value) for value in options)])[:SKU_MAX]


def no_keys() -> Mapping[str, str]:
    """Of a supplier whose products nobody knows."""
    return {}


class ProductKeys:
    """Makes keys of SKUs. ``kept``: asked once, when it is needed first; SKU → the key of the product that it is sold
    in, of all SKUs of those products whose keys are not what is made of their SKUs here."""

    def __init__(self, kept: Callable[[], Mapping[str, str]] = no_keys) -> None:
        self._ask = kept
        self._kept: Mapping[str, str] | None = None
        self._taken: frozenset[str] = frozenset()

    @property
    def kept(self) -> Mapping[str, str]:
        """See the class."""
        if self._kept is None:
            self._kept = self._ask()
            self._taken = frozenset(self._kept.values())
        return self._kept

    def of(self, sku: str) -> str:
        """The key; empty where the SKU has neither letters nor digits."""
        all_kept = self.kept
        is_plain = _PLAIN.fullmatch(sku) is not None and len(sku) <= LONGEST_HANDLE
        slug = sku.lower() if is_plain else slug_of(sku)
        if not all_kept and is_plain:
            return slug
        marked = _marked(slug, sku)
        kept = all_kept.get(sku)
        if kept is not None and kept in (slug, marked):
            return kept
        return slug if is_plain and slug not in self._taken else marked


def _marked(slug: str, sku: str) -> str:
    if not slug:
        return ""
    mark = sha256(sku.encode(errors="surrogatepass")).hexdigest()[:MARK_DIGITS]
    return f"{slug[: LONGEST_HANDLE - MARK_DIGITS - 1].rstrip('-')}-{mark}"
