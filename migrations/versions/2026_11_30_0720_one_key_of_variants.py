"""Variants are looked up by their id alone: an index of their suppliers and ids was kept for nothing but references to
them, and cost each new variant an eighth of its writing."""

from __future__ import annotations

from alembic import op

revision = "0205_one_key_of_variants"
down_revision = "0198_customer_letters"
branch_labels = None
depends_on = None

_KEY = "uq_supplier_variants_supplier_id_id"


def upgrade() -> None:
    _look_up("other.id = named.variant_id", "(select other.supplier_id {}) is distinct from named.supplier_id")
    op.drop_constraint(_KEY, "supplier_variants", type_="unique")


def downgrade() -> None:
    op.create_unique_constraint(_KEY, "supplier_variants", ["supplier_id", "id"])
    _look_up(
        "other.supplier_id = named.supplier_id and other.id = named.variant_id", "(select true {}) is null"
    )


def _look_up(key: str, wrong: str) -> None:
    """A level is of its variant's supplier. Each variant is found by its key, whatever the table held when the plan was
    made."""
    for name, named in (("refer", "named"), ("refers", "new")):
        variant = wrong.format(f"from supplier_variants as other where {key}")
        place = "(select true from stock_locations as other where other.id = named.location_id) is null"
        checks = ""
        for columns, other, missing in (
            ("supplier_id, variant_id", "supplier_variants", variant),
            ("location_id", "stock_locations", place),
        ):
            if name == "refer":
                found = f"exists (select from (select distinct {columns} from added) as named where {missing})"
            else:
                found = missing.replace("named.", f"{named}.")
            checks += (
                f"  if {found} then\n    raise exception 'a row of inventory_levels refers to a row of {other} that is "
                "not there' using errcode = 'foreign_key_violation';\n  end if;\n"
            )
        op.execute(
            f"create or replace function crossdock_inventory_levels_{name}() returns trigger language plpgsql "
            f"set enable_seqscan = off as $$\nbegin\n{checks}  return new;\nend $$"
        )
