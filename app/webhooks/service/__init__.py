"""Changing endpoints, recording what happened, and noting how its delivery went."""

from app.webhooks.service.delivering import Call, Outcome, due_calls, put_due_to_work, record_outcomes
from app.webhooks.service.endpoints import (
    EndpointSpec,
    add_endpoint,
    change_endpoint,
    pause_endpoint,
    remove_endpoint,
    resume_endpoint,
    rotate_secret,
    trouble,
)
from app.webhooks.service.recording import Fact, anybody_listens, forget_old, listeners, record, send_test
from app.webhooks.service.redelivering import redeliver, redeliver_since

__all__ = [
    "Call",
    "EndpointSpec",
    "Fact",
    "Outcome",
    "add_endpoint",
    "anybody_listens",
    "change_endpoint",
    "due_calls",
    "forget_old",
    "listeners",
    "pause_endpoint",
    "put_due_to_work",
    "record",
    "record_outcomes",
    "redeliver",
    "redeliver_since",
    "remove_endpoint",
    "resume_endpoint",
    "rotate_secret",
    "send_test",
    "trouble",
]
