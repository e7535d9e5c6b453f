"""The exceptions inbox: what is put aside for a while, and indexes of what can be stuck."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0160_exceptions"
down_revision = "0110_supplier_channels"
branch_labels = None
depends_on = None

_OPEN = "status in ('PENDING', 'CONFIRMED', 'PROCESSING', 'BACKORDERED', 'PARTIALLY_SHIPPED')"
#: Index → table, columns and which rows.
_INDEXES = {
    "ix_purchase_orders_open_supplier": ("purchase_orders", ["supplier_id", "ship_by"], _OPEN),
    "ix_purchase_orders_open_retailer": ("purchase_orders", ["retailer_id", "ship_by"], _OPEN),
    "ix_shipments_store_refused": (
        "shipments",
        ["retailer_id"],
        "store_error is not null and store_told_at is null",
    ),
    "ix_charges_sending": ("charges", ["retailer_id"], "state = 'SENDING'"),
    "ix_refunds_troubled": ("refunds", ["retailer_id"], "state in ('SENDING', 'FAILED')"),
}


def upgrade() -> None:
    op.create_table(
        "exception_snoozes",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("subject_id", sa.Uuid(), primary_key=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snoozed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(None, "exception_snoozes", ["until"])
    tenancy.own("exception_snoozes", "organisation_id")
    with op.get_context().autocommit_block():
        # Building takes longer than a statement may, where there are many orders.
        op.execute("set statement_timeout = 0")
        for name, (table, columns, where) in _INDEXES.items():
            op.execute(f"drop index concurrently if exists {name}")
            op.create_index(name, table, columns, postgresql_where=sa.text(where), postgresql_concurrently=True)
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    for name, (table, _columns, _where) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("exception_snoozes")
