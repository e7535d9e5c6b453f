"""References of the rows that come by the hundred thousand are looked up once a statement, not once a row; a column that
nothing asked for goes.

A foreign key looks up and locks the row it leads to for each row that is written: a fifth of what taking a supplier's
file over costs. Products, variants and stock locations are never deleted, only ended, so that nothing has to be locked:
the rows of a statement are looked up together when it is done, and a row that is referred to can't be deleted. What
feeds remember of products (marks, and what was brought) is theirs alone and means nothing where there is no product.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0090_references_by_set"
down_revision = "0161_bulk_and_views"
branch_labels = None
depends_on = None

#: Table → the columns that refer to a row, that row's table and columns, and the foreign key that did.
_REFERENCES = {
    "supplier_variants": [
        (("supplier_id", "product_id"), "supplier_products", ("supplier_id", "id"), "supplier_id_product_id"),
    ],
    "inventory_levels": [
        (("supplier_id", "variant_id"), "supplier_variants", ("supplier_id", "id"), "supplier_id_variant_id"),
        (("location_id",), "stock_locations", ("id",), "location_id"),
    ],
    "product_images": [(("product_id",), "supplier_products", ("id",), "product_id")],
    "catalog_entries": [
        (("supplier_id", "product_id"), "supplier_products", ("supplier_id", "id"), "supplier_id_product_id"),
    ],
}
#: Foreign keys in whose place nothing comes: table, columns, what they refer to.
_DROPPED = (
    ("feed_marks", ("supplier_id", "product_id"), "supplier_products", ("supplier_id", "id")),
    ("feed_brought", ("supplier_id",), "suppliers", ("id",)),
)
_OTHERS = ("stock_locations", "supplier_products", "supplier_variants")


def upgrade() -> None:
    for table, references in _REFERENCES.items():
        _look_up(table, references)
        for columns, _, _, name in references:
            op.drop_constraint(f"fk_{table}_{name}", table, type_="foreignkey")
    for table, columns, _, _ in _DROPPED:
        op.drop_constraint(f"fk_{table}_{'_'.join(columns)}", table, type_="foreignkey")
    for other in _OTHERS:
        _hold(other)
    op.drop_column("supplier_products", "search_words")


def _look_up(table: str, references: list[tuple[tuple[str, ...], str, tuple[str, ...], str]]) -> None:
    """The rows that a statement adds, and those that come to refer to another row, refer to rows that are there."""
    of_all, of_one, columns = "", "", list[str]()
    for theirs, other, keys, _ in references:
        columns += theirs
        found = f"(select true from {other} as other where " + " and ".join(
            f"other.{key} = named.{column}" for column, key in zip(theirs, keys, strict=True)
        )
        wrong = (
            f"then\n    raise exception 'a row of {table} refers to a row of {other} that is not there' "
            "using errcode = 'foreign_key_violation';\n  end if;\n"
        )
        of_all += f"  if exists (select from (select distinct {', '.join(theirs)} from added) as named "
        of_all += f"where {found}) is null) {wrong}"
        of_one += f"  if {found.replace('named.', 'new.')}) is null {wrong}"
    # Each is found by its key, whatever the tables held when the plan was made.
    for name, body in ((f"{table}_refer", of_all), (f"{table}_refers", of_one)):
        op.execute(
            f"create function crossdock_{name}() returns trigger language plpgsql set enable_seqscan = off as $$\n"
            f"begin\n{body}  return new;\nend $$"
        )
    op.execute(
        f"create trigger refers after insert on {table} referencing new table as added "
        f"for each statement execute function crossdock_{table}_refer()"
    )
    columns = sorted(set(columns))
    op.execute(
        f"create trigger refers_still before update of {', '.join(columns)} on {table} for each row "
        f"when ({_row('old', columns)} is distinct from {_row('new', columns)}) "
        f"execute function crossdock_{table}_refers()"
    )


def _hold(other: str) -> None:
    """A row that is referred to can't be deleted, nor get another key."""
    checks = [
        f"exists (select from {table} as one where "
        + " and ".join(f"one.{column} = old.{key}" for column, key in zip(columns, keys, strict=True))
        + ")"
        for table, references in _REFERENCES.items()
        for columns, to, keys, _ in references
        if to == other
    ]
    op.execute(
        f"create function crossdock_{other}_held() returns trigger language plpgsql as $$\n"
        f"begin\n  if {' or '.join(checks)} then\n"
        f"    raise exception 'a row of {other} is referred to' using errcode = 'foreign_key_violation';\n"
        "  end if;\n  if tg_op = 'DELETE' then return old; end if;\n  return new;\nend $$"
    )
    op.execute(f"create trigger held before delete on {other} for each row execute function crossdock_{other}_held()")
    keys = ["id", "supplier_id"]
    op.execute(
        f"create trigger held_key before update of {', '.join(keys)} on {other} for each row "
        f"when ({_row('old', keys)} is distinct from {_row('new', keys)}) execute function crossdock_{other}_held()"
    )


def _row(which: str, columns: list[str]) -> str:
    return f"({', '.join(f'{which}.{column}' for column in columns)})"


def downgrade() -> None:
    op.add_column(
        "supplier_products",
        sa.Column("search_words", TSVECTOR(), sa.Computed("to_tsvector('simple', search_text)", persisted=True)),
    )
    for other in _OTHERS:
        op.execute(f"drop trigger held on {other}")
        op.execute(f"drop trigger held_key on {other}")
        op.execute(f"drop function crossdock_{other}_held()")
    for table, references in _REFERENCES.items():
        op.execute(f"drop trigger refers on {table}")
        op.execute(f"drop trigger refers_still on {table}")
        op.execute(f"drop function crossdock_{table}_refer()")
        op.execute(f"drop function crossdock_{table}_refers()")
        for columns, other, keys, name in references:
            op.create_foreign_key(f"fk_{table}_{name}", table, other, list(columns), list(keys))
    for table, columns, other, keys in _DROPPED:
        op.create_foreign_key(f"fk_{table}_{'_'.join(columns)}", table, other, list(columns), list(keys))
