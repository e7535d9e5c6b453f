"""EDI in ANSI X12: inventory (846) and price catalogue (832)."""

from app.adapters.feeds.x12.adapter import X12

ADAPTER = X12()
