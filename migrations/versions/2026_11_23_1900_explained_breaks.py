"""A break of the books can be explained by a person, in words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reconciliation_breaks", sa.Column("explanation", sa.Text()))


def downgrade() -> None:
    op.drop_column("reconciliation_breaks", "explanation")
