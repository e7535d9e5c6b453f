"""The nightly comparison of ledger, purchase orders and processor; breaks are told to the platform's people."""

from __future__ import annotations

from typing import Any

from app.identity.service import platform_organisation
from app.notifications.service import notify, resolve
from app.settlement.service import reconcile
from app.settlement.service.reconciling import open_breaks
from workers.job import Run, job


@job(queue="bulk", every="10 2 * * *", coalesce=True, timeout=600)
def reconcile_books(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        reconcile(session)
        breaks = open_breaks(session)
        platform = platform_organisation(session)
        if not breaks:
            resolve(session, platform.id, "reconciliation")
            return
        notify(
            session,
            platform.id,
            kind="reconciliation",
            severity="critical",
            title=f"{len(breaks)} differences in the books",
            body="Ledger, purchase orders and processor do not agree. Each difference is listed with its amount.",
            link="/console/reconciliation",
            dedupe="reconciliation",
        )
