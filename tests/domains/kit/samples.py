"""Real files that lie beside the project on some machines; where they don't, what is shown by them is left out."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[4] / "shared" / "samples" / "x12"


def x12_samples() -> list[Path]:
    """Interchanges as partners of others sent them."""
    return sorted(_FOLDER.glob("*-8*.txt"))
