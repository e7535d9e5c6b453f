"""The database login that production may not use: one that row-level security does not bind."""

from __future__ import annotations

import psycopg2

from app import log
from app.config import settings
from launch.children import StartError

logger = log.get("launch")
_UNBOUND = "select rolsuper, rolbypassrls from pg_roles where rolname = session_user"


def refuse_privileged_login() -> None:
    """Raises ``StartError`` when production's login is a superuser or passes row-level security by. Elsewhere the
    embedded server's own user does. A database that is away is waited for later, by those who need it."""
    if settings().environment != "production":
        return
    try:
        connection = psycopg2.connect(settings().database_url, connect_timeout=3)
    except psycopg2.OperationalError:
        logger.warning("database away, its login was not looked at")
        return
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_UNBOUND)
            superuser, passes = cursor.fetchone() or (False, False)
    finally:
        connection.close()
    if superuser or passes:
        what = "is a superuser" if superuser else "has BYPASSRLS"
        raise StartError(
            f"DATABASE_URL: its user {what}, so PostgreSQL would not keep tenants apart. "
            "Use one that only owns the tables (docs/runbook.md, Setting up)."
        )
