"""Stores lead their customers to their order's tracking page, unless the retailer wants the carrier's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0246_tracking_link"
down_revision = "0245_odd_units_asked_for"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stores", sa.Column("links_tracking_page", sa.Boolean(), server_default="true", nullable=False))


def downgrade() -> None:
    op.drop_column("stores", "links_tracking_page")
