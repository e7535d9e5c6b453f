"""Those who work for the shop: its owner and its suppliers, each by API. What a supplier does is thrown by a die."""

from __future__ import annotations

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from demo.people import SignIn
from demo.story import Story

#: What becomes of a purchase order, with how many of a hundred meet it.
_FATES: Mapping[str, int] = {
    "ships": 74, "ships in parts": 12, "short": 4, "rejects a line": 4, "backorders": 3, "is silent": 2, "rejects": 1,
}  # fmt: skip


class Desk(ABC):
    """Somebody's work by API, on a thread of its own."""

    seconds_between = 1.0

    def __init__(self, story: Story, who: SignIn) -> None:
        self.story = story
        self.work: Future[None] | None = None
        self._over = threading.Event()
        self.http = requests.Session()
        # A keep-alive connection may end as it is used; what is said twice changes nothing.
        patient = HTTPAdapter(max_retries=Retry(total=5, backoff_factor=0.2, allowed_methods=None))
        self.http.mount("http://", patient)
        self.http.headers["Authorization"] = f"Bearer {who.key}"

    @contextmanager
    def open(self) -> Iterator[None]:
        """Work in this block."""
        with ThreadPoolExecutor(1) as thread:
            self.work = thread.submit(self._keep_working)
            try:
                yield
            finally:
                self._over.set()
        self.work.result()

    @abstractmethod
    def look(self) -> None:
        """See what is to be done, and do it."""

    def _keep_working(self) -> None:
        while not self._over.wait(self.seconds_between):
            self.look()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What may be refused is refused now and then: the shopper cancelled in the same moment."""
        answer = self.http.request(method, f"{self.story.installation.url}{path}", json=body, timeout=30)
        if answer.status_code >= 500:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.status_code < 400 else {}


class Retailer(Desk):
    """The shop's owner, who gives the money back for what no supplier delivers."""

    seconds_between = 5.0

    def look(self) -> None:
        """Decide what is to be decided."""
        for one in self.call("GET", "/api/decisions?state=OPEN&limit=100")["items"]:
            self.call("POST", f"/api/orders/{one['order_id']}/decisions/{one['id']}", {"choice": "refund"})


class Supplier(Desk):
    """A supplier that asks for its orders once a second, answers and ships by API, as the dice say."""

    def __init__(self, story: Story, who: SignIn) -> None:
        super().__init__(story, who)
        self.dice = random.Random(who.email)
        self.fates: dict[str, str] = {}
        self._newest: dict[str, datetime] = {}

    def silent(self) -> set[UUID]:
        """The purchase orders that are never answered."""
        return {UUID(one) for one, fate in list(self.fates.items()) if fate == "is silent"}

    def look(self) -> None:
        """Answer and ship what is new."""
        for status in ("PENDING", "BACKORDERED"):
            self._work_off(status)

    def _work_off(self, status: str) -> None:
        """What is new of a status. Times are those at which transactions began, so a while is looked back."""
        newest = self._newest.get(status)
        since = "" if newest is None else f"&updated_since={_since(newest)}"
        cursor = ""
        while True:
            page = self.call("GET", f"/api/supplier/orders?status={status}&limit=100{since}{cursor}")
            for order in page["items"]:
                at = datetime.fromisoformat(order["updated_at"])
                self._newest[status] = max(at, self._newest.get(status, at))
                self._handle(order)
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def _handle(self, order: Mapping[str, Any]) -> None:
        fate = self.fates.get(order["id"])
        if fate is None:
            fate = self.fates[order["id"]] = self.dice.choices(list(_FATES), list(_FATES.values()))[0]
        elif fate == "backorders":
            fate = "ships"
        if fate == "is silent":
            return
        answers = [self._answer(line, at, fate) for at, line in enumerate(order["lines"])]
        path = f"/api/supplier/orders/{order['id']}/acknowledge"
        answered = self.call("POST", path, {"lines": [one for one in answers if one]})
        if fate not in ("rejects", "backorders") and answered:
            self._ship(answered, in_parts=fate == "ships in parts")

    def _answer(self, line: Mapping[str, Any], at: int, fate: str) -> dict[str, Any] | None:
        said: dict[str, Any] = {"line_id": line["id"], "status": "accepted"}
        if fate == "rejects" or (fate == "rejects a line" and at == 0):
            said |= {"status": "rejected", "reason": "out_of_stock"}
        elif fate == "short" and at == 0 and line["quantity"] > 1:
            said |= {"status": "rejected", "reason": "out_of_stock", "quantity": 1}
        elif fate == "backorders" and at == 0:
            said |= {"status": "backordered", "available_on": datetime.now(UTC).date().isoformat()}
        return said

    def _ship(self, order: Mapping[str, Any], *, in_parts: bool) -> None:
        open_units = [(line["id"], line["quantity"] - line["shipped"] - line["cancelled"]) for line in order["lines"]]
        units = [(line, 1) for line, count in open_units for _ in range(count)]
        if not units:
            return
        half = len(units) // 2 if in_parts and len(units) > 1 else 0
        for part in [part for part in (units[:half], units[half:]) if part]:
            label = self.http.post(f"{self.story.installation.carrier_url}/labels", timeout=10).json()
            held: dict[str, int] = {}
            for line, count in part:
                held[line] = held.get(line, 0) + count
            parcel = {
                "carrier": "Simulated Carrier",
                "tracking_number": label["number"],
                "lines": [{"line_id": line, "quantity": count} for line, count in held.items()],
            }
            self.call("POST", f"/api/supplier/orders/{order['id']}/ship", {"parcels": [parcel]})
            for step in ("in_transit", "delivered"):
                lever = f"{self.story.installation.carrier_url}/_sim/parcels/{label['number']}/advance"
                self.http.post(lever, json={"to": step}, timeout=10).raise_for_status()


def _since(newest: datetime) -> str:
    return (newest - timedelta(seconds=30)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
