"""What a row says of its product in words and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.catalog.rules import DescriptionRefused, plain_text
from app.feeds.rules.cells import LONGEST_TEXT, Cell, addresses, category_of, cells_of, clean, tags_of
from app.feeds.rules.records import Problem, Reading
from app.feeds.rules.repeated import of_columns
from app.feeds.rules.status_words import status_of

MOST_IMAGES = 50
#: Fields of a row that its product has, besides the title.
_TEXTS = ("description", "brand", "category", "tags", "status", "image_urls", "image_alt")
#: What was made of some cells, and what is wrong with them.
_Understood = tuple[dict[str, Any], list[Problem]]


class TextReader:
    """Reads the texts of rows; those of the row above, which a product's variants repeat, are understood once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.told = of_columns(reading.fields, _TEXTS)
        self._above: tuple[tuple[object, ...], _Understood] = ((), ({}, []))

    def read(
        self, cells: Sequence[str], cell: Cell, title: str, problems: list[Problem], *, only_pictures: bool = False
    ) -> dict[str, Any]:
        """What a row says of its product. Nobody may change the answer."""
        return self._of(self.told(cells), cell, title, problems, only_pictures=only_pictures)

    def of(self, cells: Sequence[str], told: object, title: str, problems: list[Problem]) -> dict[str, Any]:
        """The same; ``told`` is ``told`` of its cells."""
        return self._of(told, cells_of(self._reading.fields, cells), title, problems, only_pictures=False)

    def images(self, cell: Cell) -> tuple[list[list[str]], list[Problem]]:
        """The pictures of a row, each with its description, and what is wrong with others."""
        good, wrong = addresses(cell("image_urls"))
        alt = cell("image_alt")[:512] if good else ""
        problems = [Problem("image_urls", "bad_address", reason, warning=True) for reason in wrong]
        return [[url, alt] for url in good[:MOST_IMAGES]], problems

    def _of(
        self, told: object, cell: Cell, title: str, problems: list[Problem], *, only_pictures: bool
    ) -> dict[str, Any]:
        key = (title, only_pictures, told)
        if self._above[0] != key:
            self._above = (key, self._understood(cell, title, only_pictures=only_pictures))
        texts, wrong = self._above[1]
        problems += wrong
        return texts

    def _understood(self, cell: Cell, title: str, *, only_pictures: bool) -> _Understood:
        images, problems = self.images(cell)
        if only_pictures:
            return {"title": "", "images": images}, problems
        description = ""
        try:
            description = clean(cell("description"))
        except DescriptionRefused as error:
            problems.append(Problem("description", "too_large", str(error)))
        status = status_of(cell("status"))
        if status is None:
            message = (
                f"{cell('status')[:40]!r} is no state that we know: the product is not offered, but kept as a draft."
            )
            problems.append(Problem("status", "unknown_status", message, warning=True))
        texts = {
            "title": plain_text(title) if "<" in title else title,
            "description": description,
            "brand": cell("brand")[:LONGEST_TEXT],
            "category": category_of(cell("category")),
            "tags": list(tags_of(cell("tags"))),
            "status": status or "draft",
            "images": images,
        }
        return texts, problems
