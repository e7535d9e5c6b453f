"""A worker process: an RQ worker on one queue, in-process, with JSON on the wire."""

from __future__ import annotations

import gc
import os
import time

import redis
from redis.client import Pipeline
from rq import Queue as RedisQueue
from rq import SimpleWorker
from rq.job import Job as RedisJob
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from sqlalchemy.orm import configure_mappers

from app import db, log
from app.adapters import registries
from workers.job import Queue
from workers.registry import jobs

#: How often a worker tells Redis that it is there. Its entry there lasts minutes.
_HEARTBEAT_SECONDS = 15.0

logger = log.get("workers.worker")


class PlainWorker(SimpleWorker):
    """RQ's in-process worker, without RQ's bookkeeping of each job, which costs more than many a task: the tasks'
    rows say what was done. It looks for a lost Redis every second instead of backing off to a minute."""

    max_connection_wait_time = 1.0
    _next_heartbeat = 0.0

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Tell Redis that this worker is there; without a ``timeout`` only now and then."""
        if timeout is None and time.monotonic() < self._next_heartbeat:
            return
        super().heartbeat(timeout, pipeline=pipeline)
        self._next_heartbeat = time.monotonic() + _HEARTBEAT_SECONDS

    def execute_job(self, job: RedisJob, queue: RedisQueue) -> None:
        """Forget the entry, then run what it names. One that is lost here is sent again by the relay's sweep."""
        timeout = int(job.timeout or queue.DEFAULT_TIMEOUT)
        with self.connection.pipeline(transaction=False) as pipeline:
            # A worker that is busy ends after the work in hand.
            self.set_state(WorkerStatus.BUSY, pipeline=pipeline)
            if timeout > self.worker_ttl:
                self.heartbeat(timeout + 60, pipeline=pipeline)
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            pipeline.delete(job.key)
            pipeline.execute()
        try:
            # Each of its tasks is cut off by itself.
            job.perform()
        except Exception:
            # The tasks' leases run out, and the sweep puts them back.
            logger.exception("entry failed", function=job.func_name)
        self.set_state(WorkerStatus.IDLE)


def connect(url: str) -> redis.Redis:
    """A client with bounded waits (connect 0.5 s; reads are bounded by RQ's own blocking pop)."""
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, health_check_interval=15)


#: Where the machine is short of time, work gives way to what an order needs to reach its suppliers: reading hooks,
#: placing, charging. Letters and the stores' throttled calls follow when there is time again.
_NICENESS: dict[Queue, int] = {"stores": 10, "letters": 15, "webhooks": 15, "bulk": 19}


def calm_collector() -> None:
    """Have Python look for cycles of dead objects less often, and never among what is loaded by now: a file's job holds
    hundreds of thousands of cells that are in no cycle, and spent a fifth of its time on looking through them."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


def make_ready() -> None:
    """Load what jobs need, so that no task waits for it."""
    jobs()
    configure_mappers()
    registries.feeds.all()
    calm_collector()
    db.engine()


def run_for_ever(queue: Queue, redis_url: str) -> None:
    """Work on one queue until told to stop (SIGTERM: after the job in hand)."""
    os.nice(_NICENESS.get(queue, 0))
    make_ready()
    # One queue per worker: with several, RQ pops without a trace and loses what it holds when killed.
    worker = PlainWorker([queue], connection=connect(redis_url), serializer=JSONSerializer)
    worker.work(logging_level="WARNING")
