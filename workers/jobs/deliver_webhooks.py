"""Send an endpoint what waits for it: several messages side by side, those of one subject one after another.

A message is sent at least once: a worker that is killed between sending and noting sends it again, with the same id.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from app import config
from app.adapters._addresses import AddressGuard
from app.adapters._guarded_http import GuardedHttp
from app.adapters._http import retry_after
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import Rejected, Unavailable
from app.outbox.service import emit
from app.webhooks.events import DeliveriesDue
from app.webhooks.service import Call, Outcome, due_calls, record_outcomes
from app.webhooks.signing import signed_headers
from workers.job import Run, job

#: Messages sent at a time, and how long one endpoint may have its turn before others have theirs.
AT_ONCE = 8
_TURN_SECONDS = 20.0
#: Each message must be answered within this time; of the answer so many bytes are kept.
ANSWER_SECONDS = 10.0
KEPT_BYTES = 1024


@job(queue="webhooks", on=DeliveriesDue, coalesce=True, timeout=60)
def deliver_webhooks(run: Run, event: DeliveriesDue) -> None:
    """See the module."""
    client = GuardedHttp(AddressGuard(config.settings().allowed_hosts), read_seconds=ANSWER_SECONDS)
    until = time.monotonic() + _TURN_SECONDS
    with run.transaction() as session:
        calls = due_calls(session, event.endpoint_id, limit=AT_ONCE)
    while calls:
        timestamp = int(clock.now().timestamp())
        with ThreadPoolExecutor(len(calls), thread_name_prefix="webhooks") as pool:
            outcomes = list(pool.map(lambda call, sent_at=timestamp: _sent(client, call, sent_at), calls))
        crash_point("webhooks.sent")
        with run.transaction() as session:
            record_outcomes(
                session, event.endpoint_id, {call.delivery_id: one for call, one in zip(calls, outcomes, strict=True)}
            )
            session.flush()
            calls = due_calls(session, event.endpoint_id, limit=AT_ONCE)
            if calls and time.monotonic() > until:
                emit(session, DeliveriesDue(organisation_id=event.organisation_id, endpoint_id=event.endpoint_id))
                run.end()
                calls = []


def _sent(client: GuardedHttp, call: Call, timestamp: int) -> Outcome:
    """One attempt."""
    headers = {
        "Content-Type": "application/json",
        **signed_headers(call.message_id, timestamp, call.body, call.secrets),
    }
    started = time.monotonic()
    try:
        answer = client.post(call.url, call.body, headers=headers, kept=KEPT_BYTES, total_seconds=ANSWER_SECONDS)
    except Rejected as error:
        return Outcome(error=error.code, seconds=time.monotonic() - started)
    except Unavailable:
        return Outcome(error="no_answer", seconds=time.monotonic() - started)
    seconds = time.monotonic() - started
    if 200 <= answer.status < 300:
        return Outcome(status=answer.status, seconds=seconds, response=answer.body)
    asked = retry_after(answer.headers) if "Retry-After" in answer.headers else None
    return Outcome(
        status=answer.status,
        error=f"http_{answer.status}",
        seconds=seconds,
        response=answer.body,
        retry_after=asked,
    )
