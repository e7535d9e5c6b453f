"""Where a supplier's category belongs, decided on plain values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.catalog.rules import folded
from app.kit.texts import marked as _

#: From this confidence (of 100) on a category is used before anybody has confirmed it.
USED_FROM = 80
#: Below this nothing is proposed.
PROPOSED_FROM = 35
#: Who agrees once may be wrong; two of the same mind are believed.
_OTHERS_FIRST, _OTHERS_EACH, _OTHERS_MOST = 64, 8, 95
#: What a likeness of names is worth at most: somebody should still look.
_NAMES_MOST = 94
#: Two nodes that are equally like the name are none of them sure.
_TIE_MOST = 60

#: How a proposal was found, for people.
BASES: Mapping[str, str] = {
    "id": _("by Google's id"),
    "path": _("the same path"),
    "own": _("confirmed by you"),
    "others": _("other suppliers confirmed it"),
    "names": _("by likeness of the names"),
    "none": _("nothing like it found"),
}

_SEPARATOR = re.compile(r"\s*(?:>|»|›|→|::|\||/(?=\s)|(?<=\s)/)\s*")
_WORD = re.compile(r"[^\W_]+")
_SAYING_NOTHING = frozenset(
    {"and", "und", "et", "y", "e", "of", "the", "for", "fur", "de", "la", "all", "other", "misc"}
)
#: Common shelves in other languages, and other English words for them.
_SAME = {
    "lampen": "lamp", "lampe": "lamp", "leuchte": "lighting", "leuchten": "lighting", "beleuchtung": "lighting",
    "licht": "lighting", "light": "lighting", "luminaire": "lighting", "eclairage": "lighting", "stuhl": "chair",
    "stuhle": "chair", "chaise": "chair", "tisch": "table", "tische": "table", "mobel": "furniture",
    "meubel": "furniture", "meuble": "furniture", "mueble": "furniture", "mobili": "furniture", "schuhe": "shoe",
    "schuh": "shoe", "chaussure": "shoe", "zapato": "shoe", "scarpe": "shoe", "buty": "shoe", "kleidung": "clothing",
    "clothe": "clothing", "vetement": "clothing", "ropa": "clothing", "bekleidung": "clothing", "odziez": "clothing",
    "kleider": "dress", "kleid": "dress", "robe": "robe", "hose": "pant", "hosen": "pant", "trouser": "pant",
    "jacke": "jacket", "jacken": "jacket", "hemd": "shirt", "tshirt": "shirt", "tasche": "bag", "taschen": "bag",
    "rucksack": "backpack", "rucksacke": "backpack", "koffer": "suitcase", "spielzeug": "toy", "jouet": "toy",
    "juguete": "toy", "schmuck": "jewelry", "jewellery": "jewelry", "bijoux": "jewelry", "uhr": "watch",
    "uhren": "watch", "haus": "home", "garten": "garden", "jardin": "garden", "maison": "home", "casa": "home",
    "kuche": "kitchen", "cuisine": "kitchen", "cocina": "kitchen", "buch": "book", "bucher": "book", "livre": "book",
    "libro": "book", "teppich": "rug", "teppiche": "rug", "carpet": "rug", "vorhang": "curtain", "couch": "sofa",
    "kopfhorer": "headphone", "lautsprecher": "speaker", "handy": "mobile", "smartphone": "mobile",
    "fahrrad": "cycling", "bike": "cycling", "bicycle": "cycling", "sport": "sporting", "hund": "dog", "katze": "cat",
    "haustier": "pet", "tier": "animal", "tasse": "mug", "tassen": "mug", "becher": "mug", "geschirr": "tableware",
}  # fmt: skip


def parts_of(path: str) -> list[str]:
    """The steps of a supplier's path, whatever stands between them."""
    return [part for part in (one.strip() for one in _SEPARATOR.split(path)) if part]


def clean_path(path: str) -> str:
    """The path as we write it: ``Home > Lighting``."""
    return " > ".join(parts_of(path))


def key_of(path: str) -> str:
    """What two spellings of one path have in common."""
    return folded([clean_path(path)])


def terms_of(text: str, *, stemmed: bool = True) -> list[str]:
    """The words that say something, in the singular and in English where they are well known."""
    words = [word for word in _WORD.findall(folded([text])) if word not in _SAYING_NOTHING]
    return [_stem(word) for word in words] if stemmed else words


def _stem(word: str) -> str:
    if word in _SAME:
        return _SAME[word]
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return _SAME.get(word, word)


class Candidate(Protocol):
    """A node of the tree, as far as its words go."""

    @property
    def id(self) -> int:
        """Google's id."""

    @property
    def words(self) -> frozenset[str]:
        """Of its name."""

    @property
    def path_words(self) -> frozenset[str]:
        """Of its path."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a category may belong: Google's id (None: no idea), how sure (0 to 100), and how it was found."""

    google_id: int | None
    confidence: int
    basis: str


NOTHING = Proposal(None, 0, "none")


def from_others(votes: Mapping[int, int]) -> Proposal:
    """What other suppliers' confirmations say: id → how many."""
    if not votes:
        return NOTHING
    best, count = max(votes.items(), key=lambda one: (one[1], -one[0]))
    agreeing = (_OTHERS_FIRST + _OTHERS_EACH * count) * count // sum(votes.values())
    return Proposal(best, min(_OTHERS_MOST, agreeing), "others")


def by_names(source: str, titles: Collection[str], candidates: Collection[Candidate]) -> Proposal:
    """The node whose name is most like the last step of a path; the steps before it and the products' titles decide
    between like ones."""
    parts = parts_of(source)
    if not parts:
        return NOTHING
    leaf = frozenset(terms_of(parts[-1]))
    before = frozenset(word for part in parts[:-1] for word in terms_of(part))
    told = frozenset(word for title in titles for word in terms_of(title))
    scored = sorted(
        ((_likeness(leaf, before, told, one), -len(one.path_words), -one.id) for one in candidates), reverse=True
    )
    if not scored or scored[0][0] < PROPOSED_FROM:
        return NOTHING
    best = scored[0]
    tied = len(scored) > 1 and scored[1][0] == best[0]
    return Proposal(-best[2], min(best[0], _TIE_MOST if tied else _NAMES_MOST), "names")


def _likeness(leaf: frozenset[str], before: frozenset[str], told: frozenset[str], node: Candidate) -> int:
    same = len(leaf & node.words)
    if not same:
        return 0
    named = 2 * same / (len(leaf) + len(node.words))
    around = len(before & node.path_words) / len(before) if before else 0.75
    products = 1.0 if told & node.words else 0.0
    return int(100 * (0.7 * named + 0.22 * around + 0.08 * products))
