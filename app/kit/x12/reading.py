"""Interchanges taken apart into groups and transaction sets, with what is wrong about each (X12.5, X12.6).

Nothing is refused here but what is no interchange at all: whoever answers with a 997 decides by ``problems``. Segments
and elements that nobody knows stay where they are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.kit.x12.segments import NotX12, Segment, Separators, segments

#: Segments of one file; ten times what the largest partner sends in a day.
MOST_SEGMENTS = 200_000
#: Of a count (data element 96).
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a transaction set. ``code`` is that of AK5 (data element 718), ``segment`` and ``position``
    name where, when one segment is the reason; ``element`` its element's place and ``element_code`` that of AK4 (723).
    """

    code: str
    words: str
    segment: str = ""
    position: int = 0
    element: int = 0
    element_code: str = ""


@dataclass(slots=True)
class TransactionSet:
    """One document: ``kind`` is the set's number, ``segments`` begin with ST and end before SE."""

    kind: str
    control: str
    segments: list[Segment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """Documents of one kind."""

    functional: str
    sender: str
    receiver: str
    control: str
    version: str
    sets: list[TransactionSet] = field(default_factory=list)
    #: Codes of AK9 (data element 716).
    problems: list[str] = field(default_factory=list)
    #: As GE01 says; None when there is none.
    told: int | None = None


@dataclass(slots=True)
class Interchange:
    """One envelope of a file."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    control: str
    test: bool
    separators: Separators
    groups: list[Group] = field(default_factory=list)
    #: In words: a missing or foreign trailer.
    problems: list[str] = field(default_factory=list)


def element(segment: Sequence[str], place: int) -> str:
    """An element by its place (1 is the first after the name); empty when it was left out."""
    return segment[place] if len(segment) > place else ""


def read(content: bytes) -> list[Interchange]:
    """Every interchange of a file. Raises ``NotX12``."""
    separators, all_segments = segments(io.BytesIO(content))
    reader = _Reader(separators)
    for count, segment in enumerate(all_segments):
        if count >= MOST_SEGMENTS:
            raise NotX12(f"The file has more than {MOST_SEGMENTS} segments.")
        reader.take(segment)
    reader.end()
    if not reader.found:
        raise NotX12("The file holds no interchange.")
    return reader.found


class _Reader:
    def __init__(self, separators: Separators) -> None:
        self.found: list[Interchange] = []
        self._separators = separators
        self._interchange: Interchange | None = None
        self._group: Group | None = None
        self._set: TransactionSet | None = None

    def take(self, segment: Segment) -> None:
        match segment[0]:
            case "ISA":
                self.end()
                self._interchange = _interchange(segment, self._separators)
                self.found.append(self._interchange)
            case "GS" if self._interchange:
                self._end_group()
                self._group = _group(segment)
                self._interchange.groups.append(self._group)
            case "ST" if self._group:
                self._end_set()
                self._set = TransactionSet(element(segment, 1), element(segment, 2), [segment])
                self._group.sets.append(self._set)
            case "SE" if self._set:
                _check_trailer(self._set, segment)
                self._set = None
            case "GE" if self._group:
                self._end_set()
                self._check_group(self._group, segment)
                self._group = None
            case "IEA" if self._interchange:
                self._end_group()
                if not _same(element(segment, 2), self._interchange.control):
                    self._interchange.problems.append("The trailer (IEA) has another control number than the header.")
                if element(segment, 1).lstrip("0") != str(len(self._interchange.groups) or ""):
                    self._interchange.problems.append("The trailer (IEA) counts another number of groups.")
                self._interchange = None
            case _ if self._set:
                self._set.segments.append(segment)

    def end(self) -> None:
        """The file, or another header, ends what is open."""
        self._end_group()
        if self._interchange:
            self._interchange.problems.append("The trailer (IEA) is missing: the file was cut off.")
            self._interchange = None

    def _end_group(self) -> None:
        self._end_set()
        if self._group:
            self._group.problems.append("3")
            self._group = None

    def _end_set(self) -> None:
        if self._set:
            self._set.problems.append(Problem("2", "The document's trailer (SE) is missing."))
            self._set = None

    def _check_group(self, group: Group, trailer: Segment) -> None:
        count = element(trailer, 1)
        group.told = _count(count)
        if group.told != len(group.sets):
            group.problems.append("5")
        if not _same(element(trailer, 2), group.control):
            group.problems.append("4")


def _interchange(segment: Segment, separators: Separators) -> Interchange:
    return Interchange(
        sender_qualifier=element(segment, 5),
        sender=element(segment, 6),
        receiver_qualifier=element(segment, 7),
        receiver=element(segment, 8),
        control=element(segment, 13),
        test=element(segment, 15) == "T",
        separators=separators,
    )


def _group(segment: Segment) -> Group:
    return Group(
        functional=element(segment, 1),
        sender=element(segment, 2),
        receiver=element(segment, 3),
        control=element(segment, 6),
        version=element(segment, 8),
    )


def _check_trailer(found: TransactionSet, trailer: Segment) -> None:
    told = element(trailer, 1)
    if _count(told) != len(found.segments) + 1:
        found.problems.append(
            Problem(
                "4",
                f"The trailer (SE) counts {told[:_MOST_DIGITS] or 'no'} segments, there are {len(found.segments) + 1}.",
            )
        )
    if not _same(element(trailer, 2), found.control):
        found.problems.append(Problem("3", "The trailer (SE) has another control number than the header (ST)."))


def _count(text: str) -> int | None:
    """A number of segments or sets; None where none is told."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _same(one: str, other: str) -> bool:
    """Control numbers are numbers; some write them with leading zeros, some without."""
    return one.lstrip("0") == other.lstrip("0")
