"""Keys that take the place of others, and what owners were told of their ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_api_key_rotation"
down_revision = "0019_catalog_entries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("replaced_by", sa.Uuid()))
    op.add_column("api_keys", sa.Column("told_days", sa.Integer()))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_api_keys_expires_at",
            "api_keys",
            ["expires_at"],
            postgresql_where=sa.text("revoked_at is null"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_api_keys_expires_at", "api_keys")
    op.drop_column("api_keys", "told_days")
    op.drop_column("api_keys", "replaced_by")
