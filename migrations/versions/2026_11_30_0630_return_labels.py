"""Labels with which goods come back, and where their parcels are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from migrations import tenancy

revision = "0180_return_labels"
down_revision = "0175_category_orders"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "return_labels",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("buyer_id", sa.Uuid(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid()),
        *(_text(name) for name in ("gateway", "state", "gateway_ref")),
        sa.Column("offers", JSONB(), nullable=False),
        _text("offer_ref", nullable=True),
        sa.Column("grams", sa.Integer(), nullable=False),
        _text("carrier", nullable=True),
        _text("service", nullable=True),
        sa.Column("amount", sa.BigInteger()),
        *(_text(name, nullable=True) for name in ("currency", "tracking_number", "tracking_url")),
        *(_text(name, nullable=True) for name in ("refund_state", "failure")),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_index(None, "return_labels", ["return_id"])
    op.create_index(None, "return_labels", ["buyer_id", "tracking_number"])
    op.create_index(
        "ix_return_labels_unsure",
        "return_labels",
        ["updated_at"],
        postgresql_where=sa.text("state in ('BUYING', 'VOIDING')"),
    )
    tenancy.own("return_labels", "buyer_id")
    op.add_column("return_files", sa.Column("content", BYTEA()))
    op.add_column("returns", sa.Column("tracking_url", sa.Text()))
    op.add_column("returns", sa.Column("delivery_status", sa.Text(), server_default="unknown", nullable=False))
    op.add_column("returns", sa.Column("delivered_at", _MOMENT))
    op.add_column("returns", sa.Column("next_poll_at", _MOMENT))
    op.create_index(
        "ix_returns_next_poll_at",
        "returns",
        ["next_poll_at"],
        postgresql_where=sa.text("next_poll_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_returns_next_poll_at", "returns")
    for column in ("next_poll_at", "delivered_at", "delivery_status", "tracking_url"):
        op.drop_column("returns", column)
    op.drop_column("return_files", "content")
    op.drop_table("return_labels")
