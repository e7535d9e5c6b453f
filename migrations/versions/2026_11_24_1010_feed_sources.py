"""Sources of files, what came of looking at them, and the mappings that people confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0009_sources"
down_revision = "0008_shipping"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("access", postgresql.BYTEA(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("marks", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name="fk_feed_sources_supplier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_feed_sources"),
        sa.UniqueConstraint("supplier_id", "id", name="uq_feed_sources_supplier_id_id"),
    )
    op.create_index(
        "ix_feed_sources_due", "feed_sources", ["next_run_at"], postgresql_where=sa.text("next_run_at is not null")
    )
    tenancy.own("feed_sources", "supplier_id")

    op.create_table(
        "feed_fetches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("sample", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id", "source_id"],
            ["feed_sources.supplier_id", "feed_sources.id"],
            name="fk_feed_fetches_supplier_id_source_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feed_fetches"),
    )
    op.create_index("ix_feed_fetches_source_id_id", "feed_fetches", ["source_id", "id"])
    op.create_index("ix_feed_fetches_at", "feed_fetches", ["at"])
    tenancy.own("feed_fetches", "supplier_id")

    op.create_table(
        "feed_mappings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id", "source_id"],
            ["feed_sources.supplier_id", "feed_sources.id"],
            name="fk_feed_mappings_supplier_id_source_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feed_mappings"),
        sa.UniqueConstraint(
            "supplier_id",
            "source_id",
            "version",
            name="uq_feed_mappings_supplier_id_source_id_version",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_feed_mappings_supplier_id_header", "feed_mappings", ["supplier_id", "header"])
    tenancy.own("feed_mappings", "supplier_id")
    tenancy.append_only("feed_mappings")

    op.add_column("feed_runs", sa.Column("source_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_feed_runs_source", "feed_runs", ["source_id", "id"], postgresql_where=sa.text("source_id is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_feed_runs_source", "feed_runs")
    op.drop_column("feed_runs", "source_id")
    op.drop_table("feed_mappings")
    op.drop_table("feed_fetches")
    op.drop_table("feed_sources")
