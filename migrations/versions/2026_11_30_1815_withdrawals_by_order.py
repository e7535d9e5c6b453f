"""What suppliers withdrew of an order is found by the order: who takes units away looks for it first. Only these events
are in the index, so that writing the others costs no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0243_withdrawals_by_order"
down_revision = "0242_answers_marked"
branch_labels = None
depends_on = None

_NAME = "ix_outbox_events_withdrawn"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.create_index(
            _NAME,
            "outbox_events",
            [sa.text("(payload ->> 'order_id')")],
            postgresql_where=sa.text("topic = 'purchasing.lines_withdrawn'"),
            postgresql_concurrently=True,
        )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index(_NAME, "outbox_events")
