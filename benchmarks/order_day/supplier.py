"""A supplier: answers and ships its purchase orders by API, as its dice say, and says what it gets to be asked."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from benchmarks.order_day.carriage import Carriage
from benchmarks.order_day.desk import Desk
from benchmarks.order_day.mix import ANSWERS, FATES, RETURNS, SLIPS, Tally, chosen, dice, met
from demo.people import SignIn
from demo.story import Story

#: Packing takes so many seconds, and units that were not there are there after as many.
_PACKING, _RESTOCKED = (1.0, 8.0), 5.0
_PLAIN = "ships"

Order = Mapping[str, Any]


class Supplier(Desk):
    """What all suppliers do. An order is what they were told: its ``id``, ``number`` and ``lines``."""

    def __init__(self, story: Story, tally: Tally, who: SignIn, carriage: Carriage) -> None:
        super().__init__(story, tally, who)
        self._carriage = carriage
        self._silent: set[UUID] = set()
        #: What is to be done later: when, of which order, and what.
        self._later: list[tuple[float, Order, str]] = []

    @abstractmethod
    def new(self) -> Iterable[Order]:
        """Orders that were not seen before."""

    @abstractmethod
    def may_leave(self, order: Order) -> bool:
        """Whether what is packed may leave: nobody stopped it."""

    def silent(self) -> set[UUID]:
        """The purchase orders that are never answered."""
        return self._silent.copy()

    def look(self) -> None:
        """Answer what is new, ship what is packed, and say what is asked."""
        for order in self.new():
            self._handle(order, self._fate(order))
        due = [one for one in self._later if one[0] <= time.monotonic()]
        self._later = [one for one in self._later if one not in due]
        for _, order, what in due:
            if what == "answer":
                self._handle(order, _PLAIN)
            else:
                self._ship(order, in_parts=what == "ships in parts")
        for one in self.pages("/api/supplier/change-requests?state=OPEN"):
            self._answer_change(one)
        for state in ("REQUESTED", "IN_TRANSIT"):
            for one in self.pages(f"/api/supplier/returns?state={state}"):
                self._take_back(one)

    def _fate(self, order: Order) -> str:
        fate = met(FATES, "fate", order["number"]) if self.troubled else _PLAIN
        self.tally.add(f"supplier: {fate}")
        return fate

    def _slip(self, order: Order) -> str:
        return met(SLIPS, "slip", order["number"]) if self.troubled else ""

    def _handle(self, order: Order, fate: str) -> None:
        if fate == "is silent":
            self._silent.add(UUID(order["id"]))
            return
        # What a message to a system names is wanted whole; only the API tells what was cancelled since.
        wanted = [line for line in order["lines"] if line["quantity"] > line.get("cancelled", 0)]
        answers = [_answer(line, at, fate) for at, line in enumerate(wanted)]
        if not answers:
            return
        path = f"/api/supplier/orders/{order['id']}/acknowledge"
        if self._slip(order) == "names a line of another order":
            status, _ = self.ask("POST", path, {"lines": [{**answers[0], "line_id": str(uuid4())}, *answers[1:]]})
            self.tally.add(f"slip: an answer with another order's line is {status}")
        answered = self.call("POST", path, {"lines": answers})
        if not answered:
            # Something was cancelled in the same moment.
            known = self.call("GET", f"/api/supplier/orders/{order['id']}")
            if known["status"] == "PENDING":
                self._later.append((time.monotonic(), known, "answer"))
            return
        if fate == "rejects":
            return
        if fate == "backorders":
            self._later.append((time.monotonic() + _RESTOCKED, order, "answer"))
            return
        packed = time.monotonic() + dice("packing", order["number"]).uniform(*_PACKING)
        self._later.append((packed, {**order, "lines": answered["lines"]}, fate))

    def _ship(self, order: Order, *, in_parts: bool) -> None:
        if not self.may_leave(order):
            return
        open_units = [(line["id"], line["quantity"] - line["shipped"] - line["cancelled"]) for line in order["lines"]]
        units = [(line, 1) for line, count in open_units for _ in range(count)]
        half = len(units) // 2 if in_parts and len(units) > 1 else 0
        slip = self._slip(order)
        for part in [part for part in (units[:half], units[half:]) if part]:
            held: dict[str, int] = {}
            for line, count in part:
                held[line] = held.get(line, 0) + count
            if not self._send(order, held, slip):
                return

    def _send(self, order: Order, held: dict[str, int], slip: str) -> bool:
        """One parcel. Returns whether the rest may follow: else what is left was looked at anew."""
        number = self._carriage.label()
        path = f"/api/supplier/orders/{order['id']}/ship"
        if slip == "ships too much":
            more = {line: count + 1000 for line, count in held.items()}
            status, answer = self.ask("POST", path, {"parcels": [_parcel(number, more)]})
            self.tally.add(f"slip: more than is open is {status} {answer['code']}")
        status, answer = self.ask("POST", path, {"parcels": [_parcel(number, held)]})
        if status < 400:
            self._carriage.take(number)
            if slip == "ships twice":
                status, _ = self.ask("POST", path, {"parcels": [_parcel(number, held)]})
                self.tally.add(f"slip: the same parcel again is {status}")
            return True
        if answer["code"] != "price_open":
            self.tally.add(f"supplier: a parcel is {status} {answer['code']}")
        known = self.call("GET", f"/api/supplier/orders/{order['id']}")
        if answer["code"] == "quantity_exceeds_open":
            self._later.append((time.monotonic(), {**order, "lines": known["lines"]}, _PLAIN))
        elif any(line["asked_price"] for line in known["lines"]):
            # The retailer has not agreed yet.
            self._later.append((time.monotonic() + _RESTOCKED, {**order, "lines": known["lines"]}, _PLAIN))
        return False

    def _answer_change(self, asked: Any) -> None:
        answer = chosen(ANSWERS, "change", asked["id"])
        body = {} if answer == "accept" else {"reason": "packed"}
        status, _ = self.ask("POST", f"/api/supplier/change-requests/{asked['id']}/{answer}", body)
        self.tally.add(f"change request ({asked['kind']}): {answer if status < 400 else 'over before'}")

    def _take_back(self, back: Any) -> None:
        path = f"/api/supplier/returns/{back['id']}"
        if back["state"] == "REQUESTED":
            answer = chosen(RETURNS, "return", back["number"])
            self.call("POST", f"{path}/{answer}", {"reason": "Not as it left us."} if answer == "decline" else None)
            self.tally.add(f"return: {answer}")
            return
        found = [
            {"line_id": line["id"], "received": line["quantity"], "accepted": line["quantity"], "condition": "as_new",
             "restock": True}
            for line in back["lines"]
        ]  # fmt: skip
        self.call("POST", f"{path}/receive")
        self.call("POST", f"{path}/inspect", {"lines": found})
        self.call("POST", f"{path}/credit")
        self.tally.add("return: credited")


class Polling(Supplier):
    """A supplier that asks for its orders once a second. They are told when they can be seen."""

    _newest: datetime | None = None

    def __init__(self, story: Story, tally: Tally, who: SignIn, carriage: Carriage) -> None:
        super().__init__(story, tally, who, carriage)
        self._seen: set[str] = set()

    def new(self) -> Iterable[Order]:
        """Times are those at which transactions began, so a while is looked back."""
        since = "" if self._newest is None else f"&updated_since={_since(self._newest)}"
        for order in self.pages(f"/api/supplier/orders?status=PENDING{since}"):
            at = datetime.fromisoformat(order["updated_at"])
            self._newest = max(at, self._newest or at)
            if order["id"] not in self._seen:
                self._seen.add(order["id"])
                yield order

    def may_leave(self, order: Order) -> bool:
        """What was stopped is refused when it is shipped."""
        return order["id"] in self._seen


def _answer(line: Mapping[str, Any], at: int, fate: str) -> dict[str, Any]:
    said: dict[str, Any] = {"line_id": line["id"], "status": "accepted"}
    if fate == "rejects" or (fate == "rejects a line" and at == 0):
        said |= {"status": "rejected", "reason": "out_of_stock"}
    elif fate == "short" and at == 0 and line["quantity"] > 1:
        said |= {"status": "rejected", "reason": "out_of_stock", "quantity": 1}
    elif fate == "backorders" and at == 0:
        said |= {"status": "backordered", "available_on": (datetime.now(UTC).date() + timedelta(days=1)).isoformat()}
    elif fate == "asks another price" and at == 0:
        price = line["wholesale_price"]
        said |= {"price": {**price, "amount": f"{float(price['amount']) + 1:.2f}"}}
    return said


def _parcel(number: str, held: Mapping[str, int]) -> dict[str, Any]:
    lines = [{"line_id": line, "quantity": count} for line, count in held.items()]
    return {"carrier": "Simulated Carrier", "tracking_number": number, "lines": lines}


def _since(newest: datetime) -> str:
    return (newest - timedelta(seconds=30)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
