"""Returns: requests, lines, files and credit memos; what they take back of earnings, and the refunds that pay them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0066_returns"
down_revision = "0080_scorecards"
branch_labels = None
depends_on = None

_PARTIES = ("retailer_id", "supplier_id")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _count(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="false", nullable=False)


def _minor(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _of_return() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [*_PARTIES, "return_id"], ["returns.retailer_id", "returns.supplier_id", "returns.id"]
    )


def upgrade() -> None:
    op.create_table(
        "returns",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _text("number"),
        *(_id(name) for name in ("order_id", "purchase_order_id", *_PARTIES)),
        *(_text(name) for name in ("state", "reason", "note")),
        _count("policy_version"),
        _count("restocking_bps"),
        *(_text(name) for name in ("payer", "requested_by", "answer", "carrier", "tracking_number")),
        _flag("goods_kept"),
        _moment("due_at", nullable=True),
        _moment("created_at"),
        _moment("updated_at"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint(*_PARTIES, "id"),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
    )
    op.create_index(None, "returns", ["retailer_id", "id"])
    op.create_index(None, "returns", ["supplier_id", "id"])
    op.create_index(None, "returns", ["purchase_order_id"])
    op.create_index("ix_returns_due", "returns", ["due_at"], postgresql_where=sa.text("due_at is not null"))
    op.create_table(
        "return_lines",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("return_id"),
        sa.Column("purchase_order_line_id", sa.Uuid(), sa.ForeignKey("purchase_order_lines.id"), nullable=False),
        *(_id(name) for name in _PARTIES),
        _count("position"),
        _text("sku"),
        _text("title"),
        _count("quantity"),
        _count("received", "0"),
        _count("accepted", "0"),
        _text("condition", nullable=True),
        _flag("restocked"),
        _of_return(),
        sa.UniqueConstraint("return_id", "purchase_order_line_id"),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("accepted >= 0 and accepted <= received and received <= quantity", name="counts_within"),
    )
    op.create_index(None, "return_lines", ["purchase_order_line_id"])
    op.create_table(
        "return_files",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(_id(name) for name in ("return_id", *_PARTIES)),
        *(_text(name) for name in ("kind", "file_key", "media_type")),
        _count("size"),
        _text("sha256"),
        _moment("uploaded_at"),
        _text("uploaded_by"),
        _of_return(),
    )
    op.create_index(None, "return_files", ["return_id"])
    op.create_table(
        "credit_memos",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(_id(name) for name in ("return_id", "purchase_order_id", *_PARTIES)),
        _text("number"),
        _text("currency"),
        _minor("goods"),
        _minor("restocking"),
        _text("journal_key"),
        _minor("refund_amount", nullable=True),
        _text("refund_currency", nullable=True),
        _moment("refunded_at", nullable=True),
        _moment("created_at"),
        _of_return(),
        sa.UniqueConstraint("return_id"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("journal_key"),
        sa.CheckConstraint("restocking >= 0 and restocking <= goods", name="restocking_within"),
    )
    op.create_index(None, "credit_memos", ["purchase_order_id"])
    op.create_table(
        "credit_memo_lines",
        sa.Column("credit_memo_id", sa.Uuid(), sa.ForeignKey("credit_memos.id"), primary_key=True),
        sa.Column("return_line_id", sa.Uuid(), sa.ForeignKey("return_lines.id"), primary_key=True),
        *(_id(name) for name in _PARTIES),
        _count("units"),
        _minor("goods"),
        _minor("restocking"),
        sa.CheckConstraint("units > 0", name="units_positive"),
    )
    for table in ("returns", "return_lines", "return_files", "credit_memos", "credit_memo_lines"):
        tenancy.parties(table)
    op.add_column("purchase_order_lines", _count("returned", "0"))
    op.create_check_constraint(
        "returned_within", "purchase_order_lines", "returned >= 0 and returned <= delivered", postgresql_not_valid=True
    )
    op.alter_column("earnings", "shipment_id", nullable=True)
    for table in ("earnings", "refunds"):
        op.add_column(table, _id("credit_memo_id", nullable=True))
        op.create_foreign_key(
            None, table, "credit_memos", ["credit_memo_id"], ["id"], postgresql_not_valid=True
        )
        op.create_unique_constraint(None, table, ["credit_memo_id"])
    op.create_check_constraint(
        "one_cause",
        "earnings",
        "shipment_id is null or credit_memo_id is null",
        postgresql_not_valid=True,
    )
    # What stands keeps to them; looking at it needs no lock that writers would wait for.
    for table, constraint in (
        ("purchase_order_lines", "ck_purchase_order_lines_returned_within"),
        ("earnings", "ck_earnings_one_cause"),
        ("earnings", "fk_earnings_credit_memo_id"),
        ("refunds", "fk_refunds_credit_memo_id"),
    ):
        op.execute(f"alter table {table} validate constraint {constraint}")


def downgrade() -> None:
    op.drop_constraint("one_cause", "earnings", type_="check")
    for table in ("refunds", "earnings"):
        op.drop_column(table, "credit_memo_id")
    op.alter_column("earnings", "shipment_id", nullable=False)
    op.drop_constraint("returned_within", "purchase_order_lines", type_="check")
    op.drop_column("purchase_order_lines", "returned")
    for table in ("credit_memo_lines", "credit_memos", "return_files", "return_lines", "returns"):
        op.drop_table(table)
