"""Requests to change purchase orders go to suppliers' systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0185_change_messages"
down_revision = "0180_return_labels"
branch_labels = None
depends_on = None

_PARTIES = ("retailer_id", "supplier_id")


def upgrade() -> None:
    op.create_table(
        "change_messages",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(
            sa.Column(name, sa.Uuid(), nullable=False)
            for name in ("change_request_id", "purchase_order_id", *_PARTIES)
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("channel", "purpose", "cause", "state")),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("change_request_id", "cause"),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "change_request_id"],
            ["change_requests.retailer_id", "change_requests.supplier_id", "change_requests.id"],
        ),
    )
    op.create_index(None, "change_messages", ["purchase_order_id"])
    op.create_index(None, "change_messages", ["supplier_id", "sequence"])
    tenancy.parties("change_messages")


def downgrade() -> None:
    op.drop_table("change_messages")
