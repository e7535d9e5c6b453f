"""Products, variants and stock locations are never deleted, whether or not something refers to them: what comes to refer
to one just then takes no lock that would hold it."""

from __future__ import annotations

from alembic import op

revision = "0195_nothing_goes"
down_revision = "0197_parcel_numbers"
branch_labels = None
depends_on = None

#: Table → what refers to its rows: table, columns and the columns that they stand for.
_REFERRED_TO = {
    "stock_locations": [("inventory_levels", {"location_id": "id"})],
    "supplier_products": [
        ("supplier_variants", {"supplier_id": "supplier_id", "product_id": "id"}),
        ("product_images", {"product_id": "id"}),
        ("catalog_entries", {"supplier_id": "supplier_id", "product_id": "id"}),
    ],
    "supplier_variants": [("inventory_levels", {"supplier_id": "supplier_id", "variant_id": "id"})],
}


def upgrade() -> None:
    for table in _REFERRED_TO:
        op.execute(
            f"create or replace function crossdock_{table}_held() returns trigger language plpgsql as $$\n"
            f"begin\n  raise exception 'a row of {table} is ended, never deleted' "
            "using errcode = 'foreign_key_violation';\nend $$"
        )


def downgrade() -> None:
    for table, references in _REFERRED_TO.items():
        checks = [
            f"exists (select from {other} as one where "
            + " and ".join(f"one.{column} = old.{key}" for column, key in columns.items())
            + ")"
            for other, columns in references
        ]
        op.execute(
            f"create or replace function crossdock_{table}_held() returns trigger language plpgsql as $$\n"
            f"begin\n  if {' or '.join(checks)} then\n"
            f"    raise exception 'a row of {table} is referred to' using errcode = 'foreign_key_violation';\n"
            "  end if;\n  if tg_op = 'DELETE' then return old; end if;\n  return new;\nend $$"
        )
