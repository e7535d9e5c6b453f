"""Who tells where a parcel is, where that is not its carrier: those with a label that was bought are told of by the
gateway that sold it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import JOB

revision = "0252_reported_by"
down_revision = "0251_own_products_by_supplier"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000
_SOME = f"select id from shipping_labels where id > cast(:after as uuid) order by id limit {_AT_ONCE}"
_NEXT = f"select id from ({_SOME}) as next_ones order by id desc limit 1"
_MARK = (
    "update shipments s set reported_by = 'label' from shipping_labels l "
    "where l.id > cast(:after as uuid) and l.id <= :last and s.id = l.shipment_id and l.state = 'BOUGHT' "
    "and l.tracking_number = s.tracking_number and s.reported_by is null"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("alter table shipments add column if not exists reported_by text")
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
    op.drop_column("shipments", "reported_by")
