"""Bank transfer, for installations without a payment processor."""

from app.adapters.processors.manual.adapter import Manual

ADAPTER = Manual()
