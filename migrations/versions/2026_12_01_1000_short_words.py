"""Short words are learnt, too: all are learnt anew by the next run of the job that does."""

from __future__ import annotations

from alembic import op

revision = "0272_short_words"
down_revision = "0271_sends_when"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("truncate catalog_words")


def downgrade() -> None:
    pass
