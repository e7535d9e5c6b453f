"""A worker process: an RQ worker on one queue, in-process, with JSON on the wire."""

from __future__ import annotations

import os

import redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app import db
from workers.job import Queue
from workers.registry import jobs


class PlainWorker(SimpleWorker):
    """RQ's in-process worker, which looks for a lost Redis every second instead of backing off to a minute."""

    max_connection_wait_time = 1.0


def connect(url: str) -> redis.Redis:
    """A client with bounded waits (connect 0.5 s; reads are bounded by RQ's own blocking pop)."""
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, health_check_interval=15)


#: Work that nobody waits for gives way to the rest where the machine is short of time.
_NICENESS: dict[Queue, int] = {"letters": 5, "bulk": 10}


def run_for_ever(queue: Queue, redis_url: str) -> None:
    """Work on one queue until told to stop (SIGTERM: after the job in hand)."""
    os.nice(_NICENESS.get(queue, 0))
    jobs()
    db.engine()
    # One queue per worker: with several, RQ pops without a trace and loses what it holds when killed.
    worker = PlainWorker([queue], connection=connect(redis_url), serializer=JSONSerializer)
    worker.work(logging_level="WARNING")
