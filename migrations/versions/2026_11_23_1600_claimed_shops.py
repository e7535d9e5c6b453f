"""A shop belongs to one account only where its owner has proven it; an account names a shop once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LIVE = "status not in ('pending', 'disconnected')"


def upgrade() -> None:
    op.add_column("stores", sa.Column("claimed", sa.Boolean(), server_default="false", nullable=False))
    # The owner itself sees no rows here, unless it is a superuser.
    op.execute("set local role crossdock_job")
    op.execute("update stores set claimed = true where id in (select store_id from store_credentials)")
    op.execute("reset role")
    op.drop_index("uq_stores_live_shop", table_name="stores")
    op.create_index(
        "uq_stores_claimed_shop",
        "stores",
        ["platform", "external_id"],
        unique=True,
        postgresql_where=sa.text(f"claimed and {_LIVE}"),
    )
    op.create_index(
        "uq_stores_shop_of_retailer",
        "stores",
        ["retailer_id", "platform", "external_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'disconnected'"),
    )


def downgrade() -> None:
    op.drop_index("uq_stores_shop_of_retailer", table_name="stores")
    op.drop_index("uq_stores_claimed_shop", table_name="stores")
    op.create_index(
        "uq_stores_live_shop", "stores", ["platform", "external_id"], unique=True, postgresql_where=sa.text(_LIVE)
    )
    op.drop_column("stores", "claimed")
