"""Wholesale prices by quantity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0060_price_tiers"
down_revision = "0032_number_checks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("supplier_variants", sa.Column("price_tiers", postgresql.JSONB(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("supplier_variants", "price_tiers")
