"""Several sources of a listing variant, retailers' routing rules, and the choices made by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0040_routing"
down_revision = "0065_notification_choices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppliers", sa.Column("order_fee", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("purchase_order_lines", sa.Column("component", sa.Integer(), server_default="0", nullable=False))
    op.add_column("purchase_order_lines", sa.Column("per_unit", sa.Integer(), server_default="1", nullable=False))
    op.add_column("purchase_orders", sa.Column("wave", sa.Integer(), server_default="0", nullable=False))
    # A large table takes its time; building beside its readers and writers needs a transaction of its own.
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        for name, table, columns in _INDEXES:
            op.create_index(name, table, columns, unique=True, postgresql_concurrently=True, if_not_exists=True)
        op.execute("set statement_timeout = 5000")
    for name, table, _ in _INDEXES:
        op.execute(f"alter table {table} add constraint {name} unique using index {name}")
    op.drop_constraint("uq_purchase_orders_order_id_supplier_id", "purchase_orders")
    op.create_table(
        "listing_sources",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("listing_variant_id", sa.Uuid(), nullable=False),
        sa.Column("component", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), sa.ForeignKey("supplier_variants.id"), nullable=False),
        sa.Column("per_unit", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("competes", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["retailer_id", "listing_variant_id"],
            ["listing_variants.retailer_id", "listing_variants.id"],
            name="fk_listing_sources_retailer_id_listing_variant_id",
        ),
        sa.UniqueConstraint(
            "listing_variant_id",
            "component",
            "variant_id",
            name="uq_listing_sources_listing_variant_id_component_variant_id",
        ),
        sa.CheckConstraint("per_unit > 0", name="ck_listing_sources_per_unit_positive"),
        sa.CheckConstraint("component >= 0", name="ck_listing_sources_component_not_negative"),
    )
    op.create_index("ix_listing_sources_variant_id", "listing_sources", ["variant_id"])
    op.create_table(
        "routing_rule_sets",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("same_articles", sa.Boolean(), nullable=False),
        sa.Column("restored", sa.Integer()),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("retailer_id", "version", name="uq_routing_rule_sets_retailer_id_version"),
    )
    op.create_table(
        "routing_decisions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("problem", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=False),
        sa.Column("routed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["retailer_id", "order_id"],
            ["orders.retailer_id", "orders.id"],
            name="fk_routing_decisions_retailer_id_order_id",
        ),
        sa.UniqueConstraint("order_id", "attempt", name="uq_routing_decisions_order_id_attempt"),
    )
    op.create_index("ix_routing_decisions_retailer_id_id", "routing_decisions", ["retailer_id", "id"])
    tenancy.own("listing_sources", "retailer_id")
    for table in ("routing_rule_sets", "routing_decisions"):
        tenancy.own(table, "retailer_id")
        tenancy.append_only(table)


_INDEXES = (
    ("uq_listing_variants_retailer_id_id", "listing_variants", ["retailer_id", "id"]),
    ("uq_purchase_orders_order_id_supplier_id_wave", "purchase_orders", ["order_id", "supplier_id", "wave"]),
)


def downgrade() -> None:
    for table in ("routing_decisions", "routing_rule_sets", "listing_sources"):
        op.drop_table(table)
    op.drop_constraint("uq_listing_variants_retailer_id_id", "listing_variants")
    op.create_unique_constraint(
        "uq_purchase_orders_order_id_supplier_id", "purchase_orders", ["order_id", "supplier_id"]
    )
    op.drop_constraint("uq_purchase_orders_order_id_supplier_id_wave", "purchase_orders")
    op.drop_column("purchase_orders", "wave")
    for column in ("per_unit", "component"):
        op.drop_column("purchase_order_lines", column)
    op.drop_column("suppliers", "order_fee")
