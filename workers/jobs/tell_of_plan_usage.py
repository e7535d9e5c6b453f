"""A retailer's orders of the month come near to what its plan allows, or it has another plan: it is told, in the app
and by e-mail, and a warning that is true no more goes."""

from __future__ import annotations

from app.billing.events import PlanChanged, PlanNearlyUsed
from app.billing.queries import usage_of
from app.billing.rules import warning_of
from app.kit import texts
from app.notifications.service import resolve
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=(PlanNearlyUsed, PlanChanged))
def tell_of_plan_usage(run: Run, event: PlanNearlyUsed | PlanChanged) -> None:
    """See the module."""
    with run.closing() as session:
        usage = usage_of(session, event.retailer_id)
        notice = warning_of(usage.month)
        if usage.limit is None or not usage.near:
            resolve(session, event.retailer_id, notice)
            return
        full = not usage.left
        title = f"{usage.used} of your {texts.counted(usage.limit, 'order', 'orders')} this month are used"
        until = f"{usage.renews_on.day} {usage.renews_on:%B}"
        body = (
            f"Further orders wait until {until}, or until you have a larger plan. Write to us if you need one."
            if full
            else f"Orders beyond {usage.limit} wait until {until}. Write to us if you need a larger plan."
        )
        tell(
            session,
            event.retailer_id,
            "billing.read",
            kind="plan_usage",
            severity="warning",
            title=title,
            body=body,
            paragraphs=[f"Your plan is {usage.plan}.", body],
            link="/app/billing",
            button="See your plan",
            reason="You get this because you look after your company's billing at Crossdock.",
            dedupe=notice,
            letter_dedupe=f"{notice}:{'full' if full else 'near'}:{usage.limit}",
        )
