"""What a supplier's order system knows and how it answers: independent of how it is served.

It believes nothing that is not signed (https://www.standardwebhooks.com), takes each message once by its id, and
refuses a number that came under another id: that would be a second parcel to the same shopper.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: How old a signature may be, in seconds.
TOLERANCE = 300
#: What it may be asked to change of an order that it has accepted.
CHANGES = (
    "purchase_order.cancellation_requested",
    "purchase_order.address_change_requested",
    "purchase_order.change_request_withdrawn",
)
#: What can be made to go wrong with the next message, each once. ``after``: it takes effect all the same.
FAULTS = ("drop_before", "drop_after", "error_before", "error_after", "busy", "refuse", "unauthorized")


@dataclass
class Order:
    """An order as it came."""

    number: str
    reference: str
    message_id: str
    body: dict[str, Any]
    #: How often its message came.
    seen: int = 1
    stopped: bool = False


@dataclass
class Change:
    """A change that it was asked for: its messages as they came, each once."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: bool = False
    #: How often a message came again.
    again: int = 0


@dataclass(frozen=True)
class Reply:
    """``status`` 0: the connection is dropped without an answer."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


class World:
    """One supplier's system. ``secret`` is what it checks signatures with; ``ships`` what it has begun to pack."""

    def __init__(self, secret: str = "", *, authorization: str = "", tolerance: int = TOLERANCE) -> None:
        self.secret = secret
        self.tolerance = tolerance
        self.authorization = authorization
        self.orders: dict[str, Order] = {}
        self.refused: list[str] = []
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.tests = 0
        self.packing: set[str] = set()
        #: Of orders of which something was cancelled: the units of each line that are left, as it was told last.
        self.wanted: dict[str, list[int]] = {}
        #: What it was asked to change, by the request's id; how it answers at once (None: later, by the API).
        self.changes: dict[str, Change] = {}
        self.knows_changes = True
        self.answers_changes: dict[str, Any] | None = None
        #: What happens elsewhere while it is about to answer such a message, once.
        self.meanwhile: Callable[[], object] | None = None
        self._bodies: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def fail_next(self, *faults: str) -> None:
        """The next messages fail so, one after another."""
        unknown = set(faults) - set(FAULTS)
        if unknown:
            raise ValueError(f"no such faults: {', '.join(sorted(unknown))}")
        with self._lock:
            self.faults += faults

    def post(self, headers: dict[str, str], body: bytes) -> Reply:
        """A message."""
        with self._lock:
            forged = self._forged(headers, body)
            if forged is not None:
                return forged
            fault = self.faults.pop(0) if self.faults else ""
            early = _early(fault)
            if early is not None:
                return early
            reply = self._take(headers["webhook-id"], body)
            if fault == "drop_after":
                return Reply(0)
            return Reply(503) if fault == "error_after" else reply

    def get(self, headers: dict[str, str], number: str) -> Reply:
        """Whether an order is here."""
        with self._lock:
            forged = self._forged(headers, b"")
            if forged is not None:
                return forged
            self.asked.append(number)
            fault = self.faults.pop(0) if self.faults and self.faults[0] in ("drop_before", "error_before") else ""
            early = _early(fault)
            if early is not None:
                return early
            found = self.orders.get(number)
            return Reply(404) if found is None else Reply(200, {"number": number, "reference": found.reference})

    def _forged(self, headers: dict[str, str], body: bytes) -> Reply | None:
        if self.authorization and headers.get("authorization") != self.authorization:
            return Reply(401, {"message": "Who is that?"})
        try:
            message_id, sent_at = headers["webhook-id"], int(headers["webhook-timestamp"])
            given = [one.partition(",")[2] for one in headers["webhook-signature"].split(" ")]
        except (KeyError, ValueError):
            return Reply(400, {"message": "The signature is missing."})
        if abs(time.time() - sent_at) > self.tolerance:
            return Reply(400, {"message": "The signature is too old."})
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = f"{message_id}.{sent_at}.".encode() + body
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        if not any(hmac.compare_digest(wanted, one) for one in given):
            return Reply(400, {"message": "The signature is wrong."})
        return None

    def _take(self, message_id: str, body: bytes) -> Reply:
        repeated = message_id in self._bodies
        before = self._bodies.setdefault(message_id, body)
        if before != body:
            return self._refuse("The same id came with another body.", status=422)
        message = json.loads(body)
        if message["id"] != message_id:
            return self._refuse("The id in the body is another one.", status=422)
        if message["type"] == "test":
            self.tests += 1
            return Reply(200)
        if message["type"] == "purchase_order.created":
            return self._order(message_id, message["data"])
        if message["type"] == "purchase_order.cancelled":
            return self._cancel(message["data"])
        if self.knows_changes and message["type"] == "purchase_order.address_changed":
            order = self.orders[message["data"]["number"]]
            if order.number in self.packing:
                return Reply(409, {"message": "It is being packed."})
            order.body["shipping_address"] = message["data"]["shipping_address"]
            return Reply(200, {"accepted": True})
        if self.knows_changes and message["type"] in CHANGES:
            return self._change(message["type"], message["data"], repeated=repeated)
        return self._refuse(f"Nobody here knows {message['type']}.", status=422)

    def _order(self, message_id: str, data: dict[str, Any]) -> Reply:
        number = data["number"]
        known = self.orders.get(number)
        if known is not None and known.message_id == message_id:
            known.seen += 1
            return Reply(200, {"reference": known.reference})
        if known is not None:
            return self._refuse(f"{number} is here already, under another id.", status=422)
        if not data["lines"] or any(line["quantity"] < 1 for line in data["lines"]):
            return self._refuse("An order needs lines.", status=422)
        address = data["shipping_address"]
        if not address or not address["name"] or not address["postal_code"]:
            return self._refuse("An order needs an address.", status=422)
        order = Order(number, f"SO-{len(self.orders) + 1:04}", message_id, data)
        self.orders[number] = order
        return Reply(201, {"reference": order.reference})

    def _cancel(self, data: dict[str, Any]) -> Reply:
        order = self.orders.get(data["number"])
        if order is None:
            return Reply(404, {"message": "There is no such order."})
        if order.number in self.packing:
            return Reply(409, {"message": "It is being packed."})
        order.stopped = not data["lines"]
        self.wanted[order.number] = [line["quantity"] for line in data["lines"]]
        return Reply(200, {"stopped": True})

    def _change(self, kind: str, data: dict[str, Any], *, repeated: bool) -> Reply:
        if data["number"] not in self.orders:
            return Reply(404, {"message": "There is no such order."})
        change = self.changes.setdefault(data["change_request_id"], Change())
        change.again += repeated
        if kind.endswith("withdrawn"):
            change.withdrawn = True
            if change.asked and (self.answers_changes or {}).get("accepted"):
                # It was stopped at once.
                lines = [{"id": one["id"], "quantity": one["quantity"]} for one in change.asked[-1]["lines"]]
                return Reply(200, {"accepted": True, "lines": lines})
            return Reply(200)
        if not repeated:
            change.asked.append(data)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if data["number"] in self.packing:
            return Reply(409, {"message": "It is being packed."})
        return Reply(202) if self.answers_changes is None else Reply(200, self.answers_changes)

    def _refuse(self, message: str, *, status: int) -> Reply:
        self.refused.append(message)
        return Reply(status, {"message": message, "code": "refused"})


def _early(fault: str) -> Reply | None:
    """The answer of a fault that comes before anything takes effect."""
    return {
        "drop_before": Reply(0),
        "error_before": Reply(500),
        "busy": Reply(429, headers=(("Retry-After", "30"),)),
        "refuse": Reply(422, {"message": "We do not carry LAMP.", "code": "unknown_item"}),
        "unauthorized": Reply(401),
    }.get(fault)
