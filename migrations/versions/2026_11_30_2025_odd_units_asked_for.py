"""Of what suppliers were asked to stop, the units that make nothing whole are counted: until now they were known by the
words that were sent along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import JOB

revision = "0245_odd_units_asked_for"
down_revision = "0244_withdrawals_not_looked_up"
branch_labels = None
depends_on = None

_NOTE = "Another part of what was sold as one does not come."


def upgrade() -> None:
    op.add_column("change_request_lines", sa.Column("odd", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(
        "odd_within", "change_request_lines", "odd >= 0 and odd <= quantity", postgresql_not_valid=True
    )
    op.execute("alter table change_request_lines validate constraint ck_change_request_lines_odd_within")
    told = sa.text(
        "update change_request_lines l set odd = l.quantity from change_requests r "
        "where r.id = l.change_request_id and r.kind = 'cancellation' and r.note = :note"
    )
    # The tables' owner sees no row of theirs.
    op.execute(f"set local role {JOB}")
    op.execute(told.bindparams(note=_NOTE))
    op.execute("reset role")


def downgrade() -> None:
    op.drop_constraint("odd_within", "change_request_lines", type_="check")
    op.drop_column("change_request_lines", "odd")
