"""Parcels that are announced, corrected, taken back and missed: what changes of them, what stores were told, what their
suppliers had earned by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import tenancy

revision = "0140_parcels_mended"
down_revision = "0111_email_attachments"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_PARTIES = ("retailer_id", "supplier_id")
_OLD_PARCEL = "uq_shipments_purchase_order_id_tracking_number_lines_fingerprint"


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    for column in (
        _text("package_ref", default=""),
        _id("replaces_id", nullable=True),
        sa.Column("expected_ship_on", sa.Date()),
        sa.Column("handed_over_at", _MOMENT),
        sa.Column("last_event_at", _MOMENT),
        _count("revision"),
        _count("units_revision"),
        sa.Column("voided_at", _MOMENT),
        _text("void_reason", nullable=True),
        sa.Column("carrier_from", sa.Date()),
        sa.Column("carrier_to", sa.Date()),
    ):
        op.add_column("shipments", column)
    op.alter_column("shipments", "shipped_at", nullable=True)
    op.create_foreign_key(None, "shipments", "shipments", ["replaces_id"], ["id"], postgresql_not_valid=True)
    op.execute("alter table shipments validate constraint fk_shipments_replaces_id")
    op.create_index(None, "shipments", ["replaces_id"], postgresql_where=sa.text("replaces_id is not null"))
    op.create_index(
        "uq_shipments_parcel",
        "shipments",
        ["purchase_order_id", "tracking_number", "lines_fingerprint"],
        unique=True,
        postgresql_where=sa.text("shipment_status <> 'voided'"),
    )
    op.drop_constraint(op.f(_OLD_PARCEL), "shipments", type_="unique")
    op.add_column(
        "purchase_orders", sa.Column("external_fulfillment_orders", JSONB(), server_default="{}", nullable=False)
    )
    op.create_table(
        "store_fulfillments",
        sa.Column("shipment_id", sa.Uuid(), primary_key=True),
        sa.Column("location_ref", sa.Text(), primary_key=True),
        *(_id(name) for name in _PARTIES),
        _text("fulfillment_order_ref"),
        _text("external_id", nullable=True),
        sa.Column("lines", JSONB(), nullable=False),
        _text("tried_number"),
        _text("told_number", nullable=True),
        _count("told_revision"),
        sa.Column("told_delivered_at", _MOMENT),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "shipment_id"], ["shipments.retailer_id", "shipments.supplier_id", "shipments.id"]
        ),
    )
    op.create_table(
        "shipment_exceptions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(_id(name) for name in (*_PARTIES, "order_id", "purchase_order_id")),
        sa.Column("shipment_id", sa.Uuid(), sa.ForeignKey("shipments.id")),
        _text("kind"),
        sa.Column("since", _MOMENT, nullable=False),
        _text("state"),
        _text("resolution", nullable=True),
        sa.Column("expected_on", sa.Date()),
        _text("claimed", nullable=True),
        sa.Column("answer_by", _MOMENT),
        _text("note", default=""),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("resolved_at", _MOMENT),
        _text("resolved_by", nullable=True),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        sa.UniqueConstraint("purchase_order_id", "shipment_id", "kind", "since", postgresql_nulls_not_distinct=True),
    )
    op.create_index(
        "ix_shipment_exceptions_open",
        "shipment_exceptions",
        ["retailer_id", "kind"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_shipment_exceptions_claimed",
        "shipment_exceptions",
        ["answer_by"],
        postgresql_where=sa.text("state = 'open' and answer_by is not null"),
    )
    for table in ("store_fulfillments", "shipment_exceptions"):
        tenancy.parties(table)
    op.add_column("earnings", _id("reverses_id", nullable=True))
    op.add_column("earnings", _count("units_revision"))
    op.create_foreign_key(None, "earnings", "earnings", ["reverses_id"], ["id"], postgresql_not_valid=True)
    op.execute("alter table earnings validate constraint fk_earnings_reverses_id")
    op.create_unique_constraint(None, "earnings", ["reverses_id"])
    op.create_index(
        "uq_earnings_shipment",
        "earnings",
        ["shipment_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'REVERSED'"),
    )
    op.create_index(None, "earnings", ["shipment_id"])
    op.drop_constraint("uq_earnings_shipment_id", "earnings", type_="unique")


def downgrade() -> None:
    op.create_unique_constraint("uq_earnings_shipment_id", "earnings", ["shipment_id"])
    op.drop_index("ix_earnings_shipment_id", "earnings")
    op.drop_index("uq_earnings_shipment", "earnings")
    op.drop_column("earnings", "units_revision")
    op.drop_column("earnings", "reverses_id")
    op.drop_table("shipment_exceptions")
    op.drop_table("store_fulfillments")
    op.drop_column("purchase_orders", "external_fulfillment_orders")
    op.create_unique_constraint(
        op.f(_OLD_PARCEL), "shipments", ["purchase_order_id", "tracking_number", "lines_fingerprint"]
    )
    op.drop_index("uq_shipments_parcel", "shipments")
    op.alter_column("shipments", "shipped_at", nullable=False)
    for name in (
        "carrier_to",
        "carrier_from",
        "void_reason",
        "voided_at",
        "units_revision",
        "revision",
        "last_event_at",
        "handed_over_at",
        "expected_ship_on",
        "replaces_id",
        "package_ref",
    ):
        op.drop_column("shipments", name)
