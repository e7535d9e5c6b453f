"""What people can be told of, and how unless they choose otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.kit.texts import marked as _

#: How e-mail comes: at once, gathered once a day, or not at all.
NOW, DAILY, OFF = "now", "daily", "off"
EMAIL_WAYS = (NOW, DAILY, OFF)
#: From this hour of the reader's day on its digest is sent.
DIGEST_HOUR = 7

#: What must reach its reader: it can't be switched off.
ACCOUNT = "account"
#: Topic → how it is called.
TOPICS: Mapping[str, str] = {
    "orders": _("Orders"),
    "stock": _("Stock, listings and stores"),
    "feeds": _("Feeds and files"),
    "money": _("Money"),
    "papers": _("Application and papers"),
    ACCOUNT: _("Account and security"),
}
#: Topic → what belongs to it, in a sentence.
TOPIC_TEXTS: Mapping[str, str] = {
    "orders": _("New orders, orders that wait, parcels in trouble, cancellations, returns."),
    "stock": _("Stores that can't be reached, stock that runs short."),
    "feeds": _("Files that are held or can't be read, feeds that fail."),
    "money": _("Payouts, refunds, exchange rates, differences in the books."),
    "papers": _("Applications, questions of reviewers, papers that run out."),
    ACCOUNT: _("Passwords, invitations, API keys, webhooks. These always come."),
}
#: The letter that gathers others; it belongs to no topic.
DIGEST = "digest"

_TOPIC_OF_KIND: Mapping[str, str] = {
    "order_held": "orders",
    "order_decision": "orders",
    "answer_overdue": "orders",
    "backorder": "orders",
    "order_lapsed": "orders",
    "payment_lapsed": "orders",
    "payment_withdrawn": "orders",
    "paid_in_vain": "orders",
    "cancelled_in_store": "orders",
    "address_changed": "orders",
    "change_request": "orders",
    "lines_cancelled": "orders",
    "refunded_in_store": "orders",
    "risk_told": "orders",
    "hook_refused": "orders",
    "parcel": "orders",
    "purchase_order": "orders",
    "reminder": "orders",
    "return": "orders",
    "shopper_return": "orders",
    "test_order": "orders",
    "channel_failing": "orders",
    "transmission_in_doubt": "orders",
    "transmission_refused": "orders",
    "purchase_order_stopped": "orders",
    "low_stock": "stock",
    "store_lost": "stock",
    "supplier_off_sale": "stock",
    "feed_failing": "feeds",
    "feed_held": "feeds",
    "feed_mapping": "feeds",
    "feed_missing": "feeds",
    "no_exchange_rate": "money",
    "payout_held": "money",
    "plan_usage": "money",
    "reconciliation": "money",
    "refund_failed": "money",
    "store_refund": "money",
    "supplier_applied": "papers",
    "supplier_paper": "papers",
    "supplier_question": "papers",
    "supplier_review": "papers",
    "supplier_score": "papers",
    "supplier_status": "papers",
    "api_key_ends": ACCOUNT,
    # To customers of shops, who choose nothing here.
    "customer_parcels": ACCOUNT,
    "customer_refund": ACCOUNT,
    "customer_return": ACCOUNT,
    "invitation": ACCOUNT,
    "password_reset": ACCOUNT,
    "webhook_failing": ACCOUNT,
}
#: Warnings of what has happened and is not over by anything that is seen here: whoever has read them puts them away.
_HAPPENED = frozenset(
    {
        "address_changed",
        "cancelled_in_store",
        "hook_refused",
        "paid_in_vain",
        "plan_usage",
        "risk_told",
        "supplier_off_sale",
    }
)
#: Role → topics that come otherwise than at once, unless the reader chooses.
_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "support_agent": {"money": DAILY, "papers": DAILY},
    "supplier_catalogue": {"orders": OFF, "money": OFF, "papers": DAILY},
    "supplier_fulfilment": {"stock": DAILY, "feeds": OFF, "money": OFF, "papers": OFF},
    "supplier_finance": {"orders": DAILY, "stock": OFF, "feeds": OFF, "papers": DAILY},
    "retailer_manager": {"money": DAILY},
    "retailer_fulfilment": {"stock": DAILY, "money": OFF},
    "retailer_readonly": {"orders": DAILY, "stock": DAILY, "money": DAILY},
}


def known_kinds() -> frozenset[str]:
    """The kinds of notices and letters that have a topic."""
    return frozenset(_TOPIC_OF_KIND)


def kinds_of(topic: str) -> list[str]:
    """The kinds that belong to a topic."""
    return [kind for kind, its in _TOPIC_OF_KIND.items() if its == topic]


def topic_of(kind: str) -> str:
    """The topic of a notice or letter. One that nobody has placed must reach its reader."""
    return _TOPIC_OF_KIND.get(kind, ACCOUNT)


def can_be_dismissed(kind: str, severity: str) -> bool:
    """Whether a reader may put a notice away. What needs doing stays until its cause is gone."""
    return severity == "info" or kind in _HAPPENED


def is_essential(kind: str) -> bool:
    """Whether a letter comes whatever its reader chose."""
    return topic_of(kind) == ACCOUNT


def default_way(role: str, topic: str) -> str:
    """How e-mail of a topic comes to a role."""
    return _DEFAULTS.get(role, {}).get(topic, NOW)


def digest_day(now: datetime, zone: ZoneInfo) -> date | None:
    """The day whose digest is due; None while it is too early in the reader's day."""
    local = now.astimezone(zone)
    return local.date() if local.hour >= DIGEST_HOUR else None
