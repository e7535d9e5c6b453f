"""What calls say of lines."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.kit.errors import FieldError, Invalid


def named_once(line_ids: Sequence[UUID]) -> None:
    """Raises ``Invalid`` that names the place of a line that stands before it already."""
    for place, line_id in enumerate(line_ids):
        if line_id in line_ids[:place]:
            wrong = FieldError(f"lines[{place}].line_id", "repeated", "Name each line once.")
            raise Invalid("A line stands twice.", errors=[wrong])
