"""ANSI X12 as a form of writing: segments, interchanges and how they are answered, whatever they are about."""

from app.kit.x12.reading import Group, Interchange, Problem, TransactionSet, read
from app.kit.x12.segments import NotX12, Segment, Separators, segments
from app.kit.x12.writing import Partner, interchange, on_paper

__all__ = [
    "Group",
    "Interchange",
    "NotX12",
    "Partner",
    "Problem",
    "Segment",
    "Separators",
    "TransactionSet",
    "interchange",
    "on_paper",
    "read",
    "segments",
]
