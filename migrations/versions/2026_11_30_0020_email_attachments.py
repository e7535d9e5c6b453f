"""Which files an e-mail is sent with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0111_email_attachments"
down_revision = "0163_exchanges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("emails", sa.Column("attached", sa.Text()))


def downgrade() -> None:
    op.drop_column("emails", "attached")
