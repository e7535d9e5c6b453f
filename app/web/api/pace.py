"""How fast a key may call: a count per minute in Redis, one round trip a call.

With Redis gone calls pass: the limit protects the service from haste, not its data.
"""

from __future__ import annotations

import time
from functools import cache

import redis
from flask import g

from app import log
from app.config import settings
from app.identity.principal import Principal
from app.kit.errors import TooMany

_WINDOW = 60
#: After Redis failed it is left alone for so many seconds.
_PAUSE = 5.0
_COUNT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return count
"""

logger = log.get("web.api")
_broken_until = 0.0


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings().redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)


def keep_pace(caller: Principal, cost: int) -> None:
    """Count a call. Raises ``TooMany`` beyond ``CROSSDOCK_API_RATE_PER_MINUTE``."""
    limit = settings().api_rate_per_minute
    moment = time.time()
    window = int(moment // _WINDOW)
    reset = int((window + 1) * _WINDOW - moment) + 1
    count = _counted(f"pace:{caller.actor}:{window}", cost)
    if count is None:
        return
    g.pace_headers = {
        "RateLimit-Policy": f'"default";q={limit};w={_WINDOW}',
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(max(0, limit - count)),
        "RateLimit-Reset": str(reset),
    }
    if count > limit:
        raise TooMany(f"At most {limit} calls a minute. Go on in {reset} s.", retry_after=reset)


def _counted(key: str, cost: int) -> int | None:
    global _broken_until
    if time.monotonic() < _broken_until:
        return None
    try:
        return int(_redis().eval(_COUNT, 1, key, str(cost), str(_WINDOW + 5)))
    except redis.RedisError as error:
        _broken_until = time.monotonic() + _PAUSE
        logger.warning("pace not counted", reason=type(error).__name__)
        return None
