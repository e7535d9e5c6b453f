"""Results of the shared catalogue, kept for a few seconds in this process: they are the same for all who may see the
same. Nothing of one organisation's may be kept here."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

from app.config import settings

T = TypeVar("T")

_MOST = 2_000
_kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
_lock = Lock()


def kept_for_a_moment(key: Hashable, make: Callable[[], T]) -> T:
    """What was made for ``key`` within ``CROSSDOCK_CATALOG_CACHE_SECONDS``, else what ``make`` returns now."""
    life = settings().catalog_cache_seconds
    if not life:
        return make()
    now = time.monotonic()
    with _lock:
        found = _kept.get(key)
    if found is not None and now - found[0] < life:
        return cast(T, found[1])
    made = make()
    with _lock:
        _kept[key] = (now, made)
        _kept.move_to_end(key)
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return made


def forget() -> None:
    """Look everything up anew."""
    with _lock:
        _kept.clear()
