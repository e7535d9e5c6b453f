"""The baseline of ``http_browse_2m`` and ``http_search_2m``: a bare Flask route that sends the same SQL by psycopg2 and
answers with its rows; no keys, no limits, nothing kept.

``BENCH_STATEMENTS`` names a file with what each question sends.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import orjson
import psycopg2.extras
import psycopg2.pool
from flask import Flask, Response, request

application = Flask(__name__)
psycopg2.extras.register_uuid()
_pool = psycopg2.pool.ThreadedConnectionPool(1, 10, os.environ["DATABASE_URL"])
_statements = pickle.loads(Path(os.environ["BENCH_STATEMENTS"]).read_bytes())  # noqa: S301 - our own file


@application.get("/")
def answer() -> Response:
    """The rows of question ``n``."""
    connection = _pool.getconn()
    rows = []
    try:
        with connection, connection.cursor() as cursor:
            for statement, parameters in _statements[int(request.args["n"])]:
                cursor.execute(statement, parameters or None)
                if cursor.description:
                    rows.append(cursor.fetchall())
    finally:
        _pool.putconn(connection)
    return Response(orjson.dumps(rows, default=str), content_type="application/json")


@application.get("/livez")
def alive() -> str:
    """Ready."""
    return "ok"
