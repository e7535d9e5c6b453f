"""API keys that run out: their owners are told 14, 7 and 1 days before, each once, and when one has ended."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.identity.service import KeyNotice, keys_to_tell_of
from app.kit import texts
from workers.job import Run, job
from workers.telling import tell

#: Kind of organisation → where its keys are kept.
_PAGES = {"retailer": "/app/settings/keys", "supplier": "/supplier/settings/keys", "platform": "/console/team/keys"}
_LISTS = {**_PAGES, "retailer": "/app/settings", "platform": "/console/team"}


@job(queue="letters", every="27 * * * *", coalesce=True)
def watch_keys(run: Run, payload: dict[str, Any]) -> None:
    """See the module. What is told is noted in the same commit."""
    with run.closing() as session:
        for one in keys_to_tell_of(session):
            _tell(session, one)


def _tell(session: Session, one: KeyNotice) -> None:
    if one.days == 0:
        title = f"The API key “{one.name}” has ended"
        text = "Programs that use it are refused. Make a new key for them."
        link = _LISTS[one.organisation_kind]
    else:
        title = f"The API key “{one.name}” ends within {texts.counted(one.days, 'day', 'days')}"
        text = f"It ends on {one.expires_at:%d %b %Y at %H:%M} UTC. Replace it before: both keys work for a while."
        link = f"{_PAGES[one.organisation_kind]}/{one.key_id}"
    tell(
        session,
        one.organisation_id,
        "keys.write",
        kind="api_key_ends",
        severity="info" if one.days == 0 else "critical" if one.days == 1 else "warning",
        title=title,
        subject="An API key has ended" if one.days == 0 else f"An API key ends within {one.days} d",
        body=text,
        paragraphs=[f"{title}.", text],
        link=link,
        button="See your keys",
        dedupe=f"api_key_ends:{one.key_id}",
        letter_dedupe=f"api_key_ends:{one.key_id}:{one.days}",
    )
