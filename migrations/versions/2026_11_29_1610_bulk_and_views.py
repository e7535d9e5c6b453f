"""Bulk actions with their rows' results, and people's views of lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import tenancy

revision = "0161_bulk_and_views"
down_revision = "0150_change_requests"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _count(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def upgrade() -> None:
    op.create_table(
        "bulk_actions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("organisation_id"),
        _text("actor"),
        _text("action"),
        sa.Column("given", JSONB(), nullable=False),
        _count("total"),
        _count("seen", "0"),
        _count("refused", "0"),
        _id("undoes", nullable=True),
        _text("file_key", nullable=True),
        _text("file_name", nullable=True),
        _moment("created_at"),
        _moment("finished_at", nullable=True),
        sa.UniqueConstraint("organisation_id", "id"),
    )
    op.create_index(None, "bulk_actions", ["organisation_id", "created_at"])
    op.create_index(None, "bulk_actions", ["created_at"])
    op.create_index(
        "ix_bulk_actions_files", "bulk_actions", ["finished_at"], postgresql_where=sa.text("file_key is not null")
    )
    op.create_table(
        "bulk_rows",
        sa.Column("bulk_action_id", sa.Uuid(), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        _id("organisation_id"),
        _id("subject_id", nullable=True),
        _text("name"),
        sa.Column("given", JSONB(), nullable=False),
        _text("outcome", nullable=True),
        _text("problem"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "bulk_action_id"],
            ["bulk_actions.organisation_id", "bulk_actions.id"],
            ondelete="cascade",
        ),
    )
    op.create_index(
        None, "bulk_rows", ["bulk_action_id", "position"], postgresql_where=sa.text("outcome is null")
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("organisation_id"),
        *(_text(name) for name in ("actor", "list", "name")),
        sa.Column("query", JSONB(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("organisation_id", "actor", "list", "name"),
    )
    op.create_index(
        "uq_saved_views_default",
        "saved_views",
        ["organisation_id", "actor", "list"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    for table in ("bulk_actions", "bulk_rows", "saved_views"):
        tenancy.own(table, "organisation_id")


def downgrade() -> None:
    for table in ("saved_views", "bulk_rows", "bulk_actions"):
        op.drop_table(table)
