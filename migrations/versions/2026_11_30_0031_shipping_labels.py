"""Suppliers' accounts at gateways that sell postage, their boxes, and the labels that they bought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from migrations import tenancy

revision = "0141_shipping_labels"
down_revision = "0140_parcels_mended"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _supplier(*, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        "supplier_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=primary_key, nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "label_accounts",
        _supplier(primary_key=True),
        _text("gateway"),
        sa.Column("api_key", BYTEA(), nullable=False),
        sa.Column("hook_secret", BYTEA()),
        _text("form", default="PDF"),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "package_sizes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _supplier(),
        _text("name"),
        *(_count(name) for name in ("length_mm", "width_mm", "height_mm", "grams")),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("supplier_id", "name"),
        sa.CheckConstraint(
            "length_mm > 0 and width_mm > 0 and height_mm > 0 and grams >= 0", name="sizes_positive"
        ),
    )
    op.create_table(
        "shipping_labels",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _supplier(),
        sa.Column("purchase_order_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid()),
        *(_text(name) for name in ("gateway", "state", "gateway_ref")),
        sa.Column("offers", JSONB(), nullable=False),
        _text("offer_ref", nullable=True),
        sa.Column("lines", JSONB(), nullable=False),
        _count("grams"),
        _text("carrier", nullable=True),
        _text("service", nullable=True),
        sa.Column("amount", sa.BigInteger()),
        *(_text(name, nullable=True) for name in ("currency", "tracking_number", "tracking_url")),
        sa.Column("content", BYTEA()),
        *(_text(name, nullable=True) for name in ("media_type", "refund_state", "failure")),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_index(None, "shipping_labels", ["purchase_order_id"])
    op.create_index(None, "shipping_labels", ["supplier_id", "tracking_number"])
    op.create_index(
        "ix_shipping_labels_unsure",
        "shipping_labels",
        ["updated_at"],
        postgresql_where=sa.text("state in ('BUYING', 'VOIDING')"),
    )
    for table in ("label_accounts", "package_sizes", "shipping_labels"):
        tenancy.own(table, "supplier_id")


def downgrade() -> None:
    for table in ("shipping_labels", "package_sizes", "label_accounts"):
        op.drop_table(table)
