"""What load balancers and monitoring ask: is the process alive, can it serve, and how is the work going."""

from __future__ import annotations

import hmac
import ipaddress
import os
from datetime import datetime
from functools import cache
from pathlib import Path

import redis
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest, multiprocess
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from sqlalchemy import func, select, text

from app import db
from app.config import settings
from app.inbox.models import InboxMessage
from app.inventory.queries import oversold_levels
from app.kit import clock
from app.listings.queries import sync_lag_by_platform
from app.outbox import queries as outbox
from app.web.errors import problem

bp = Blueprint("health", __name__)

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


@bp.get("/livez")
def alive() -> Response:
    """200 while the process answers at all; touches nothing else."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@bp.get("/healthz")
@bp.get("/readyz")
def ready() -> Response:
    """200 when requests can be served: the database answers and its tables are those of this code.

    A missing Redis is told but does not stop traffic: hooks and orders are kept in PostgreSQL and worked on when
    it is back.
    """
    try:
        with db.engine().connect() as connection:
            revision = connection.scalar(text("select version_num from alembic_version"))
    except db.DATABASE_TROUBLE:
        return problem(503, "unavailable", "Not ready", "The database does not answer.")
    if revision != _newest_revision():
        return problem(503, "unavailable", "Not ready", "The database's tables are not those of this version.")
    body = "ok\n" if _redis_answers() else "ok, but Redis does not answer: background work waits\n"
    return Response(body, content_type="text/plain; charset=utf-8")


@bp.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format. Answered to loopback, or to whoever knows ``CROSSDOCK_METRICS_TOKEN``."""
    if not _may_read_metrics():
        return problem(404, "not_found", "Not found", "There is nothing here.")
    shared = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        process = shared
    else:
        process = PROCESS_REGISTRY
    return Response(generate_latest(process) + generate_latest(_figures()), content_type=CONTENT_TYPE_LATEST)


def _figures() -> CollectorRegistry:
    """The state of the work, read from the database at this moment."""
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"crossdock_{name}", meaning, labels, registry=registry)

    waiting = gauge("queue_waiting", "Tasks that wait.", "queue")
    running = gauge("queue_running", "Tasks in work.", "queue")
    dead = gauge("queue_dead", "Tasks that need a person.", "queue")
    age = gauge("queue_age_seconds", "How long the oldest due task has waited.", "queue")
    with db.system_scope(actor="metrics"), db.transaction() as session:
        for figures in outbox.queue_figures(session):
            waiting.labels(figures.queue).set(figures.waiting)
            running.labels(figures.queue).set(figures.running)
            dead.labels(figures.queue).set(figures.dead)
            age.labels(figures.queue).set(_seconds_since(figures.oldest_due))
        count, oldest = outbox.open_events(session)
        gauge("outbox_open", "Facts not yet told.").set(count)
        gauge("outbox_lag_seconds", "Age of the oldest fact not yet told.").set(_seconds_since(oldest))
        received = session.scalar(select(func.min(InboxMessage.received_at)).where(InboxMessage.state.in_((0, 1))))
        gauge("inbox_lag_seconds", "Age of the oldest hook not yet handled.").set(_seconds_since(received))
        lag = gauge("sync_lag_seconds", "Age of the oldest change a store has not confirmed.", "platform")
        for platform, since in sync_lag_by_platform(session):
            lag.labels(platform).set(_seconds_since(since))
        gauge("oversold_levels", "Stock levels with more reserved than there is.").set(oversold_levels(session))
    return registry


def _seconds_since(moment: datetime | None) -> float:
    return max(0.0, (clock.now() - moment).total_seconds()) if moment else 0.0


def _may_read_metrics() -> bool:
    token = settings().metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token is not None:
        return hmac.compare_digest(sent.encode(), token.get_secret_value().encode())
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _redis_answers() -> bool:
    client = redis.Redis.from_url(settings().redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@cache
def _newest_revision() -> str | None:
    configuration = AlembicConfig()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    return ScriptDirectory.from_config(configuration).get_current_head()
