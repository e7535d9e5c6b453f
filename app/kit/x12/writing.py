"""An interchange as it is sent: version 004010, ``*`` between elements, ``>`` inside, ``~`` and a line end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kit.x12.segments import Segment

VERSION = "004010"
#: Control numbers have nine digits; after the last comes the first.
LAST_CONTROL = 999_999_999
_TAKEN = re.compile(r"[*>~\x00-\x1f\x7f]+")
#: Latin letters that don't come apart by themselves.
_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
     "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
     "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "..."}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Who writes to whom. Ids have up to 15 characters; qualifiers say what they are (data element I05: ``ZZ`` mutually
    agreed, ``01`` DUNS, ``12`` phone). Group ids are the same unless they were agreed otherwise."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    test: bool = False
    group_sender: str = ""
    group_receiver: str = ""


def on_paper(text: str, longest: int) -> str:
    """A text as an element: what separates is left out, Latin letters lose their accents, spaces are single, and it is
    not longer than allowed. Other scripts stay as they are (UTF-8): an address must not be lost."""
    whole = unicodedata.normalize("NFC", text.translate(_LETTERS))
    plain = "".join(map(_bare, whole))
    plain = " ".join(_TAKEN.sub(" ", plain).split())
    return plain[:longest].rstrip()


def interchange(
    partner: Partner, functional: str, documents: Sequence[tuple[str, Sequence[Segment]]], *, control: int, at: datetime
) -> bytes:
    """One group of documents, each a set's number and its segments between ST and SE. Interchange and group bear the
    same control number, 1 to 999999999. Raises ``ValueError`` for a number or an id that does not fit."""
    if not 1 <= control <= LAST_CONTROL:
        raise ValueError("a control number has one to nine digits")
    for party in (partner.sender, partner.receiver):
        if not 1 <= len(party) <= 15 or _TAKEN.search(party):
            raise ValueError("an id has 1 to 15 characters without separators")
    lines = [
        ["ISA", "00", " " * 10, "00", " " * 10, partner.sender_qualifier, f"{partner.sender:<15}",
         partner.receiver_qualifier, f"{partner.receiver:<15}", f"{at:%y%m%d}", f"{at:%H%M}", "U", "00401",
         f"{control:09d}", "0", "T" if partner.test else "P", ">"],
        ["GS", functional, partner.group_sender or partner.sender, partner.group_receiver or partner.receiver,
         f"{at:%Y%m%d}", f"{at:%H%M}", str(control), "X", VERSION],
    ]  # fmt: skip
    for number, (kind, body) in enumerate(documents, 1):
        # A segment without any element is none.
        inside = [kept for segment in body if len(kept := _trimmed(segment)) > 1]
        lines += [["ST", kind, f"{number:04d}"], *inside, ["SE", str(len(inside) + 2), f"{number:04d}"]]
    lines += [["GE", str(len(documents)), str(control)], ["IEA", "1", f"{control:09d}"]]
    return "".join("*".join(line) + "~\n" for line in lines).encode()


def _trimmed(segment: Segment) -> Segment:
    """Without the empty elements at its end."""
    kept = list(segment)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return kept


def _bare(letter: str) -> str:
    """A Latin letter, or a form of one, without its accents. Marks of other scripts make other letters (й, が) and
    stay."""
    parts = unicodedata.normalize("NFKD", letter)
    bare = "".join(part for part in parts if not "\u0300" <= part <= "\u036f")
    return bare if bare.isascii() else letter
