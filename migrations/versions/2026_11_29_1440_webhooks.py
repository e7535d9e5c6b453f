"""Webhooks: each organisation's stream of events, the endpoints they are sent to, and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0064_webhooks"
down_revision = "0041_safety_stock"
branch_labels = None
depends_on = None

_ORGANISATION = "organisations.id"


def upgrade() -> None:
    op.create_table(
        "webhook_streams",
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey(_ORGANISATION), primary_key=True),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey(_ORGANISATION), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("organisation_id", "id", name="uq_webhook_events_organisation_id_id"),
        sa.UniqueConstraint("organisation_id", "position", name="uq_webhook_events_organisation_id_position"),
    )
    op.create_index("ix_webhook_events_created_at", "webhook_events", ["created_at"])
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey(_ORGANISATION), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("events", postgresql.JSONB(), nullable=False),
        sa.Column("secret", postgresql.BYTEA()),
        sa.Column("previous_secret", postgresql.BYTEA()),
        sa.Column("previous_until", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("organisation_id", "id", name="uq_webhook_endpoints_organisation_id_id"),
    )
    op.create_index(
        "ix_webhook_endpoints_open",
        "webhook_endpoints",
        ["organisation_id"],
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("latency_ms", sa.Integer()),
        sa.Column("response", postgresql.BYTEA()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_webhook_deliveries_endpoint_id_event_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "endpoint_id"],
            ["webhook_endpoints.organisation_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries_organisation_id_endpoint_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "event_id"],
            ["webhook_events.organisation_id", "webhook_events.id"],
            name="fk_webhook_deliveries_organisation_id_event_id",
            ondelete="cascade",
        ),
    )
    waiting = sa.text("state = 'WAITING'")
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["next_attempt_at"], postgresql_where=waiting
    )
    op.create_index(
        "ix_webhook_deliveries_order",
        "webhook_deliveries",
        ["endpoint_id", "subject", "position"],
        postgresql_where=waiting,
    )
    op.create_index("ix_webhook_deliveries_endpoint_id_position", "webhook_deliveries", ["endpoint_id", "position"])
    op.create_index("ix_webhook_deliveries_organisation_id_event_id", "webhook_deliveries", ["organisation_id", "event_id"])
    op.create_index(
        "ix_webhook_deliveries_delivered",
        "webhook_deliveries",
        ["created_at"],
        postgresql_where=sa.text("state = 'DELIVERED'"),
    )
    for table in ("webhook_streams", "webhook_events", "webhook_endpoints", "webhook_deliveries"):
        tenancy.own(table, "organisation_id")


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhook_endpoints", "webhook_events", "webhook_streams"):
        op.drop_table(table)
