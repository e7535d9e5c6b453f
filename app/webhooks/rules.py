"""Which events there are, how they are told, and how long an endpoint that fails is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from app.kit.texts import marked as _

ACTIVE, FAILING, PAUSED, DISABLED = "ACTIVE", "FAILING", "PAUSED", "DISABLED"
WAITING, DELIVERED, FAILED = "WAITING", "DELIVERED", "FAILED"
DELIVERY_STATES = (WAITING, DELIVERED, FAILED)
#: Endpoints in these states are sent to.
OPEN = (ACTIVE, FAILING)
#: The message that a person sends to see whether an endpoint works.
TEST = "endpoint.test"

MOST_ENDPOINTS = 20
LONGEST_URL = 2000
#: How long the secret before signs too, unless chosen otherwise, and at most.
USUAL_OVERLAP, LONGEST_OVERLAP = timedelta(days=1), timedelta(days=30)
#: How long events can be read and sent again.
EVENTS_KEPT = timedelta(days=90)
#: How long the record of a delivery is kept; one that failed stays as long as its event.
DELIVERED_KEPT = timedelta(days=30)

_WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
#: After so long without success a message is given up, and an endpoint that took nothing at all is switched off.
GIVE_UP_AFTER = timedelta(days=3)
#: So many messages refused, and none taken meanwhile: an endpoint counts as failing, and is asked with one only.
FAILING_AFTER = 3
#: Its owners are told when it has failed for so long, and then once a day.
TOLD_AFTER, TOLD_EVERY = timedelta(hours=1), timedelta(days=1)

_SUPPLIER_ORDER = "/api/supplier/orders/{purchase_order_id}"
_ORDER = "/api/orders/{order_id}"
_ORDER_STATUS = "/api/orders/{order_id}/status"


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event. ``links``: kind of organisation → where its object is read, filled in from the event's data;
    a kind whose objects the API does not show has none. ``fields``: what its data holds beside ``url``."""

    name: str
    meaning: str
    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=dict)


_BOTH = ("supplier", "retailer")
_SHIPMENT_LINKS = {"supplier": _SUPPLIER_ORDER, "retailer": _ORDER_STATUS}
_TYPES = (
    EventType(
        "purchase_order.created",
        _("A purchase order is paid for and waits for your answer"),
        ("supplier",),
        ("purchase_order_id",),
        {"supplier": _SUPPLIER_ORDER},
    ),
    EventType(
        "purchase_order.updated",
        _("A purchase order's status has changed"),
        ("supplier",),
        ("purchase_order_id", "status"),
        {"supplier": _SUPPLIER_ORDER},
    ),
    EventType(
        "purchase_order.cancelled",
        _("A purchase order is cancelled as a whole: send nothing of it"),
        ("supplier",),
        ("purchase_order_id",),
        {"supplier": _SUPPLIER_ORDER},
    ),
    EventType(
        "purchase_order.lines_cancelled",
        _("Units of a purchase order were cancelled, or given to another supplier"),
        ("supplier",),
        ("purchase_order_id",),
        {"supplier": _SUPPLIER_ORDER},
    ),
    EventType(
        "purchase_order.answer_overdue",
        _("A purchase order waits for your answer, and its time is over"),
        ("supplier",),
        ("purchase_order_id",),
        {"supplier": _SUPPLIER_ORDER},
    ),
    EventType(
        "purchase_order.change_requested",
        _("You are asked to stop units, or to send to another address: answer it"),
        ("supplier",),
        ("purchase_order_id", "change_request_id", "kind"),
        {"supplier": "/api/supplier/change-requests/{change_request_id}"},
    ),
    EventType(
        "purchase_order.change_answered",
        _("A request to change a purchase order is over"),
        _BOTH,
        ("purchase_order_id", "change_request_id", "kind", "state"),
        {
            "supplier": "/api/supplier/change-requests/{change_request_id}",
            "retailer": "/api/change-requests/{change_request_id}",
        },
    ),
    EventType(
        "purchase_order.acknowledged",
        _("A supplier has answered a purchase order"),
        ("retailer",),
        ("order_id", "purchase_order_id"),
        {"retailer": _ORDER},
    ),
    EventType(
        "order.created",
        _("An order has its suppliers and its stock, and is to be paid"),
        ("retailer",),
        ("order_id",),
        {"retailer": _ORDER},
    ),
    EventType(
        "order.held", _("An order waits for somebody"), ("retailer",), ("order_id", "reason"), {"retailer": _ORDER}
    ),
    EventType(
        "order.resumed", _("Nothing holds an order any more"), ("retailer",), ("order_id",), {"retailer": _ORDER}
    ),
    EventType(
        "order.paid",
        _("An order is paid, and its suppliers are told"),
        ("retailer",),
        ("order_id",),
        {"retailer": _ORDER},
    ),
    EventType(
        "order.updated",
        _("The status of one of an order's purchase orders has changed"),
        ("retailer",),
        ("order_id", "purchase_order_id", "status"),
        {"retailer": _ORDER_STATUS},
    ),
    EventType(
        "order.lines_rejected",
        _("A supplier can't send units of an order"),
        ("retailer",),
        ("order_id", "purchase_order_id"),
        {"retailer": _ORDER},
    ),
    EventType(
        "order.lines_rerouted",
        _("Units were taken from a supplier, and another one delivers them"),
        ("retailer",),
        ("order_id", "purchase_order_id"),
        {"retailer": _ORDER},
    ),
    EventType(
        "order.answer_overdue",
        _("A supplier has not answered, although it was reminded"),
        ("retailer",),
        ("order_id", "purchase_order_id"),
        {"retailer": _ORDER},
    ),
    EventType(
        "order.decision_needed",
        _("You are to decide about units that do not come as ordered"),
        ("retailer",),
        ("order_id", "decision_id", "kind"),
        {"retailer": "/api/orders/{order_id}/decisions"},
    ),
    EventType(
        "order.decision_waits",
        _("Units wait for stock, until a day at the latest: tell your customer"),
        ("retailer",),
        ("order_id", "decision_id", "until"),
        {"retailer": "/api/orders/{order_id}/decisions"},
    ),
    EventType(
        "order.decision_made",
        _("What is to become of them is decided and carried out"),
        ("retailer",),
        ("order_id", "decision_id", "choice", "chosen_by"),
        {"retailer": "/api/orders/{order_id}/decisions"},
    ),
    EventType(
        "store_refund.asked",
        _("Your store is to refund its customer: a custom store's own system does it and reports it"),
        ("retailer",),
        ("order_id", "store_refund_id"),
        {"retailer": "/api/store-refunds/{store_refund_id}"},
    ),
    EventType(
        "store_refund.updated",
        _("A refund in your store was made, was refused, or was seen to by hand"),
        ("retailer",),
        ("order_id", "store_refund_id", "state"),
        {"retailer": "/api/store-refunds/{store_refund_id}"},
    ),
    EventType(
        "order.lapsed",
        _("An order was not paid in time and is cancelled"),
        ("retailer",),
        ("order_id",),
        {"retailer": _ORDER},
    ),
    EventType(
        "shipment.created",
        _("A parcel has left"),
        _BOTH,
        ("shipment_id", "purchase_order_id"),
        _SHIPMENT_LINKS,
    ),
    EventType(
        "shipment.announced",
        _("A parcel is to leave on a later day"),
        _BOTH,
        ("shipment_id", "purchase_order_id"),
        _SHIPMENT_LINKS,
    ),
    EventType(
        "shipment.corrected",
        _("A parcel's carrier, number or units were put right"),
        _BOTH,
        ("shipment_id", "purchase_order_id"),
        _SHIPMENT_LINKS,
    ),
    EventType(
        "shipment.voided",
        _("A parcel never left and was taken back"),
        _BOTH,
        ("shipment_id", "purchase_order_id"),
        _SHIPMENT_LINKS,
    ),
    EventType(
        "shipment.updated",
        _("A parcel was seen on its way"),
        _BOTH,
        ("shipment_id", "purchase_order_id", "delivery_status"),
        _SHIPMENT_LINKS,
    ),
    EventType(
        "shipment.delivered",
        _("A parcel has arrived"),
        _BOTH,
        ("shipment_id", "purchase_order_id"),
        _SHIPMENT_LINKS,
    ),
    EventType(
        "listing.failed",
        _("A store refused a listing, its price or its stock"),
        ("retailer",),
        ("store_id", "listing_ids"),
        {"retailer": "/api/listings?store_id={store_id}&state=FAILED"},
    ),
    EventType(
        "listing.stock_changed",
        _("There is more or less of variants that you list"),
        ("retailer",),
        ("supplier_id", "variant_ids"),
        {"retailer": "/api/suppliers/{supplier_id}/products"},
    ),
    EventType(
        "listing.price_changed",
        _("Prices of your listings have changed with their cost or your rule"),
        ("retailer",),
        ("store_id", "listing_ids"),
        {"retailer": "/api/listings?store_id={store_id}"},
    ),
    EventType(
        "store.connected",
        _("A store can be reached"),
        ("retailer",),
        ("store_id",),
        {"retailer": "/api/sync/status"},
    ),
    EventType(
        "store.disconnected",
        _("A store can't be reached any more"),
        ("retailer",),
        ("store_id", "reason"),
        {"retailer": "/api/sync/status"},
    ),
    EventType(
        "product.updated",
        _("Texts, pictures, prices or status of your products have changed"),
        ("supplier",),
        ("product_ids",),
        {"supplier": "/api/supplier/products"},
    ),
    EventType(
        "inventory.shortfall",
        _("Your figure fell below what is ordered"),
        ("supplier",),
        ("shortfall_id", "variant_id", "missing"),
        {"supplier": "/api/supplier/orders"},
    ),
    EventType(
        "feed_run.finished",
        _("A product file was taken over, or can't be read"),
        ("supplier",),
        ("run_id", "state"),
        {"supplier": "/api/supplier/uploads/{run_id}"},
    ),
    EventType(
        "feed_run.held",
        _("A file differs so much that somebody must look at it"),
        ("supplier",),
        ("run_id",),
        {"supplier": "/api/supplier/uploads/{run_id}"},
    ),
    EventType(
        "feed_run.needs_mapping",
        _("A file waits for somebody to say what its columns are"),
        ("supplier",),
        ("run_id",),
        {"supplier": "/api/supplier/uploads/{run_id}"},
    ),
    EventType(
        "feed.failing",
        _("A feed brings no file any more"),
        ("supplier",),
        ("source_id",),
        {"supplier": "/api/supplier/feeds"},
    ),
    EventType("payout.sent", _("Money is on its way to you"), ("supplier",), ("payout_id",)),
    EventType(
        "test_order.created",
        _("A test order waits for you"),
        ("supplier",),
        ("test_order_id",),
        {"supplier": "/api/supplier/orders/{test_order_id}"},
    ),
    EventType("account.status_changed", _("You may sell now, or no longer"), ("supplier",), ("status",)),
    EventType(TEST, _("Somebody wants to see whether this endpoint works"), _BOTH, ("endpoint_id",)),
)
EVENT_TYPES: Mapping[str, EventType] = {one.name: one for one in _TYPES}


def types_of(kind: str) -> list[EventType]:
    """What an organisation of this kind can choose to be told. Everybody can be sent a test."""
    return [one for one in _TYPES if kind in one.kinds and one.name != TEST]


def link_of(type_name: str, kind: str, data: Mapping[str, object]) -> str | None:
    """The path at which an event's object is read by an organisation of this kind."""
    template = EVENT_TYPES[type_name].links.get(kind)
    return template.format_map(data) if template is not None else None


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts (1 or more): from 5 seconds to a day."""
    return _WAITS[min(attempts, len(_WAITS)) - 1]


def url_problem(url: str, *, plain_allowed: bool) -> str | None:
    """Why an address can't be an endpoint's, by its form, in a sentence; None when it can. ``plain_allowed``: http
    too, for development. Where its host is, is found out when something is sent."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "That is not an address. It looks like https://example.com/hooks"
    if not host or len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        return "That is not an address. It looks like https://example.com/hooks"
    if parts.scheme != "https" and not (plain_allowed and parts.scheme == "http"):
        return "The address must begin with https://, so that nobody on the way can read or change what is sent."
    if parts.username is not None or parts.password is not None:
        return "Leave the user name and password out of the address; check the signature instead."
    if parts.fragment:
        return "Leave out what follows the #: it is never sent."
    return None
