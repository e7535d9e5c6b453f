"""What is to leave by a day is late once that day is over where its supplier is: the moments say so themselves."""

from __future__ import annotations

from alembic import op

revision = "0281_ship_by_days"
down_revision = "0280_routing_occasions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "update purchase_orders p set ship_by = "
        "((p.ship_by at time zone s.timezone)::date + time '23:59:59') at time zone s.timezone "
        "from suppliers s where s.id = p.supplier_id and p.ship_by is not null "
        "and p.status in ('PENDING', 'CONFIRMED', 'PROCESSING', 'BACKORDERED', 'PARTIALLY_SHIPPED')"
    )


def downgrade() -> None:
    """The hours before are not known any more; those days stay."""
