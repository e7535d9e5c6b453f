"""What suppliers rejected is found by their purchase orders; nobody looks for withdrawals in the outbox any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0244_withdrawals_not_looked_up"
down_revision = "0243_withdrawals_by_order"
branch_labels = None
depends_on = None

_NAME = "ix_outbox_events_withdrawn"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.create_index(
        _NAME,
        "outbox_events",
        [sa.text("(payload ->> 'order_id')")],
        postgresql_where=sa.text("topic = 'purchasing.lines_withdrawn'"),
    )
