"""The GraphQL documents, one operation a file, read once."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "graphql"
_DOCUMENTS = {file.stem: file.read_text() for file in sorted(_FOLDER.glob("*.graphql"))}


def document(name: str) -> str:
    """The document in ``graphql/<name>.graphql``."""
    return _DOCUMENTS[name]
