"""The baseline of ``webhook_accept``: a bare Flask route with one INSERT."""

from __future__ import annotations

import os

import psycopg2.pool
from flask import Flask, request

application = Flask(__name__)
_pool = psycopg2.pool.ThreadedConnectionPool(1, 10, os.environ["DATABASE_URL"])

with _pool.getconn() as _connection:
    with _connection.cursor() as _cursor:
        _cursor.execute("select pg_advisory_xact_lock(1)")
        _cursor.execute("create table if not exists bare_hooks (id bigserial primary key, body bytea not null)")
    _connection.commit()
    _pool.putconn(_connection)


@application.post("/")
def take() -> str:
    """Keep the body."""
    connection = _pool.getconn()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("insert into bare_hooks (body) values (%s)", (request.get_data(),))
    finally:
        _pool.putconn(connection)
    return "ok"


@application.get("/livez")
def alive() -> str:
    """Ready."""
    return "ok"
