"""Requests to change what a supplier has accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0150_change_requests"
down_revision = "0100_supplier_orders"
branch_labels = None
depends_on = None

_PARTIES = ("retailer_id", "supplier_id")


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "change_requests",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(_id(name) for name in ("order_id", "purchase_order_id", *_PARTIES)),
        *(_text(name) for name in ("kind", "state", "origin", "asked_by", "note")),
        _text("external_ref", nullable=True),
        sa.Column("ship_to", sa.LargeBinary(), nullable=True),
        _text("ship_to_country"),
        *(_moment(name) for name in ("asked_at", "remind_at", "due_at")),
        _moment("reminded_at", nullable=True),
        _text("refusal", nullable=True),
        _text("answer"),
        _moment("answered_at", nullable=True),
        _text("answered_by", nullable=True),
        sa.UniqueConstraint(*_PARTIES, "id"),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
    )
    waiting = sa.text("state = 'OPEN'")
    op.create_index(
        "uq_change_requests_open",
        "change_requests",
        ["purchase_order_id", "kind"],
        unique=True,
        postgresql_where=waiting,
    )
    op.create_index("ix_change_requests_due", "change_requests", ["due_at"], postgresql_where=waiting)
    op.create_index(None, "change_requests", ["order_id"])
    op.create_index(None, "change_requests", ["retailer_id", "id"])
    op.create_index(None, "change_requests", ["supplier_id", "id"])
    op.create_table(
        "change_request_lines",
        sa.Column("change_request_id", sa.Uuid(), primary_key=True),
        sa.Column(
            "purchase_order_line_id", sa.Uuid(), sa.ForeignKey("purchase_order_lines.id"), primary_key=True
        ),
        *(_id(name) for name in _PARTIES),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "change_request_id"],
            ["change_requests.retailer_id", "change_requests.supplier_id", "change_requests.id"],
        ),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("granted >= 0 and lost >= 0 and granted + lost <= quantity", name="counts_within"),
    )
    for table in ("change_requests", "change_request_lines"):
        tenancy.parties(table)


def downgrade() -> None:
    op.drop_table("change_request_lines")
    op.drop_table("change_requests")
