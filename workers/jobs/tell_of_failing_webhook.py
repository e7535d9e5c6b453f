"""An endpoint of webhooks takes nothing any more: its owners are told, once a day, and when it is switched off."""

from __future__ import annotations

from app.identity.models import Organisation
from app.webhooks.events import EndpointFailing
from app.webhooks.models import WebhookEndpoint
from app.webhooks.rules import DISABLED
from app.webhooks.service import trouble
from workers.job import Run, job
from workers.telling import tell

_PAGES = {"retailer": "/app/settings/webhooks", "supplier": "/supplier/settings/webhooks"}


@job(queue="letters", on=EndpointFailing)
def tell_of_failing_webhook(run: Run, event: EndpointFailing) -> None:
    """See the module."""
    with run.closing() as session:
        endpoint = session.get_one(WebhookEndpoint, event.endpoint_id)
        if endpoint.removed_at is not None or endpoint.failing_since is None or endpoint.told_at is None:
            return
        kind = session.get_one(Organisation, event.organisation_id).kind
        off = endpoint.state == DISABLED
        title = "A webhook endpoint was switched off" if off else "A webhook endpoint takes nothing"
        name = endpoint.description or endpoint.url.split("/")[2]
        since = f"{endpoint.failing_since:%d %b %Y at %H:%M} UTC"
        text = (
            f"“{name}” has refused everything since {since}, and nothing is sent to it any more. Mend it and resume it;"
            " then you can have sent what was missed."
            if off
            else f"“{name}” has refused everything since {since}. It is tried again, ever more seldom, and switched off"
            " after three days."
        )
        link = f"{_PAGES[kind]}/{endpoint.id}"
        tell(
            session,
            event.organisation_id,
            "keys.write",
            kind="webhook_failing",
            severity="critical" if off else "warning",
            title=title,
            body=text,
            link=link,
            button="See what was answered",
            dedupe=trouble(endpoint.id),
            letter_dedupe=f"webhook_failing:{endpoint.id}:{endpoint.told_at.isoformat()}",
        )
