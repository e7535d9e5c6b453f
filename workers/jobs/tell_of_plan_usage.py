"""A retailer's orders of the month come near to what its plan allows: it is told, in the app and by e-mail."""

from __future__ import annotations

from app.billing.events import PlanNearlyUsed
from app.billing.queries import usage_of
from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from workers.job import Run, job


@job(queue="letters", on=PlanNearlyUsed)
def tell_of_plan_usage(run: Run, event: PlanNearlyUsed) -> None:
    """See the module."""
    with run.closing() as session:
        usage = usage_of(session, event.retailer_id)
        if usage.limit is None or not usage.near:
            return
        full = not usage.left
        title = f"{usage.used} of your {usage.limit} orders this month are used"
        until = f"{usage.renews_on.day} {usage.renews_on:%B}"
        body = (
            f"Further orders wait until {until}, or until you have a larger plan. Write to us if you need one."
            if full
            else f"Orders beyond {usage.limit} wait until {until}. Write to us if you need a larger plan."
        )
        notify(
            session,
            event.retailer_id,
            kind="plan_usage",
            severity="warning",
            title=title,
            body=body,
            link="/app/billing",
            dedupe=f"plan_usage:{usage.month}",
        )
        queue_email(
            session,
            recipients(session, event.retailer_id, "billing.read"),
            Letter(
                subject=title,
                paragraphs=[f"Your plan is {usage.plan}.", body],
                button=("See your plan", f"{settings().public_url}/app/billing"),
                reason="You get this because you look after your company's billing at Crossdock.",
            ),
            kind="plan_usage",
            dedupe=f"plan_usage:{usage.month}:{'full' if full else 'near'}",
            organisation_id=event.retailer_id,
        )
