"""The ledger holds by itself: no entry without postings, no posting in another currency than its account's, and no
entry reversed twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HAS_POSTINGS = """
create function crossdock_entry_has_postings() returns trigger language plpgsql as $$
begin
  if not exists (select from postings where entry_id = new.id) then
    raise exception 'journal entry % has no postings', new.id using errcode = 'check_violation';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    op.create_unique_constraint(op.f("uq_ledger_accounts_id_currency"), "ledger_accounts", ["id", "currency"])
    op.create_foreign_key(
        op.f("fk_postings_account_id_currency"),
        "postings",
        "ledger_accounts",
        ["account_id", "currency"],
        ["id", "currency"],
    )
    op.drop_constraint(op.f("fk_postings_account_id"), "postings", type_="foreignkey")
    op.add_column("journal_entries", sa.Column("reverses_id", sa.Uuid()))
    _look_past_the_policies(True)
    op.execute(
        "update journal_entries set reverses_id = (details ->> 'reverses')::uuid where details ->> 'reverses' is not null"
    )
    _look_past_the_policies(False)
    op.create_unique_constraint(op.f("uq_journal_entries_reverses_id"), "journal_entries", ["reverses_id"])
    op.create_foreign_key(
        op.f("fk_journal_entries_reverses_id"), "journal_entries", "journal_entries", ["reverses_id"], ["id"]
    )
    op.execute(HAS_POSTINGS)
    op.execute(
        "create constraint trigger has_postings after insert on journal_entries "
        "deferrable initially deferred for each row execute function crossdock_entry_has_postings()"
    )


def _look_past_the_policies(on: bool) -> None:
    """The owner sees all entries and may name what they reverse, whether it is a superuser or not."""
    op.execute(f"alter table journal_entries {'no force' if on else 'force'} row level security")
    op.execute(f"alter table journal_entries {'disable' if on else 'enable'} trigger append_only")


def downgrade() -> None:
    op.execute("drop trigger has_postings on journal_entries")
    op.execute("drop function crossdock_entry_has_postings")
    op.drop_column("journal_entries", "reverses_id")
    op.create_foreign_key(op.f("fk_postings_account_id"), "postings", "ledger_accounts", ["account_id"], ["id"])
    op.drop_constraint(op.f("fk_postings_account_id_currency"), "postings", type_="foreignkey")
    op.drop_constraint(op.f("uq_ledger_accounts_id_currency"), "ledger_accounts", type_="unique")
