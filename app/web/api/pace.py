"""How fast a key may call: a count per minute in Redis.

A process counts calls by itself and tells Redis of several at once, a fiftieth of the limit or what came within two
seconds. So a key may get so many calls more than its limit from each web process; with a limit below a hundred, and
when four fifths of any are used up, each call is told at once. With Redis gone calls pass: the limit protects the
service from haste, not its data.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import NamedTuple

import redis
from flask import g, request

from app import log
from app.config import settings
from app.identity.principal import Principal
from app.kit.errors import TooMany

#: Where a WSGI environment says that its call was counted already, and what came of it.
COUNTED = "crossdock.pace"
_WINDOW = 60
#: After Redis failed it is left alone for so many seconds.
_PAUSE = 5.0
_COUNT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return count
"""
#: Calls are told one by one when this share of the limit is used up; before that, this part of it at once.
_NEARLY, _AT_ONCE = 0.8, 50
_TOLD_AFTER = 2.0

logger = log.get("web.api")
_broken_until = 0.0


class Pace(NamedTuple):
    """What a key has used up of its ``limit`` in this minute, which ends in ``reset`` seconds."""

    limit: int
    used: int
    reset: int

    def headers(self) -> list[tuple[str, str]]:
        """How much is left (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/)."""
        return [
            ("RateLimit-Policy", f'"default";q={self.limit};w={_WINDOW}'),
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(max(0, self.limit - self.used))),
            ("RateLimit-Reset", str(self.reset)),
        ]

    @property
    def exceeded(self) -> bool:
        """Whether the call is one too many."""
        return self.used > self.limit


@dataclass(slots=True)
class _Tally:
    """What one key has used up in this minute: what Redis said when it was last told, and what came here since."""

    known: int = 0
    told_at: float = -math.inf
    untold: int = 0


_tallies: dict[str, _Tally] = {}
_tallied_window = 0
_lock = Lock()


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings().redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)


def keep_pace(caller: Principal, cost: int) -> None:
    """Count a call that was not counted already. Raises ``TooMany`` beyond ``CROSSDOCK_API_RATE_PER_MINUTE``."""
    environ = request.environ
    pace: Pace | None = environ[COUNTED] if COUNTED in environ else count(caller.actor, cost)
    if pace is None:
        return
    g.pace_headers = pace.headers()
    if pace.exceeded:
        raise TooMany(f"At most {pace.limit} calls a minute. Go on in {pace.reset} s.", retry_after=pace.reset)


def count(actor: str, cost: int) -> Pace | None:
    """Count a call of a key; None when nobody knows what it has used up."""
    limit = settings().api_rate_per_minute
    moment = time.time()
    window = int(moment // _WINDOW)
    used = _used(actor, window, cost, limit)
    return None if used is None else Pace(limit, used, int((window + 1) * _WINDOW - moment) + 1)


def _used(actor: str, window: int, cost: int, limit: int) -> int | None:
    """What a key has used up in this window, this call included; None when nobody knows."""
    global _tallied_window
    now = time.monotonic()
    with _lock:
        if window != _tallied_window:
            _tallies.clear()
            _tallied_window = window
        tally = _tallies.setdefault(actor, _Tally())
        tally.untold += cost
        count = tally.known + tally.untold
        few = tally.untold < limit // _AT_ONCE and now - tally.told_at < _TOLD_AFTER
        if few and count < limit * _NEARLY:
            return count
        cost, tally.untold, tally.told_at = tally.untold, 0, now
    known = _told(f"pace:{actor}:{window}", cost)
    if known is not None:
        tally.known = max(tally.known, known)
    return known


def _told(key: str, cost: int) -> int | None:
    global _broken_until
    if time.monotonic() < _broken_until:
        return None
    try:
        return int(_redis().eval(_COUNT, 1, key, str(cost), str(_WINDOW + 5)))
    except redis.RedisError as error:
        _broken_until = time.monotonic() + _PAUSE
        logger.warning("pace not counted", reason=type(error).__name__)
        return None
