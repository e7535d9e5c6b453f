"""Let the application read which version of the tables it stands on (readiness)."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant select on alembic_version to crossdock_app, crossdock_job")


def downgrade() -> None:
    op.execute("revoke select on alembic_version from crossdock_app, crossdock_job")
