"""Breaks of the books: an administrator explains one, and it comes back when it is another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.identity.service import platform_organisation
from app.kit import clock
from app.notifications.models import Notice
from app.settlement.models import ProcessorTransaction, ReconciliationBreak
from app.settlement.service.reconciling import reconcile
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_guards import signed_in

_NOTE = "A chargeback that the bank settles by hand, ticket 4711."


@pytest.fixture
def admin(market: Market, jobs: Jobs) -> Browser:
    """An administrator; the processor's account has a line that the ledger does not know."""
    with db.system_scope(actor="test"), db.transaction() as session:
        moment = clock.now() - timedelta(days=1)
        session.add(
            ProcessorTransaction(
                id="txn_unknown",
                processor="stripe",
                kind="adjustment",
                source_ref="du_1",
                amount=-1500,
                fee=0,
                net=-1500,
                currency="USD",
                available_on=moment,
                created_at=moment,
                recorded_at=moment,
            )
        )
    jobs.run_scheduled("reconcile_books")
    return signed_in(market, "platform")


def only_break() -> ReconciliationBreak:
    """The break that there is."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.scalars(select(ReconciliationBreak)).one()


def platform_notices() -> list[str]:
    """What still asks for somebody of the platform, of the books."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return list(
            session.scalars(
                select(Notice.title).where(
                    Notice.organisation_id == platform_organisation(session).id,
                    Notice.kind == "reconciliation",
                    Notice.resolved_at.is_(None),
                )
            )
        )


def explain(browser: Browser, **values: Any) -> Any:
    """Send the form of the break's page."""
    page = f"/console/reconciliation/{only_break().id}"
    return browser.submit(page, f"{page}/explain", **values)


def test_an_explained_break_leaves_the_list_with_its_note(admin: Browser, jobs: Jobs) -> None:
    assert "not_in_ledger" in text_of(admin.get("/console/reconciliation"))
    assert platform_notices() == ["1 differences in the books"]
    answer = explain(admin, note=_NOTE)
    assert answer.status_code == 303
    assert "not_in_ledger" not in text_of(admin.get(answer.headers["Location"]))
    assert "not_in_ledger" in text_of(admin.get("/console/reconciliation?state=EXPLAINED"))
    assert _NOTE in text_of(admin.get(f"/console/reconciliation/{only_break().id}"))
    assert platform_notices() == []
    jobs.run_scheduled("reconcile_books")
    assert only_break().state == "EXPLAINED", "the same difference stays explained"
    with db.system_scope(actor="test"), db.transaction() as session:
        written = session.scalars(select(AuditEvent).where(AuditEvent.action == "settlement.break_explained")).one()
        assert written.actor.startswith("user:")
        assert written.details == {"kind": "not_in_ledger", "amount": only_break().amount, "currency": "USD"}


def test_it_comes_back_when_its_amount_changes(admin: Browser, jobs: Jobs) -> None:
    explain(admin, note=_NOTE)
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(ProcessorTransaction, "txn_unknown").net = -2500
        session.flush()
        reconcile(session)
    assert only_break().state == "OPEN"


def test_a_note_is_needed_and_only_once(admin: Browser) -> None:
    empty = explain(admin, note="  ")
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in empty.text
    assert only_break().state == "OPEN"
    page = f"/console/reconciliation/{only_break().id}"
    form = {str(one["name"]): str(one["value"]) for one in admin.form(page, "/explain").select("input")}
    assert admin.post(f"{page}/explain", {**form, "note": _NOTE}).status_code == 303
    assert admin.post(f"{page}/explain", {**form, "note": "Another."}).status_code == 409
    assert only_break().explanation == _NOTE


def test_a_support_agent_reads_and_does_not_explain(admin: Browser, market: Market) -> None:
    agent = signed_in(market, "platform", "support_agent")
    page = f"/console/reconciliation/{only_break().id}"
    shown = agent.get(page)
    assert shown.status_code == 200
    assert "/explain" not in shown.text
