"""Roles, row-level security, rows that are written once, and the ledger's balance."""

from __future__ import annotations

from alembic import op

from migrations import tenancy

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWN = {
    "audit_events": "organisation_id",
    "audit_seals": "organisation_id",
    "feed_runs": "supplier_id",
    "feed_rows": "supplier_id",
    "organisations": "id",
    "memberships": "organisation_id",
    "api_keys": "organisation_id",
    "keyed_requests": "organisation_id",
    "shortfalls": "supplier_id",
    "listings": "retailer_id",
    "listing_variants": "retailer_id",
    "import_batches": "retailer_id",
    "import_items": "retailer_id",
    "notices": "organisation_id",
    "orders": "retailer_id",
    "order_lines": "retailer_id",
    "order_holds": "retailer_id",
    "price_rules": "retailer_id",
    "privacy_requests": "retailer_id",
    "payment_profiles": "retailer_id",
    "payout_accounts": "supplier_id",
    "charges": "retailer_id",
    "refunds": "retailer_id",
    "earnings": "supplier_id",
    "payouts": "supplier_id",
    "stores": "retailer_id",
    "store_credentials": "retailer_id",
    "store_locations": "retailer_id",
    "supplier_applications": "supplier_id",
    "supplier_status_changes": "supplier_id",
}
PARTIES = {
    "shipments": None,
    "shipment_lines": None,
    "tracking_events": None,
    "reservations": None,
    "stock_movements": None,
    "timeline_entries": "purchase_order_id is not null",
    "purchase_orders": "released_at is not null",
    "purchase_order_lines": None,
    "transmissions": None,
}
SYSTEM = {
    "users": False,
    "user_sessions": False,
    "one_time_links": False,
    "sign_in_throttles": False,
    "inbox_messages": False,
    "ledger_accounts": False,
    "journal_entries": False,
    "postings": False,
    "emails": True,
    "outbox_events": True,
    "tasks": False,
    "processor_transactions": False,
    "reconciliation_runs": False,
    "reconciliation_breaks": False,
}
APPEND_ONLY = (
    "audit_events",
    "audit_seals",
    "tracking_events",
    "stock_movements",
    "journal_entries",
    "postings",
    "timeline_entries",
    "supplier_status_changes",
)

ROLES = """
do $$
begin
  if not exists (select from pg_roles where rolname = 'crossdock_app') then
    create role crossdock_app nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'crossdock_job') then
    create role crossdock_job nologin;
  end if;
  execute format('grant crossdock_app, crossdock_job to %I', current_user);
end $$
"""

BALANCED = """
create function crossdock_entry_balances() returns trigger language plpgsql as $$
begin
  if exists (
    select from postings where entry_id = new.entry_id group by currency having sum(amount) <> 0
  ) then
    raise exception 'journal entry % does not balance', new.entry_id using errcode = 'check_violation';
  end if;
  return null;
end $$
"""

WRITTEN_ONCE = """
create function crossdock_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are written once', tg_table_name using errcode = 'restrict_violation';
end $$
"""


def upgrade() -> None:
    op.execute(ROLES)
    op.execute("grant usage on schema public to crossdock_app, crossdock_job")
    op.execute("grant select, insert, update, delete on all tables in schema public to crossdock_app, crossdock_job")
    op.execute("grant usage on all sequences in schema public to crossdock_app, crossdock_job")
    op.execute("revoke all on alembic_version from crossdock_app, crossdock_job")
    op.execute(
        "alter default privileges in schema public "
        "grant select, insert, update, delete on tables to crossdock_app, crossdock_job"
    )
    op.execute("alter default privileges in schema public grant usage on sequences to crossdock_app, crossdock_job")
    op.execute(WRITTEN_ONCE)
    op.execute(BALANCED)
    for table, column in OWN.items():
        tenancy.own(table, column)
    for table, shown_when in PARTIES.items():
        tenancy.parties(table, shown_when)
    for table, insert in SYSTEM.items():
        tenancy.system(table, insert=insert)
    for table in APPEND_ONLY:
        tenancy.append_only(table)
    op.execute(
        "create constraint trigger balanced after insert on postings "
        "deferrable initially deferred for each row execute function crossdock_entry_balances()"
    )


def downgrade() -> None:
    op.execute("drop trigger balanced on postings")
    for table in APPEND_ONLY:
        op.execute(f"drop trigger append_only on {table}")
    for table in (*OWN, *PARTIES, *SYSTEM):
        op.execute(f"drop policy if exists tenant on {table}")
        op.execute(f"drop policy if exists job on {table}")
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
    op.execute("drop function crossdock_entry_balances")
    op.execute("drop function crossdock_append_only")
    op.execute("drop owned by crossdock_app, crossdock_job")
