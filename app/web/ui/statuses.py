"""How every status is shown: label and tone. One table, so that a word means the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.kit.texts import marked as _


@dataclass(frozen=True, slots=True)
class Shown:
    """A status for people. ``tone``: success, warning, critical, info or neutral."""

    label: str
    tone: str


_SUCCESS, _WARNING, _CRITICAL, _INFO, _NEUTRAL = "success", "warning", "critical", "info", "neutral"

STATUSES: Mapping[str, Mapping[str, Shown]] = {
    "order": {
        "PENDING": Shown(_("New"), _INFO),
        "ON_HOLD": Shown(_("On hold"), _WARNING),
        "CONFIRMED": Shown(_("Confirmed"), _INFO),
        "PROCESSING": Shown(_("Being packed"), _INFO),
        "BACKORDERED": Shown(_("Backordered"), _WARNING),
        "PARTIALLY_SHIPPED": Shown(_("Partly shipped"), _INFO),
        "SHIPPED": Shown(_("Shipped"), _INFO),
        "DELIVERED": Shown(_("Delivered"), _SUCCESS),
        "CANCELLED": Shown(_("Cancelled"), _NEUTRAL),
        "RETURNED": Shown(_("Returned"), _NEUTRAL),
    },
    "line": {
        "open": Shown(_("Open"), _INFO),
        "accepted": Shown(_("Accepted"), _INFO),
        "backordered": Shown(_("Backordered"), _WARNING),
        "rejected": Shown(_("Rejected"), _CRITICAL),
        "partially_shipped": Shown(_("Partly shipped"), _INFO),
        "shipped": Shown(_("Shipped"), _INFO),
        "delivered": Shown(_("Delivered"), _SUCCESS),
        "cancelled": Shown(_("Cancelled"), _NEUTRAL),
    },
    "transmission": {
        "QUEUED": Shown(_("Waits to be sent"), _INFO),
        "SENDING": Shown(_("Sending"), _INFO),
        "SENT": Shown(_("Sent"), _INFO),
        "DELIVERED": Shown(_("Received by the supplier"), _SUCCESS),
        "REJECTED": Shown(_("Refused"), _CRITICAL),
        "OUTCOME_UNKNOWN": Shown(_("Checking with the supplier"), _WARNING),
        "NOT_RECEIVED": Shown(_("Not received; sent again"), _WARNING),
        "WITHDRAWN": Shown(_("Not sent: cancelled before"), _NEUTRAL),
    },
    "change_message": {
        "QUEUED": Shown(_("Waits to be sent"), _INFO),
        "SENDING": Shown(_("Sending"), _INFO),
        "SENT": Shown(_("Asked"), _INFO),
        "DELIVERED": Shown(_("Received by the supplier"), _SUCCESS),
        "REJECTED": Shown(_("Not taken: people are asked"), _WARNING),
        "OUTCOME_UNKNOWN": Shown(_("No answer yet"), _WARNING),
        "WITHDRAWN": Shown(_("Not sent: no longer asked for"), _NEUTRAL),
        "BY_PEOPLE": Shown(_("The system takes none: people are asked"), _WARNING),
    },
    "channel_answer": {
        "acknowledgement": Shown(_("Answer"), _INFO),
        "shipment": Shown(_("Parcel"), _INFO),
        "invoice": Shown(_("Invoice"), _INFO),
        "cancellation": Shown(_("Cancellation"), _INFO),
        "change": Shown(_("Answer to a change"), _INFO),
        "receipt": Shown(_("Receipt"), _INFO),
        "unreadable": Shown(_("File"), _INFO),
    },
    "listing": {
        "DRAFT": Shown(_("In the import list"), _NEUTRAL),
        "PUSHING": Shown(_("On its way"), _INFO),
        "LIVE": Shown(_("Live"), _SUCCESS),
        "OUT_OF_SYNC": Shown(_("Being updated"), _INFO),
        "FAILED": Shown(_("Refused"), _CRITICAL),
        "HIDDEN": Shown(_("Hidden"), _NEUTRAL),
        "UNLINKED": Shown(_("Deleted in the store"), _WARNING),
    },
    "delivery": {
        "unknown": Shown(_("No scan yet"), _NEUTRAL),
        "pre_transit": Shown(_("Label created"), _NEUTRAL),
        "in_transit": Shown(_("In transit"), _INFO),
        "out_for_delivery": Shown(_("Out for delivery"), _INFO),
        "available_for_pickup": Shown(_("Ready to collect"), _WARNING),
        "delivered": Shown(_("Delivered"), _SUCCESS),
        "return_to_sender": Shown(_("Going back"), _WARNING),
        "failure": Shown(_("Delivery problem"), _CRITICAL),
    },
    "shipment": {
        "announced": Shown(_("Announced"), _WARNING),
        "shipped": Shown(_("On its way"), _INFO),
        "returned": Shown(_("Came back"), _NEUTRAL),
        "lost": Shown(_("Lost"), _CRITICAL),
        "voided": Shown(_("Taken back"), _NEUTRAL),
    },
    "label": {
        "QUOTED": Shown(_("Not bought"), _NEUTRAL),
        "BUYING": Shown(_("Being bought"), _INFO),
        "BOUGHT": Shown(_("Bought"), _SUCCESS),
        "VOIDING": Shown(_("Being given back"), _INFO),
        "VOIDED": Shown(_("Given back"), _NEUTRAL),
    },
    "refund": {
        "submitted": Shown(_("Asked for"), _INFO),
        "refunded": Shown(_("Came back"), _SUCCESS),
        "rejected": Shown(_("Refused"), _CRITICAL),
    },
    "exception": {
        "late": Shown(_("Should have left"), _CRITICAL),
        "no_scan": Shown(_("No scan yet"), _WARNING),
        "stuck": Shown(_("Not moving"), _WARNING),
        "lost": Shown(_("Counts as lost"), _CRITICAL),
        "returned_to_sender": Shown(_("Going back"), _CRITICAL),
        "scanned_after_void": Shown(_("Left, though taken back"), _CRITICAL),
        "unreported": Shown(_("Nobody reports its way"), _WARNING),
        "sent_though_cancelled": Shown(_("Left, though cancelled"), _CRITICAL),
    },
    "return": {
        "REQUESTED": Shown(_("Return requested"), _WARNING),
        "APPROVED": Shown(_("Approved"), _INFO),
        "LABEL_SENT": Shown(_("Label sent"), _INFO),
        "IN_TRANSIT": Shown(_("On its way back"), _INFO),
        "RECEIVED": Shown(_("Being checked"), _WARNING),
        "INSPECTED": Shown(_("Checked"), _WARNING),
        "CREDITED": Shown(_("Credited"), _SUCCESS),
        "CLOSED": Shown(_("Done"), _NEUTRAL),
        "DECLINED": Shown(_("Declined"), _NEUTRAL),
        "EXPIRED": Shown(_("Ran out"), _NEUTRAL),
        "CANCELLED": Shown(_("Withdrawn"), _NEUTRAL),
    },
    "store_refund": {
        "ASKED": Shown(_("The store is asked"), _INFO),
        "MADE": Shown(_("Refunded"), _SUCCESS),
        "REFUSED": Shown(_("Refused by the store"), _CRITICAL),
        "BY_HAND": Shown(_("Refunded by hand"), _NEUTRAL),
    },
    "change_request": {
        "OPEN": Shown(_("Waits for the supplier"), _WARNING),
        "ACCEPTED": Shown(_("Accepted"), _SUCCESS),
        "PARTLY": Shown(_("Partly accepted"), _INFO),
        "REFUSED": Shown(_("Refused"), _CRITICAL),
        "WITHDRAWN": Shown(_("Withdrawn"), _NEUTRAL),
    },
    "file_order": {
        "ready": Shown(_("Can be placed"), _INFO),
        "placed": Shown(_("Placed"), _SUCCESS),
        "known": Shown(_("There already"), _NEUTRAL),
        "changed": Shown(_("Costs something else"), _WARNING),
        "rejected": Shown(_("Can't be taken"), _CRITICAL),
    },
    "shopper_return": {
        "WAITING": Shown(_("Waiting for you"), _WARNING),
        "GRANTED": Shown(_("Agreed"), _SUCCESS),
        "REFUSED": Shown(_("Refused"), _NEUTRAL),
    },
    "key": {
        "active": Shown(_("In use"), _SUCCESS),
        "ending": Shown(_("Ends soon"), _WARNING),
        "replaced": Shown(_("Replaced"), _NEUTRAL),
    },
    "store": {
        "pending": Shown(_("Waiting for you in the store"), _WARNING),
        "connected": Shown(_("Connected"), _SUCCESS),
        "access_lost": Shown(_("Access lost"), _CRITICAL),
        "uninstalled": Shown(_("Uninstalled"), _CRITICAL),
        "disconnected": Shown(_("Disconnected"), _NEUTRAL),
    },
    "supplier": {
        "APPLIED": Shown(_("Applied"), _WARNING),
        "IN_REVIEW": Shown(_("In review"), _WARNING),
        "NEEDS_INFO": Shown(_("Needs more information"), _WARNING),
        "TESTING": Shown(_("Being tested"), _INFO),
        "ACTIVE": Shown(_("Active"), _SUCCESS),
        "SUSPENDED": Shown(_("Suspended"), _CRITICAL),
        "REJECTED": Shown(_("Rejected"), _NEUTRAL),
        "TERMINATED": Shown(_("Ended"), _NEUTRAL),
    },
    "feed_source": {
        "new": Shown(_("Not looked at yet"), _NEUTRAL),
        "ok": Shown(_("Works"), _SUCCESS),
        "paused": Shown(_("Paused"), _NEUTRAL),
        "failed": Shown(_("Brings no file"), _CRITICAL),
        "unreadable": Shown(_("File can't be read"), _CRITICAL),
        "needs_mapping": Shown(_("Columns to confirm"), _WARNING),
        "quarantined": Shown(_("Held for you to look at"), _WARNING),
    },
    "feed_fetch": {
        "taken": Shown(_("New file"), _SUCCESS),
        "unchanged": Shown(_("Nothing new"), _NEUTRAL),
        "failed": Shown(_("Failed"), _CRITICAL),
        "tested": Shown(_("Test"), _INFO),
    },
    "set_up": {
        "done": Shown(_("Done"), _SUCCESS),
        "open": Shown(_("Not done"), _NEUTRAL),
        "asked": Shown(_("Asked"), _WARNING),
    },
    "check": {
        "good": Shown(_("Fits"), _SUCCESS),
        "look": Shown(_("Look at it"), _WARNING),
        "bad": Shown(_("Does not fit"), _CRITICAL),
        "unknown": Shown(_("Can't be checked"), _NEUTRAL),
    },
    "measure": {
        "good": Shown(_("At its goal"), _SUCCESS),
        "near": Shown(_("Near its goal"), _INFO),
        "below": Shown(_("Below its goal"), _WARNING),
        "few": Shown(_("Too few to say"), _NEUTRAL),
    },
    "feed": {
        "NEEDS_MAPPING": Shown(_("Columns to confirm"), _WARNING),
        "CHECKING": Shown(_("Being read"), _INFO),
        "READY": Shown(_("Ready to take over"), _WARNING),
        "QUARANTINED": Shown(_("Held for you to look at"), _WARNING),
        "APPLYING": Shown(_("Being taken over"), _INFO),
        "APPLIED": Shown(_("Taken over"), _SUCCESS),
        "FAILED": Shown(_("Can't be read"), _CRITICAL),
        "DISCARDED": Shown(_("Discarded"), _NEUTRAL),
        "CANCELLED": Shown(_("Stopped"), _WARNING),
        "ROLLING_BACK": Shown(_("Being rolled back"), _INFO),
        "ROLLED_BACK": Shown(_("Rolled back"), _NEUTRAL),
    },
    "feed_row": {
        "new": Shown(_("New"), _SUCCESS),
        "changed": Shown(_("Changed"), _INFO),
        "unchanged": Shown(_("Unchanged"), _NEUTRAL),
        "merged": Shown(_("Merged"), _NEUTRAL),
        "rejected": Shown(_("Rejected"), _CRITICAL),
    },
    "product": {
        "active": Shown(_("On offer"), _SUCCESS),
        "draft": Shown(_("Draft"), _NEUTRAL),
        "ended": Shown(_("Ended"), _NEUTRAL),
    },
    "stock": {
        "ok": Shown(_("In stock"), _NEUTRAL),
        "low": Shown(_("Running low"), _WARNING),
        "out": Shown(_("Sold out"), _NEUTRAL),
        "stale": Shown(_("Too old, shown as 0"), _CRITICAL),
        "short": Shown(_("Less than ordered"), _CRITICAL),
        "unknown": Shown(_("Unknown"), _WARNING),
    },
    "category": {
        "to_confirm": Shown(_("To confirm"), _WARNING),
        "mapped": Shown(_("In use"), _INFO),
        "confirmed": Shown(_("Confirmed"), _SUCCESS),
    },
    "charge": {
        "PENDING": Shown(_("Not charged yet"), _NEUTRAL),
        "SENDING": Shown(_("Being charged"), _INFO),
        "PROCESSING": Shown(_("Processing"), _INFO),
        "PAID": Shown(_("Paid"), _SUCCESS),
        "CARRIED": Shown(_("With your next order"), _INFO),
        "FAILED": Shown(_("Declined"), _CRITICAL),
        "ACTION_REQUIRED": Shown(_("Confirm with your bank"), _WARNING),
        "CANCELLED": Shown(_("Cancelled"), _NEUTRAL),
    },
    "earning": {
        "HELD": Shown(_("Held until delivery is settled"), _INFO),
        "PAYABLE": Shown(_("Payable"), _WARNING),
        "PAID": Shown(_("Paid"), _SUCCESS),
        "REVERSED": Shown(_("Taken back"), _NEUTRAL),
    },
    "payout": {
        "SCHEDULED": Shown(_("Scheduled"), _NEUTRAL),
        "SENDING": Shown(_("On its way"), _INFO),
        "HELD": Shown(_("Waiting"), _WARNING),
        "PAID": Shown(_("Paid"), _SUCCESS),
        "FAILED": Shown(_("Failed"), _CRITICAL),
    },
    "break": {
        "OPEN": Shown(_("Open"), _CRITICAL),
        "EXPLAINED": Shown(_("Explained"), _NEUTRAL),
        "FIXED": Shown(_("Gone"), _SUCCESS),
    },
    "webhook": {
        "ACTIVE": Shown(_("Active"), _SUCCESS),
        "FAILING": Shown(_("Failing"), _WARNING),
        "PAUSED": Shown(_("Paused"), _NEUTRAL),
        "DISABLED": Shown(_("Switched off"), _CRITICAL),
    },
    "webhook_delivery": {
        "WAITING": Shown(_("Waiting"), _INFO),
        "DELIVERED": Shown(_("Delivered"), _SUCCESS),
        "FAILED": Shown(_("Failed"), _CRITICAL),
    },
    "ball": {
        "mine": Shown(_("You"), _WARNING),
        "retailer": Shown(_("Retailer"), _NEUTRAL),
        "supplier": Shown(_("Supplier"), _NEUTRAL),
        "platform": Shown(_("Crossdock"), _NEUTRAL),
        "outside": Shown(_("Bank, store or carrier"), _NEUTRAL),
    },
    "bulk_row": {
        "waiting": Shown(_("Waiting"), _NEUTRAL),
        "done": Shown(_("Done"), _SUCCESS),
        "asked": Shown(_("Supplier asked"), _INFO),
        "unchanged": Shown(_("As it was"), _NEUTRAL),
        "refused": Shown(_("Left as it is"), _WARNING),
    },
    "mark": {
        "test": Shown(_("Test"), _NEUTRAL),
        "sample": Shown(_("Sample"), _INFO),
        "unpaid": Shown(_("Not paid"), _WARNING),
        "promoted": Shown(_("Promoted"), _INFO),
        "unread": Shown(_("New"), _INFO),
        "below_cost": Shown(_("Below cost"), _WARNING),
    },
    "placement": {
        "running": Shown(_("Running"), _SUCCESS),
        "coming": Shown(_("Coming"), _INFO),
        "ended": Shown(_("Ended"), _NEUTRAL),
    },
    "notice": {
        "info": Shown(_("News"), _INFO),
        "warning": Shown(_("Look at it"), _WARNING),
        "critical": Shown(_("To do"), _CRITICAL),
        "resolved": Shown(_("Done with"), _SUCCESS),
    },
    "task": {
        "PENDING": Shown(_("Waiting"), _NEUTRAL),
        "ENQUEUED": Shown(_("Handed out"), _INFO),
        "RUNNING": Shown(_("Running"), _INFO),
        "DONE": Shown(_("Done"), _SUCCESS),
        "DEAD": Shown(_("Needs a person"), _CRITICAL),
        "SKIPPED": Shown(_("Skipped"), _NEUTRAL),
    },
}


def shown(kind: str, status: str) -> Shown:
    """How a status is shown; one that the table does not know is shown as it is."""
    return STATUSES[kind].get(status) or Shown(status.replace("_", " ").capitalize(), _NEUTRAL)
