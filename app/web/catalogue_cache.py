"""Results of the shared catalogue, kept for a few seconds in this process: they are the same for all who may see the
same. Nothing of one organisation's may be kept here."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from app.config import settings
from app.kit import clock
from app.kit.recent import Recent

T = TypeVar("T")

_kept: Recent[Any] = Recent(2_000)


def kept_for_a_moment(key: Hashable, make: Callable[[], T]) -> T:
    """What was made for ``key`` within ``CROSSDOCK_CATALOG_CACHE_SECONDS``, else what ``make`` returns now."""
    life = settings().catalog_cache_seconds
    if not life:
        return make()
    found = _kept.get(key, life)
    if found is not None:
        return cast(T, found)
    begun = clock.ticks()
    made = make()
    _kept.put(key, made, since=begun)
    return made


def forget() -> None:
    """Look everything up anew."""
    _kept.forget()
