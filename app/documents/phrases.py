"""Sentences for a shop's customers in their language: found by key, with their values, in the form that a count wants.

A file holds them as JSON: language → key → text; where a count decides, form → text by CLDR's names of plural forms
(https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html). ``{n}`` is the count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from app.kit import texts

_VALUE = re.compile(r"\{(\w+)\}")


class Phrases:
    """The sentences of one file."""

    def __init__(self, file: Path) -> None:
        self.all: Mapping[str, Mapping[str, str | Mapping[str, str]]] = json.loads(file.read_text("utf-8"))

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that there are sentences in."""
        return tuple(self.all)

    def say(self, language: str, key: str, count: int | None = None, /, **values: str) -> str:
        """A sentence. Raises ``KeyError`` for an unknown key and for a value that it lacks."""
        found = self.all[language][key]
        if not isinstance(found, str):
            form = texts.locale_of(language).plural_form(count or 0)
            found = found.get(form) or found["other"]
        if count is not None:
            values["n"] = texts.number(count, language)
        return _VALUE.sub(lambda match: values[match[1]], found)
