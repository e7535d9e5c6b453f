"""What becomes of units that do not come as ordered: retailers' rules and decisions, reminders, and the money that
follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0130_decisions"
down_revision = "0091_fewer_entries_of_rows"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _count(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def _minor(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, server_default=default)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def upgrade() -> None:
    op.add_column("purchase_orders", _id("rerouting_id", nullable=True))
    op.add_column("purchase_orders", _moment("remind_at", nullable=True))
    op.add_column("purchase_orders", _count("reminders", "0"))
    op.create_index(
        "ix_purchase_orders_unanswered", "purchase_orders", ["remind_at"], postgresql_where=sa.text("remind_at is not null")
    )
    op.create_index(
        None, "purchase_orders", ["rerouting_id"], postgresql_where=sa.text("rerouting_id is not null")
    )
    # What nobody has answered yet is followed up from now on.
    op.execute(
        "update purchase_orders set remind_at = acknowledge_by "
        "where status = 'PENDING' and released_at is not null and acknowledged_at is null"
    )
    op.add_column("purchase_order_lines", _minor("asked_price", nullable=True))
    op.add_column("purchase_order_lines", _count("rerouted", "0"))
    op.create_check_constraint(
        "rerouted_within", "purchase_order_lines", "rerouted >= 0 and rerouted <= cancelled", postgresql_not_valid=True
    )
    op.execute("alter table purchase_order_lines validate constraint ck_purchase_order_lines_rerouted_within")
    op.create_table(
        "answer_rules",
        sa.Column("retailer_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=True),
        _count("price_tolerance_bps"),
        _minor("price_tolerance_amount"),
        _text("price_default"),
        _flag("reroute_rejected"),
        _flag("reroute_silent"),
        _count("decide_within_hours"),
        _text("decision_default"),
        *(_count(name) for name in ("wait_days", "reminders", "remind_hours")),
        _moment("updated_at"),
    )
    tenancy.own("answer_rules", "retailer_id")
    op.create_table(
        "order_decisions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(_id(name) for name in ("retailer_id", "order_id", "order_line_id", "purchase_order_id")),
        sa.Column("purchase_order_line_id", sa.Uuid(), sa.ForeignKey("purchase_order_lines.id"), nullable=False),
        _id("supplier_id"),
        *(_count(name) for name in ("component", "per_unit")),
        *(_text(name) for name in ("kind", "cause")),
        _count("units"),
        _text("reason", nullable=True),
        _text("currency"),
        _minor("ordered_price"),
        _minor("asked_price", nullable=True),
        _text("state"),
        *(_text(name, nullable=True) for name in ("choice", "chosen_by")),
        _id("substitute_id", nullable=True),
        _text("trouble", nullable=True),
        _moment("due_at"),
        *(_moment(name, nullable=True) for name in ("wait_until", "next_at")),
        *(_id(name, nullable=True) for name in ("rerouting_id", "charge_id")),
        *(_moment(name) for name in ("created_at", "updated_at")),
        sa.UniqueConstraint("purchase_order_line_id", "cause"),
        sa.CheckConstraint("units > 0", name="units_positive"),
    )
    op.create_index(None, "order_decisions", ["order_id"])
    op.create_index(None, "order_decisions", ["retailer_id", "id"])
    op.create_index(
        None, "order_decisions", ["rerouting_id"], postgresql_where=sa.text("rerouting_id is not null")
    )
    op.create_index(
        "ix_order_decisions_due", "order_decisions", ["next_at"], postgresql_where=sa.text("next_at is not null")
    )
    tenancy.own("order_decisions", "retailer_id")
    op.add_column("charges", _text("cause", default=""))
    op.create_unique_constraint(None, "charges", ["order_id", "cause"])
    op.drop_constraint("uq_charges_order_id", "charges", type_="unique")
    op.add_column("refunds", _text("kind", default="share"))
    op.add_column("refunds", _minor("rest", default="0"))


def downgrade() -> None:
    op.drop_column("refunds", "rest")
    op.drop_column("refunds", "kind")
    op.execute("delete from charges where cause <> ''")
    op.create_unique_constraint("uq_charges_order_id", "charges", ["order_id"])
    op.drop_constraint("uq_charges_order_id_cause", "charges", type_="unique")
    op.drop_column("charges", "cause")
    op.drop_table("order_decisions")
    op.drop_table("answer_rules")
    op.drop_constraint("rerouted_within", "purchase_order_lines", type_="check")
    op.drop_column("purchase_order_lines", "rerouted")
    op.drop_column("purchase_order_lines", "asked_price")
    op.drop_index("ix_purchase_orders_unanswered", "purchase_orders")
    for column in ("reminders", "remind_at", "rerouting_id"):
        op.drop_column("purchase_orders", column)
