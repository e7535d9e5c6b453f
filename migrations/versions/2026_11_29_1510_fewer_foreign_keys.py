"""One foreign key a row instead of several: a variant, a level, an entry and a mark belong to their supplier because what
they belong to does. And no index on words of products, which entries are found by."""

from __future__ import annotations

from alembic import op

revision = "0067_fewer_foreign_keys"
down_revision = "0040_routing"
branch_labels = None
depends_on = None

#: Tables whose rows are referred to together with their supplier.
_OWNED = ("supplier_products", "supplier_variants")
#: Table, column, and what it refers to together with ``supplier_id``.
_NEW = (
    ("supplier_variants", "product_id", "supplier_products"),
    ("inventory_levels", "variant_id", "supplier_variants"),
    ("catalog_entries", "product_id", "supplier_products"),
    ("feed_marks", "product_id", "supplier_products"),
)
_OLD = (
    ("supplier_variants", "product_id", "supplier_products"),
    ("supplier_variants", "supplier_id", "suppliers"),
    ("inventory_levels", "variant_id", "supplier_variants"),
    ("inventory_levels", "supplier_id", "suppliers"),
    ("catalog_entries", "product_id", "supplier_products"),
    ("catalog_entries", "supplier_id", "suppliers"),
    ("catalog_entries", "category_id", "categories"),
    ("feed_marks", "product_id", "supplier_products"),
    ("feed_marks", "supplier_id", "suppliers"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        for table in _OWNED:
            op.create_index(
                f"uq_{table}_supplier_id_id",
                table,
                ["supplier_id", "id"],
                unique=True,
                postgresql_concurrently=True,
                if_not_exists=True,
            )
        op.drop_index("ix_supplier_products_words", postgresql_concurrently=True, if_exists=True)
        op.execute("set statement_timeout = 5000")
    for table in _OWNED:
        name = f"uq_{table}_supplier_id_id"
        op.execute(f"alter table {table} add constraint {name} unique using index {name}")
    for table, column, other in _NEW:
        op.create_foreign_key(
            f"fk_{table}_supplier_id_{column}",
            table,
            other,
            ["supplier_id", column],
            ["supplier_id", "id"],
            postgresql_not_valid=True,
        )
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        for table, column, _ in _NEW:
            op.execute(f"alter table {table} validate constraint fk_{table}_supplier_id_{column}")
        op.execute("set statement_timeout = 5000")
    for table, column, _ in _OLD:
        op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
    op.drop_constraint("fk_feed_run_changes_supplier_id_run_id", "feed_run_changes", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        "fk_feed_run_changes_supplier_id_run_id",
        "feed_run_changes",
        "feed_runs",
        ["supplier_id", "run_id"],
        ["supplier_id", "id"],
    )
    for table, column, other in _OLD:
        op.create_foreign_key(f"fk_{table}_{column}", table, other, [column], ["id"])
    for table, column, _ in _NEW:
        op.drop_constraint(f"fk_{table}_supplier_id_{column}", table, type_="foreignkey")
    for table in _OWNED:
        op.drop_constraint(f"uq_{table}_supplier_id_id", table, type_="unique")
    op.create_index("ix_supplier_products_words", "supplier_products", ["search_words"], postgresql_using="gin")
