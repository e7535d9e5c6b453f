"""Amounts too small for a charge of their own, and the charges that take them along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0172_carried_charges"
down_revision = "0180_unlinked_lines"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("charges", sa.Column("carried", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("charges", sa.Column("taken_with", sa.Uuid(), nullable=True))
    op.add_column("charges", sa.Column("along", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_charges_along_not_negative"), "charges", "along >= 0")
    op.create_index(
        "ix_charges_carried", "charges", ["retailer_id"], postgresql_where=sa.text("carried and charge_ref is null")
    )
    op.create_index(
        "ix_charges_taken_with", "charges", ["taken_with"], postgresql_where=sa.text("taken_with is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_charges_taken_with", table_name="charges")
    op.drop_index("ix_charges_carried", table_name="charges")
    op.drop_constraint(op.f("ck_charges_along_not_negative"), "charges")
    op.drop_column("charges", "along")
    op.drop_column("charges", "taken_with")
    op.drop_column("charges", "carried")
