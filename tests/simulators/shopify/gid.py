"""Global ids as Shopify writes them: ``gid://shopify/<Type>/<number>``."""

from __future__ import annotations

import itertools

_FIRST = 7_400_000_000_001


class BadGid(ValueError):
    """The text is no global id."""


class IdSource:
    """Numbers no two records of a world share: above 2**32, and below 2**53 so that JavaScript keeps them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(_FIRST)

    def __call__(self) -> int:
        return next(self._numbers)


def gid(kind: str, number: int) -> str:
    """The global id of a record."""
    return f"gid://shopify/{kind}/{number}"


def level_gid(item: int, location: int) -> str:
    """An inventory level has no number of its own: the location's is used, with the item as a parameter."""
    return f"gid://shopify/InventoryLevel/{location}?inventory_item_id={item}"


def split_gid(text: str) -> tuple[str, int]:
    """Type and number of a global id. Raises BadGid."""
    parts = text.removeprefix("gid://shopify/").partition("?")[0].split("/")
    if not text.startswith("gid://shopify/") or len(parts) != 2 or not parts[1].isdigit():
        raise BadGid(f"Invalid global id '{text}'")
    return parts[0], int(parts[1])


def level_parts(text: str) -> tuple[int, int]:
    """Inventory item and location of a level's global id. Raises BadGid."""
    kind, location = split_gid(text)
    _, _, item = text.partition("?inventory_item_id=")
    if kind != "InventoryLevel" or not item.isdigit():
        raise BadGid(f"Invalid global id '{text}'")
    return int(item), location
