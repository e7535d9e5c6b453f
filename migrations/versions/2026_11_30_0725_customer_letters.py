"""Letters to shops' customers about returns: in whose name, about which order, and for which stores none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0198_customer_letters"
down_revision = "0195_nothing_goes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("emails", sa.Column("sender_name", sa.Text(), server_default="", nullable=False))
    op.add_column("emails", sa.Column("reply_to", sa.Text(), server_default="", nullable=False))
    op.add_column("emails", sa.Column("order_id", sa.Uuid()))
    op.add_column(
        "return_settings",
        sa.Column("silent_stores", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.create_index(
            "ix_emails_order_id",
            "emails",
            ["order_id"],
            postgresql_where=sa.text("order_id is not null"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index("ix_emails_order_id", "emails")
    op.drop_column("return_settings", "silent_stores")
    for column in ("order_id", "reply_to", "sender_name"):
        op.drop_column("emails", column)
