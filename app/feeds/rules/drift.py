"""Whether a file's header is still the one that a person confirmed, and what to ask when it is not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from app.feeds.rules.fields import normal

#: Names as alike as this are proposed as one column under a new name.
_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class Renamed:
    """A column that may have a new name. ``certain`` is False unless a person says so; it is only proposed."""

    old: str
    new: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Drift:
    """What is different from the confirmed header. ``missing`` and ``added`` leave out what ``renamed`` explains.
    ``proposed`` is a mapping of the new columns to begin with."""

    missing: Sequence[str]
    added: Sequence[str]
    renamed: Sequence[Renamed]
    proposed: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As the run keeps it."""
        return {
            "missing": list(self.missing),
            "added": list(self.added),
            "renamed": [
                {"old": one.old, "new": one.new, "field": one.field, "reason": one.reason} for one in self.renamed
            ],
        }


def header_hash(columns: Sequence[str]) -> str:
    """The same for the same columns in any order and letter case."""
    return hashlib.sha256("\n".join(sorted(_names(columns))).encode()).hexdigest()


def fitted(mapping: Mapping[str, str], known: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """A confirmed mapping with the columns as this file writes them; columns that it lacks are left out."""
    written = dict(zip(_names(columns), columns, strict=True))
    names = dict(zip(known, _names(known), strict=True))
    return {written[names[column]]: field for column, field in mapping.items() if names.get(column) in written}


def drift(
    known: Sequence[str], mapping: Mapping[str, str], columns: Sequence[str], guessed: Mapping[str, str]
) -> Drift | None:
    """Compare a file's columns with those that were confirmed; None when they are the same but for their order.

    ``mapping`` is the confirmed one, ``guessed`` what is recognised of the new columns. Nothing is decided here: what
    comes out is a question with a proposal.
    """
    before, now = _names(known), _names(columns)
    if sorted(before) == sorted(now):
        return None
    missing = [column for column, name in zip(known, before, strict=True) if name not in now]
    added = [column for column, name in zip(columns, now, strict=True) if name not in before]
    proposed = fitted(mapping, known, columns)
    renamed = []
    for old in sorted(missing, key=lambda column: column not in mapping):
        found = _new_name(old, mapping.get(old, ""), added, guessed)
        if found is None:
            continue
        new, reason = found
        renamed.append(Renamed(old, new, mapping.get(old, ""), reason))
        added.remove(new)
        if old in mapping:
            proposed[new] = mapping[old]
    taken = set(proposed.values())
    for column in added:
        field = guessed.get(column, "")
        if field and field not in taken:
            proposed[column] = field
            taken.add(field)
    explained = {one.old for one in renamed}
    return Drift([column for column in missing if column not in explained], added, renamed, proposed)


def _new_name(old: str, field: str, added: Sequence[str], guessed: Mapping[str, str]) -> tuple[str, str] | None:
    """The column that an old one may be called now, and why."""
    for column in added:
        if field and guessed.get(column) == field:
            return column, "the new column seems to hold the same"
    by_likeness = sorted(((_likeness(old, column), column) for column in added), reverse=True)
    if by_likeness and by_likeness[0][0] >= _ALIKE:
        return by_likeness[0][1], "the names are alike"
    return None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, normal(one), normal(other)).ratio()


def _names(columns: Sequence[str]) -> list[str]:
    """Columns as they are compared: by words alone, where that tells them apart; else as they are written."""
    bare = [normal(column) for column in columns]
    often = Counter(bare)
    return [name if name and often[name] == 1 else f"={column}" for name, column in zip(bare, columns, strict=True)]
