"""Product pictures in our own sizes: what we keep, the addresses they come from, and which product shows what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_media"
down_revision = "0010_run_kind"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("sha256", sa.Text(), nullable=False, unique=True),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
    )
    op.create_table(
        "image_addresses",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False, unique=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("media_sha256", sa.Text(), sa.ForeignKey("media.sha256")),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checked_at", moment),
        sa.Column("due_at", moment),
        sa.Column("created_at", moment, nullable=False),
    )
    op.create_index(
        "ix_image_addresses_due_at", "image_addresses", ["due_at"], postgresql_where=sa.text("due_at is not null")
    )
    op.create_index(
        "ix_image_addresses_broken", "image_addresses", ["url_key"], postgresql_where=sa.text("state = 'broken'")
    )
    op.add_column("product_images", sa.Column("sha256", sa.Text()))
    op.add_column("product_images", sa.Column("uploaded", sa.Boolean(), server_default="false", nullable=False))
    # The catalogue may hold millions of pictures: nobody waits for this index, however long it takes.
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.create_index(
            "ix_product_images_url",
            "product_images",
            ["url"],
            postgresql_using="hash",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index("ix_product_images_url", table_name="product_images")
    op.drop_column("product_images", "uploaded")
    op.drop_column("product_images", "sha256")
    op.drop_table("image_addresses")
    op.drop_table("media")
