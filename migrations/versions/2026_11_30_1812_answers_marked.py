"""Answers of before are marked that name no order of their supplier's: bit by bit, since they are many and are written
all the time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import JOB

revision = "0242_answers_marked"
down_revision = "0241_customer_amount"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000
_SOME = f"select id from channel_answers where id > cast(:after as uuid) order by id limit {_AT_ONCE}"
_NEXT = f"select id from ({_SOME}) as next_ones order by id desc limit 1"
_MARK = (
    "update channel_answers set of_others = true where id > cast(:after as uuid) and id <= :last and not of_others "
    "and problem like 'No such purchase order%'"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        # The tables' owner sees no row of theirs.
        connection.execute(sa.text(f"set role {JOB}"))
        last = "00000000-0000-0000-0000-000000000000"
        while True:
            after, last = last, connection.scalar(sa.text(_NEXT), {"after": last})
            if last is None:
                break
            connection.execute(sa.text(_MARK), {"after": after, "last": last})
        connection.execute(sa.text("reset role"))


def downgrade() -> None:
    pass
