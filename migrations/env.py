"""Runs migrations as the login user of DATABASE_URL, with the lock and statement limits of the house."""

from __future__ import annotations

import importlib
import pkgutil

from alembic import context
from sqlalchemy import create_engine, text

import app
from app.config import settings
from app.db import Base, psycopg2_url

for module in pkgutil.iter_modules(app.__path__):
    if module.ispkg and importlib.util.find_spec(f"app.{module.name}.models"):
        importlib.import_module(f"app.{module.name}.models")


def run() -> None:
    """Apply what is missing, each migration in its own transaction."""
    url = context.config.attributes.get("url") or settings().database_url
    engine = create_engine(
        psycopg2_url(url), connect_args={"options": "-c lock_timeout=4000 -c statement_timeout=5000"}
    )
    with engine.connect() as connection:
        # One migration run at a time; others wait and then find nothing to do.
        connection.execute(
            text("set statement_timeout = 0; select pg_advisory_lock(7241001); set statement_timeout = 5000")
        )
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
