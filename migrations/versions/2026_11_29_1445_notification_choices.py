"""What people choose to be told of and how, who has read which notice, and letters that wait for the daily one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0065_notification_choices"
down_revision = "0064_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("emails", sa.Column("link", sa.Text()))
    op.add_column("emails", sa.Column("user_id", sa.Uuid()))
    op.create_index(
        "ix_emails_daily", "emails", ["user_id", "organisation_id"], postgresql_where=sa.text("state = 'daily'")
    )
    op.create_unique_constraint("uq_notices_organisation_id_id", "notices", ["organisation_id", "id"])
    op.create_table(
        "notice_reads",
        sa.Column("notice_id", sa.Uuid(), primary_key=True),
        sa.Column("reader", sa.Text(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "notice_id"],
            ["notices.organisation_id", "notices.id"],
            name="fk_notice_reads_organisation_id_notice_id",
            ondelete="cascade",
        ),
    )
    op.create_index("ix_notice_reads_organisation_id_notice_id", "notice_reads", ["organisation_id", "notice_id"])
    op.create_table(
        "notification_choices",
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("in_app", sa.Boolean(), nullable=False),
    )
    for table in ("notice_reads", "notification_choices"):
        tenancy.own(table, "organisation_id")


def downgrade() -> None:
    op.drop_table("notification_choices")
    op.drop_table("notice_reads")
    op.drop_constraint("uq_notices_organisation_id_id", "notices")
    op.drop_index("ix_emails_daily", "emails")
    op.drop_column("emails", "user_id")
    op.drop_column("emails", "link")
