"""What an order's customer pays beside the prices of its lines: delivery and taxes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0270_beside_goods"
down_revision = "0262_supplier_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("beside_goods", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "beside_goods")
