"""Suppliers' set-up step by step: papers, questions, terms of returns, test orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0015_onboarding"
down_revision = "0014_search_texts"
branch_labels = None
depends_on = None

_TEXTS = ("legal_name", "registration_reason", "tax_reason", "tax_key", "connection", "connection_note", "review_reason")


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _supplier(table: str) -> sa.Column:
    return sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey(f"{table}.id"), nullable=False)


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("supplier_applications", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("supplier_applications", sa.Column("address", postgresql.BYTEA()))
    op.add_column("supplier_applications", sa.Column("phone_hash", postgresql.BYTEA()))
    op.add_column("supplier_applications", _moment("sent_at", nullable=True))
    op.add_column("supplier_applications", sa.Column("review_due_on", sa.Date()))
    op.create_table(
        "supplier_documents",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _supplier("organisations"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date()),
        _moment("uploaded_at"),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        _moment("ended_at", nullable=True),
        sa.Column("reminded_days", sa.Integer()),
    )
    op.create_index("ix_supplier_documents_supplier_id", "supplier_documents", ["supplier_id"])
    op.create_index("ix_supplier_documents_expires_on", "supplier_documents", ["expires_on"])
    op.create_table(
        "supplier_questions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _supplier("organisations"),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        _moment("asked_at"),
        sa.Column("asked_by", sa.Text(), nullable=False),
        _moment("answered_at", nullable=True),
    )
    op.create_index("ix_supplier_questions_supplier_id", "supplier_questions", ["supplier_id"])
    op.create_table(
        "return_policies",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _supplier("suppliers"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("restocking_bps", sa.Integer(), nullable=False),
        sa.Column("payers", postgresql.JSONB(), nullable=False),
        sa.Column("address", postgresql.BYTEA(), nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("supplier_id", "version", name="uq_return_policies_supplier_id_version"),
    )
    op.create_table(
        "test_orders",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _supplier("organisations"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("parcels", postgresql.JSONB(), nullable=False),
        _moment("placed_at"),
        _moment("seen_at", nullable=True),
        sa.Column("seen_via", sa.Text()),
        _moment("answered_at", nullable=True),
        sa.Column("answered_via", sa.Text()),
        _moment("shipped_at", nullable=True),
        sa.Column("shipped_via", sa.Text()),
        _moment("passed_at", nullable=True),
        _moment("ended_at", nullable=True),
        sa.UniqueConstraint("supplier_id", "attempt", name="uq_test_orders_supplier_id_attempt"),
    )
    for table in ("supplier_documents", "supplier_questions", "test_orders"):
        tenancy.own(table, "supplier_id")


def downgrade() -> None:
    for table in ("test_orders", "return_policies", "supplier_questions", "supplier_documents"):
        op.drop_table(table)
    for name in (*_TEXTS, "address", "phone_hash", "sent_at", "review_due_on"):
        op.drop_column("supplier_applications", name)
