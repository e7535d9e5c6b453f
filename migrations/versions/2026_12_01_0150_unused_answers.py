"""What stores did not take of decisions, and answers of suppliers that somebody put away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0259_unused_answers"
down_revision = "0258_units_at_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_decisions", sa.Column("store_refused", sa.Text(), nullable=True))
    op.add_column("order_decisions", sa.Column("store_refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("order_decisions", sa.Column("store_refusal", sa.Text(), nullable=True))
    op.add_column("channel_answers", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_channel_answers_unused",
            "channel_answers",
            ["supplier_id"],
            postgresql_where=sa.text("problem is not null and settled_at is null"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_channel_answers_unused", "channel_answers")
    op.drop_column("channel_answers", "settled_at")
    op.drop_column("order_decisions", "store_refusal")
    op.drop_column("order_decisions", "store_refused_at")
    op.drop_column("order_decisions", "store_refused")
