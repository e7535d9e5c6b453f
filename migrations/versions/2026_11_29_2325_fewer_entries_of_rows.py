"""Less to write for each row of a supplier's file: rows of a run that are new or unchanged, nearly all, stand in the order
of the file and in no other index; products' suppliers and categories are looked up once a statement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0091_fewer_entries_of_rows"
down_revision = "0090_references_by_set"
branch_labels = None
depends_on = None

#: Columns of products, and the tables that they refer to by their ids.
_REFERENCES = (("supplier_id", "suppliers"), ("category_id", "categories"))


def upgrade() -> None:
    wrong = (
        "raise exception 'a product refers to a row of {} that is not there' using errcode = 'foreign_key_violation';"
    )
    found = "(select true from {other} where id = {row}.{column}) is null"
    of_all = "".join(
        f"  if exists (select from (select distinct {column} from added where {column} is not null) as named "
        f"where {found.format(other=other, row='named', column=column)}) then {wrong.format(other)} end if;\n"
        for column, other in _REFERENCES
    )
    of_one = "".join(
        f"  if new.{column} is not null and {found.format(other=other, row='new', column=column)} "
        f"then {wrong.format(other)} end if;\n"
        for column, other in _REFERENCES
    )
    for name, body in (("refer", of_all), ("refers", of_one)):
        op.execute(
            f"create function crossdock_supplier_products_{name}() returns trigger language plpgsql "
            f"set enable_seqscan = off as $$\nbegin\n{body}  return new;\nend $$"
        )
    op.execute(
        "create trigger refers after insert on supplier_products referencing new table as added "
        "for each statement execute function crossdock_supplier_products_refer()"
    )
    op.execute(
        "create trigger refers_still before update of supplier_id, category_id on supplier_products for each row "
        "when ((old.supplier_id, old.category_id) is distinct from (new.supplier_id, new.category_id)) "
        "execute function crossdock_supplier_products_refers()"
    )
    for column, other in _REFERENCES:
        op.drop_constraint(f"fk_supplier_products_{column}", "supplier_products", type_="foreignkey")
        op.execute(
            f"create function crossdock_{other}_held() returns trigger language plpgsql as $$\nbegin\n"
            f"  if exists (select from supplier_products where {column} = old.id) then\n"
            f"    raise exception 'a row of {other} is referred to' using errcode = 'foreign_key_violation';\n"
            "  end if;\n  if tg_op = 'DELETE' then return old; end if;\n  return new;\nend $$"
        )
        op.execute(
            f"create trigger held before delete on {other} for each row execute function crossdock_{other}_held()"
        )
        op.execute(
            f"create trigger held_key before update of id on {other} for each row when (old.id is distinct from new.id) "
            f"execute function crossdock_{other}_held()"
        )
    op.drop_index("ix_feed_brought_variant_id", "feed_brought")
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.create_index(
            "ix_feed_rows_told",
            "feed_rows",
            ["run_id", "action", "row"],
            postgresql_where=sa.text("action <> 'new' and action <> 'unchanged'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("ix_feed_rows_run_id_action_row", postgresql_concurrently=True, if_exists=True)
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.create_index("ix_feed_rows_run_id_action_row", "feed_rows", ["run_id", "action", "row"])
    op.drop_index("ix_feed_rows_told", "feed_rows")
    op.create_index("ix_feed_brought_variant_id", "feed_brought", ["variant_id"])
    for column, other in _REFERENCES:
        op.execute(f"drop trigger held on {other}")
        op.execute(f"drop trigger held_key on {other}")
        op.execute(f"drop function crossdock_{other}_held()")
        op.create_foreign_key(f"fk_supplier_products_{column}", "supplier_products", other, [column], ["id"])
    op.execute("drop trigger refers on supplier_products")
    op.execute("drop trigger refers_still on supplier_products")
    op.execute("drop function crossdock_supplier_products_refer()")
    op.execute("drop function crossdock_supplier_products_refers()")
