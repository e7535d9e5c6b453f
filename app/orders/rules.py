"""Decisions about orders, on plain values."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from app.kit.countries import is_country

#: Countries without postal codes that shipping needs (Universal Postal Union's list, the common ones).
WITHOUT_POSTAL_CODE = frozenset(
    [
        "AE",
        "AG",
        "AN",
        "AO",
        "AW",
        "BF",
        "BI",
        "BJ",
        "BO",
        "BS",
        "BW",
        "BZ",
        "CD",
        "CF",
        "CG",
        "CI",
        "CK",
        "CM",
        "DJ",
        "DM",
        "ER",
        "FJ",
        "GD",
        "GH",
        "GM",
        "GN",
        "GQ",
        "GY",
        "HK",
        "IE",
        "JM",
        "KE",
        "KI",
        "KM",
        "KN",
        "KP",
        "LC",
        "ML",
        "MO",
        "MR",
        "MS",
        "MU",
        "MW",
        "NR",
        "NU",
        "PA",
        "QA",
        "RW",
        "SB",
        "SC",
        "SL",
        "SO",
        "SR",
        "ST",
        "SY",
        "TF",
        "TK",
        "TL",
        "TO",
        "TT",
        "TV",
        "TZ",
        "UG",
        "VU",
        "YE",
        "ZA",
        "ZW",
    ]
)


class HoldReason(StrEnum):
    """Why an order waits."""

    NO_PAYMENT_METHOD = "no_payment_method"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_ACTION_REQUIRED = "payment_action_required"
    OUT_OF_STOCK = "out_of_stock"
    ADDRESS_INCOMPLETE = "address_incomplete"
    NOT_SHIPPED_THERE = "not_shipped_there"
    NOT_ON_OFFER = "not_on_offer"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    ROUTING_RULES = "routing_rules"
    TEST_ORDER = "test_order"


#: Holds that payment alone releases.
PAYMENT_HOLDS = frozenset({HoldReason.NO_PAYMENT_METHOD, HoldReason.PAYMENT_FAILED, HoldReason.PAYMENT_ACTION_REQUIRED})

#: What the retailer can do about each, as a sentence.
ADVICE: dict[HoldReason, str] = {
    HoldReason.NO_PAYMENT_METHOD: "Add a payment card under Billing; the order goes on by itself.",
    HoldReason.PAYMENT_FAILED: "Your card was declined. Use another card under Billing; the order goes on by itself.",
    HoldReason.PAYMENT_ACTION_REQUIRED: "Your bank wants you to confirm the payment under Billing.",
    HoldReason.OUT_OF_STOCK: "Wait for stock and try again, or cancel the lines that can't be delivered.",
    HoldReason.ADDRESS_INCOMPLETE: "Complete the delivery address, then release the order.",
    HoldReason.NOT_SHIPPED_THERE: "The supplier does not ship to this country. Cancel the line or change the address.",
    HoldReason.NOT_ON_OFFER: "The supplier no longer offers this item. Cancel the line and refund your customer.",
    HoldReason.NO_EXCHANGE_RATE: "No exchange rate is known yet; the order goes on when there is one.",
    HoldReason.ROUTING_RULES: "No supplier fits your routing rules. Change the rules, then try again.",
    HoldReason.TEST_ORDER: "A test of your store: you are not charged and no supplier is told. It goes no further.",
}

PENDING, ON_HOLD, CONFIRMED, PROCESSING = "PENDING", "ON_HOLD", "CONFIRMED", "PROCESSING"
PARTIALLY_SHIPPED, SHIPPED, DELIVERED = "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED"
BACKORDERED, CANCELLED, RETURNED = "BACKORDERED", "CANCELLED", "RETURNED"

STATUSES = (
    PENDING,
    ON_HOLD,
    CONFIRMED,
    PROCESSING,
    BACKORDERED,
    PARTIALLY_SHIPPED,
    SHIPPED,
    DELIVERED,
    CANCELLED,
    RETURNED,
)


def order_status(purchase_orders: Sequence[str], *, held: bool, cancelled: bool = False) -> str:
    """An order's status from those of its purchase orders. ``cancelled``: every line was cancelled."""
    live = [status for status in purchase_orders if status != CANCELLED]
    if cancelled or (purchase_orders and not live):
        return CANCELLED
    if held:
        return ON_HOLD
    if not live:
        return PENDING
    if all(status == RETURNED for status in live):
        return RETURNED
    done = {DELIVERED, RETURNED}
    if all(status in done for status in live):
        return DELIVERED
    gone = done | {SHIPPED}
    if all(status in gone for status in live):
        return SHIPPED
    if any(status in gone or status == PARTIALLY_SHIPPED for status in live):
        return PARTIALLY_SHIPPED
    for status in (ON_HOLD, BACKORDERED, PENDING, CONFIRMED):
        if status in live:
            return status
    return PROCESSING


def address_problem(
    *, name: str, address1: str, city: str, postal_code: str, country_code: str
) -> tuple[str, str] | None:
    """What a delivery address lacks: the field, and why in a sentence. None when it can be used."""
    if not name.strip():
        return "name", "The name of the recipient is missing."
    if not address1.strip():
        return "address1", "The street and house number are missing."
    if not city.strip():
        return "city", "The city is missing."
    if not is_country(country_code):
        return "country_code", "The country is missing or not a two-letter ISO code."
    if not postal_code.strip() and country_code not in WITHOUT_POSTAL_CODE:
        return "postal_code", "The postal code is missing."
    return None
