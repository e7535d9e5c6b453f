"""Files for tests of feeds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from app.adapters import registries
from app.feeds.feed import Limits
from app.feeds.reading import OpenedFile, open_file
from app.feeds.rules.choices import NO_CHOICES, Choices
from app.feeds.rules.records import ReadRow

HEADER = "product_id,title,sku,option1_name,option1_value,cost,stock,weight,weight_unit,image_urls,gtin,description"


def opened(
    content: bytes,
    *,
    rows: int = 250_000,
    currency: str = "USD",
    name: str = "",
    figures_only: bool | None = False,
    choices: Choices = NO_CHOICES,
) -> OpenedFile:
    """A file under way: read as CSV, or, with a name, as what it is."""
    found = [
        known for known, one in registries.feeds.all().items() if name and one.recognises(content[:4096], name)
    ] or ["csv"]
    return open_file(
        registries.feeds.get(found[0]),
        io.BytesIO(content),
        Limits(rows=rows),
        currency=currency,
        figures_only=figures_only,
        choices=choices,
    )


def read_file(content: bytes, **how: Any) -> Sequence[ReadRow]:
    """All rows of a file."""
    return list(opened(content, **how).rows)


def template(*lines: str) -> bytes:
    """A file in the columns of ``HEADER``."""
    return "\n".join([HEADER, *lines, ""]).encode()
