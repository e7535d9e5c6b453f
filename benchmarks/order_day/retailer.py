"""The shop's owner: decides, puts orders on hold right, passes on what its customers want."""

from __future__ import annotations

from typing import Any

from benchmarks.order_day.carriage import Carriage
from benchmarks.order_day.desk import Desk
from benchmarks.order_day.mix import CHOICES, Tally, chosen, dice
from demo.installation import SHOP
from demo.people import SignIn
from demo.story import Story
from tests.simulators.shopify.gid import split_gid
from tests.simulators.shopify.running import Control, ControlRefused

_ADDRESS = {
    "name": "Avery Stone", "address1": "12 Harbour Street", "city": "Portland", "province": "OR",
    "postal_code": "97201", "country_code": "US",
}  # fmt: skip
_OTHER_ADDRESS = _ADDRESS | {"address1": "7 Mill Lane", "postal_code": "97202"}


class Retailer(Desk):
    """Decides, corrects and releases; changes addresses and asks for returns, of orders known by the shop's ids."""

    seconds_between = 3.0

    def __init__(self, story: Story, tally: Tally, who: SignIn, carriage: Carriage) -> None:
        super().__init__(story, tally, who)
        self._carriage = carriage
        self._control = Control(story.installation.shopify_url)
        #: Orders whose customers moved, and those whose customers will send something back, and how.
        self.moved: set[str] = set()
        self.unwanted: dict[str, str] = {}

    def look(self) -> None:
        """Do what there is to be done."""
        for one in self.pages("/api/decisions?state=OPEN"):
            self._decide(one)
        for one in self.pages("/api/orders?status=ON_HOLD"):
            self._put_right(one)
        for external_id in list(self.moved):
            self._move(external_id)
        for external_id, way in list(self.unwanted.items()):
            self._take_back(external_id, way)
        for one in self.pages("/api/returns?state=APPROVED"):
            parcel = {"carrier": "Simulated Carrier", "tracking_number": self._carriage.label()}
            self.call("POST", f"/api/returns/{one['id']}/ship", parcel)

    def _decide(self, asked: Any) -> None:
        wish = "accept" if asked["kind"] == "price" else chosen(CHOICES, "decision", asked["id"])
        body = {"choice": wish if wish in asked["choices"] and asked["trouble"] is None else "refund"}
        if body["choice"] == "substitute":
            body["variant_id"] = dice("substitute", asked["id"]).choice(sorted(self._others(asked)))
        status, _ = self.ask("POST", f"/api/orders/{asked['order_id']}/decisions/{asked['id']}", body)
        if status < 400:
            self.tally.add(f"retailer: {body['choice']} for {asked['kind']}")

    def _others(self, asked: Any) -> set[str]:
        """What may come in place of a line: anything else of the same supplier."""
        order = self.call("GET", f"/api/orders/{asked['order_id']}")
        bought = {line["variant_id"] for line in order["lines"]}
        lines = {line["id"]: line["variant_id"] for one in order["purchase_orders"] for line in one["lines"]}
        sku = next(
            sku for sku, one in self.story.variants.items() if one["id"] == lines[asked["purchase_order_line_id"]]
        )
        return {one["id"] for other, one in self.story.variants.items() if other[:2] == sku[:2]} - bought

    def _put_right(self, order: Any) -> None:
        reasons = {hold["reason"]: hold for hold in order["holds"]}
        if "address_incomplete" in reasons:
            self.call("PUT", f"/api/orders/{order['id']}/address", _ADDRESS)
        elif any(hold["releases"] == "retailer" for hold in reasons.values()):
            self.call("POST", f"/api/orders/{order['id']}/release", {})

    def _move(self, external_id: str) -> None:
        order = self._order(external_id)
        if order is None:
            return
        status, answer = self.ask("PUT", f"/api/orders/{order['id']}/address", _OTHER_ADDRESS)
        self.moved.discard(external_id)
        applied = "at once" if status < 400 and answer["applied"] else "suppliers are asked"
        self.tally.add(f"address change: {applied if status < 400 else answer['code']}")

    def _take_back(self, external_id: str, way: str) -> None:
        order = self._order(external_id)
        if order is None or order["status"] not in ("DELIVERED", "CANCELLED", "RETURNED"):
            return
        done = order["status"] != "DELIVERED" or (
            self._ask_supplier(order)
            if way == "sends back by the retailer"
            else self._ask_in_shop(split_gid(external_id)[1])
        )
        if done:
            del self.unwanted[external_id]

    def _ask_supplier(self, order: Any) -> bool:
        arrived = [
            (one["id"], line["id"])
            for one in order["purchase_orders"] if one["status"] == "DELIVERED"
            for line in one["lines"] if line["status"] == "delivered"
        ]  # fmt: skip
        if not arrived:
            self.tally.add("return: nothing arrived")
            return True
        where, line = arrived[0]
        why = dice("return", order["external_id"]).choice(("damaged", "wrong_item", "changed_mind"))
        wish = {"purchase_order_id": where, "reason": why, "lines": [{"line_id": line, "quantity": 1}]}
        status, answer = self.ask("POST", "/api/returns", wish)
        self.tally.add("return: asked by the retailer" if status < 400 else f"return: {answer['code']}")
        return True

    def _ask_in_shop(self, number: int) -> bool:
        """Returns whether it was asked; the shop may have to hear of the parcel first."""
        left = [line for one in self._control.order(SHOP, number)["fulfillments"] for line in one["lines"]]
        if not left:
            return False
        try:
            made = self._control.open_return(SHOP, number, {int(left[0]["line_item_id"]): 1}, requested=True)
            self._control.answer_return(SHOP, int(made["id"]), accept=True)
        except ControlRefused as refused:
            self.tally.add(f"return: the shop refuses ({refused.content['kind']})")
            return True
        self.tally.add("return: asked in the shop")
        return True

    def _order(self, external_id: str) -> Any:
        found = self.call("GET", f"/api/orders?external_id={external_id}")["items"]
        return found[0] if found else None
