"""Seals name their events, instead of a window of transaction ids, which mean nothing in another cluster.

Seals that are there keep their events and roots; the chain's hashes are made anew, since they no longer cover
the window.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from migrations import tenancy

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_GENESIS = hashlib.sha256(b"crossdock audit").digest()


def upgrade() -> None:
    op.create_table("audit_waiting", sa.Column("event_id", sa.Uuid(), nullable=False, primary_key=True))
    tenancy.system("audit_waiting", insert=True)
    op.add_column("audit_seals", sa.Column("events", BYTEA()))
    op.add_column("audit_seals", sa.Column("leaves", BYTEA()))
    _look_past_the_policies(True)
    _name_the_events()
    op.execute(
        "insert into audit_waiting select id from audit_events e where not exists (select from audit_seals s "
        "where s.organisation_id = e.organisation_id "
        "and e.xid >= s.from_xid::text::xid8 and e.xid < s.to_xid::text::xid8)"
    )
    _look_past_the_policies(False)
    op.alter_column("audit_seals", "events", nullable=False)
    op.alter_column("audit_seals", "leaves", nullable=False)
    op.drop_column("audit_seals", "from_xid")
    op.drop_column("audit_seals", "to_xid")
    # The indexes go with their columns.
    op.drop_column("audit_events", "xid")
    op.drop_column("audit_events", "seq")
    op.create_index("ix_audit_events_organisation_id_id", "audit_events", ["organisation_id", "id"])


def _look_past_the_policies(on: bool) -> None:
    """The owner sees all rows and may change the seals, whether it is a superuser or not."""
    for table in ("audit_events", "audit_seals"):
        op.execute(f"alter table {table} {'no force' if on else 'force'} row level security")
    op.execute(f"alter table audit_seals {'disable' if on else 'enable'} trigger append_only")


def _name_the_events() -> None:
    connection = op.get_bind()
    seals = connection.exec_driver_sql(
        "select organisation_id, n, from_xid, to_xid, rows, root from audit_seals order by organisation_id, n"
    ).all()
    last: dict[object, bytes] = {}
    for organisation, n, start, end, rows, root in seals:
        events = connection.exec_driver_sql(
            "select id, leaf from audit_events where organisation_id = %s "
            "and xid >= %s::text::xid8 and xid < %s::text::xid8 order by xid, seq",
            (organisation, start, end),
        ).all()
        previous = last.get(organisation, _GENESIS)
        last[organisation] = hashlib.sha256(previous + f"{n}|{rows}".encode() + bytes(root)).digest()
        connection.exec_driver_sql(
            "update audit_seals set events = %s, leaves = %s, previous = %s, hash = %s "
            "where organisation_id = %s and n = %s",
            (
                b"".join(event_id.bytes for event_id, _ in events),
                b"".join(bytes(leaf) for _, leaf in events),
                previous,
                last[organisation],
                organisation,
                n,
            ),
        )


def downgrade() -> None:
    # Windows of transaction ids can't be found again: everything is sealed anew, as one window.
    op.execute("alter table audit_seals disable trigger append_only")
    op.execute("truncate audit_seals")
    op.execute("alter table audit_seals enable trigger append_only")
    op.drop_column("audit_seals", "leaves")
    op.drop_column("audit_seals", "events")
    op.add_column("audit_seals", sa.Column("from_xid", sa.BigInteger(), nullable=False))
    op.add_column("audit_seals", sa.Column("to_xid", sa.BigInteger(), nullable=False))
    op.drop_index("ix_audit_events_organisation_id_id", table_name="audit_events")
    op.execute("alter table audit_events add column xid xid8 not null default pg_current_xact_id()")
    op.execute("alter table audit_events add column seq bigint not null generated always as identity")
    op.execute("create index ix_audit_events_organisation_id_xid_seq on audit_events (organisation_id, xid, seq)")
    op.execute("create index ix_audit_events_xid on audit_events (xid)")
    op.execute("grant usage on all sequences in schema public to crossdock_app, crossdock_job")
    op.drop_table("audit_waiting")
