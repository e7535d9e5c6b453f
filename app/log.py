"""Structured logs: one JSON object a line, with request id and organisation, and never a secret or a person.

Of an exception its kind and its place are written, not its message: a database's names the value that was there
twice, an HTTP client's the whole address. Only the level ``DEBUG`` shows messages, which is not for production.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Keys whose values never reach a log, whoever passes them.
_FORBIDDEN = re.compile(
    r"(password|secret|token|authorization|cookie|api_?key|credential|address|phone|e?mail|name$|body|payload)",
    re.IGNORECASE,
)
#: Keys that match the pattern above but hold nothing personal.
_HARMLESS = frozenset({"job_name", "event_name", "process_name", "address_country"})


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if key not in _HARMLESS and _FORBIDDEN.search(key):
            event[key] = "[redacted]"
    return event


class _Exceptions(structlog.tracebacks.ExceptionDictTransformer):
    """What is written of an exception, without the local variables, which hold what must never be written down."""

    def __init__(self, *, messages: bool) -> None:
        super().__init__(show_locals=False)
        self._messages = messages

    def _as_dict(self, trace: structlog.tracebacks.Trace) -> list[dict[str, Any]]:
        stacks = super()._as_dict(trace)
        if not self._messages:
            for stack in stacks:
                stack["exc_value"] = "[withheld]"
                stack["exc_notes"] = []
                stack["syntax_error"] = None
        return stacks


def configure(level: str = "INFO") -> None:
    """Set up logging for this process; the standard library's loggers join in."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(_Exceptions(messages=level == "DEBUG")),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("urllib3", "rq", "rq.worker", "stripe", "werkzeug", "alembic"):
        logging.getLogger(noisy).setLevel("WARNING")


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; event names are short and stable, facts go in as keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
