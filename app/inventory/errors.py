"""Errors of inventory."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kit.errors import Conflict, FieldError


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A line that can't be filled: its place in the request, and what there is."""

    index: int
    variant_id: UUID
    wanted: int
    available: int


class InsufficientStock(Conflict):
    """Not enough stock for at least one line; nothing was reserved."""

    code = "insufficient_stock"
    title = "Not enough stock"

    def __init__(self, lines: list[ShortLine]) -> None:
        super().__init__(
            "Not enough stock for some lines; nothing was reserved.",
            errors=[
                FieldError(f"lines[{line.index}].quantity", "insufficient_stock", f"{line.available} available.")
                for line in lines
            ],
        )
        self.lines = lines
