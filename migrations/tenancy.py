"""The SQL that puts a table under row-level security. Migrations call it; it never changes what it once made.

The policy's sub-select is planned once per statement instead of once per row, and ``nullif`` turns the empty
setting that remains after a transaction into "no organisation".
"""

from __future__ import annotations

from alembic import op

APP, JOB = "crossdock_app", "crossdock_job"
_ORGANISATION = "(select nullif(current_setting('app.organisation_id', true), '')::uuid)"


def own(table: str, column: str) -> None:
    """Rows of the organisation in ``column``."""
    _protect(table, f"{column} = {_ORGANISATION}")


def parties(table: str, shown_when: str | None = None) -> None:
    """Rows of a retailer and a supplier; the supplier's only where ``shown_when`` holds."""
    supplier = f"supplier_id = {_ORGANISATION}"
    if shown_when:
        supplier = f"({supplier} and {shown_when})"
    _protect(table, f"retailer_id = {_ORGANISATION} or {supplier}")


def system(table: str, *, insert: bool = False) -> None:
    """Rows that only jobs see; with ``insert`` anybody may add one."""
    op.execute(f"revoke all on {table} from {APP}")
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    if insert:
        op.execute(f"grant insert on {table} to {APP}")
        op.execute(f"create policy tenant on {table} for insert to {APP} with check (true)")
    op.execute(f"create policy job on {table} for all to {JOB} using (true) with check (true)")


def append_only(table: str) -> None:
    """Rows are written once: nobody may change or delete them."""
    op.execute(f"revoke update, delete on {table} from {APP}, {JOB}")
    op.execute(
        f"create trigger append_only before update or delete on {table} "
        "for each row execute function crossdock_append_only()"
    )


def _protect(table: str, condition: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy tenant on {table} for all to {APP} using ({condition}) with check ({condition})")
    op.execute(f"create policy job on {table} for all to {JOB} using (true) with check (true)")
