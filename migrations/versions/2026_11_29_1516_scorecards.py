"""Suppliers' measures, scores and public cards, and the facts on lines that they need.

Of the answers given before, what was rejected is taken from how the lines stand now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import tenancy

revision = "0080_scorecards"
down_revision = "0068_catalog_orders"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_REASONS = (
    "'out_of_stock', 'discontinued', 'invalid_price', 'invalid_item', 'undeliverable_address', "
    "'invalid_shipping_method', 'other'"
)


def upgrade() -> None:
    op.add_column("purchase_order_lines", sa.Column("rejected", sa.Integer(), server_default="0", nullable=False))
    op.add_column("purchase_order_lines", sa.Column("unavailable", sa.Integer(), server_default="0", nullable=False))
    op.add_column("purchase_order_lines", sa.Column("backordered_at", _MOMENT))
    op.execute("alter table purchase_order_lines no force row level security")
    op.execute(
        "update purchase_order_lines set rejected = cancelled, "
        "unavailable = case when reason in ('out_of_stock', 'discontinued') then cancelled else 0 end "
        f"where cancelled > 0 and answer in ('rejected', 'accepted') and reason in ({_REASONS})"
    )
    op.execute("alter table purchase_order_lines force row level security")
    op.create_check_constraint(
        op.f("ck_purchase_order_lines_rejected_within"),
        "purchase_order_lines",
        "unavailable >= 0 and unavailable <= rejected and rejected <= cancelled",
    )
    op.create_index(
        "ix_purchase_orders_due", "purchase_orders", ["ship_by", "acknowledge_by"], postgresql_using="brin"
    )
    op.create_index("ix_shipments_measured", "shipments", ["created_at", "estimated_to"], postgresql_using="brin")
    op.add_column("suppliers", sa.Column("score", sa.Integer()))
    op.add_column("suppliers", sa.Column("score_warned_on", sa.Date()))
    # What was in it nobody had measured.
    op.execute("update suppliers set rating = null where rating is not null")
    op.create_table(
        "supplier_measures",
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("measure", sa.Text(), primary_key=True),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
    )
    op.create_index("ix_supplier_measures_day", "supplier_measures", ["day"])
    tenancy.own("supplier_measures", "supplier_id")
    op.create_table(
        "supplier_scores",
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("score", sa.Integer()),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("measures", JSONB(), nullable=False),
        sa.Column("spreads", JSONB(), nullable=False),
        sa.Column("computed_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_supplier_scores_day", "supplier_scores", ["day"])
    tenancy.own("supplier_scores", "supplier_id")
    op.create_table(
        "supplier_cards",
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("score", sa.Integer()),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("shares", JSONB(), nullable=False),
        sa.Column("spreads", JSONB(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("supplier_cards")
    op.drop_table("supplier_scores")
    op.drop_table("supplier_measures")
    op.drop_column("suppliers", "score_warned_on")
    op.drop_column("suppliers", "score")
    op.drop_index("ix_shipments_measured", "shipments")
    op.drop_index("ix_purchase_orders_due", "purchase_orders")
    op.drop_constraint(op.f("ck_purchase_order_lines_rejected_within"), "purchase_order_lines", type_="check")
    op.drop_column("purchase_order_lines", "backordered_at")
    op.drop_column("purchase_order_lines", "unavailable")
    op.drop_column("purchase_order_lines", "rejected")
