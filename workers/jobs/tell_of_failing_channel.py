"""A supplier's channel takes nothing any more, or refuses us: the supplier is told, once for each trouble."""

from __future__ import annotations

from app.adapters import registries
from app.purchasing.events import ChannelFailing
from app.purchasing.service.channels import problem_of, setting_of, trouble
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=ChannelFailing)
def tell_of_failing_channel(run: Run, event: ChannelFailing) -> None:
    """See the module. Trouble that is over meanwhile is not told of."""
    with run.closing() as session:
        row = setting_of(session, event.supplier_id)
        if row is None or row.failing_since is None:
            return
        channel = registries.channels.all().get(row.channel)
        name = channel.label if channel is not None else row.channel
        problem = problem_of(row)
        text = "New orders wait in the portal meanwhile. What was not sent goes out by itself once this works again."
        link = "/supplier/settings/channel"
        title = "Orders can't be sent to your system"
        tell(
            session,
            event.supplier_id,
            "settings.write",
            kind="channel_failing",
            severity="critical",
            title=title,
            body=f"{name}: {problem} {text}",
            paragraphs=[f"{name}: {problem}", text],
            link=link,
            button="See what is wrong",
            dedupe=trouble(event.supplier_id),
            letter_dedupe=f"channel_failing:{event.supplier_id}:{row.failing_since.isoformat()}",
        )
