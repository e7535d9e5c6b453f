"""A market in which everybody acts as a random walk likes it: shoppers, their store, retailer, suppliers, carrier, card
and clock, by HTTP wherever they have a way to us, at wrong moments and twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.service import record_tracking
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.ids import new_id
from app.listings.models import ListingVariant
from app.listings.service import link_source
from app.suppliers.models import Supplier
from tests import factories
from tests.flows.books import Books, Json
from tests.flows.deciding import RULES
from tests.flows.storefront import ADDRESS, Storefront
from tests.flows.test_addresses import ELSEWHERE
from tests.market import Market, Party
from tests.stack import Jobs

_numbers = itertools.count(1)
#: What is said of a line → its status by the API, where that is called otherwise.
_STATUSES = {"dearer": "accepted", "some_later": "backordered"}
#: Keys end after 90 days; nothing here takes as long.
LONGEST = timedelta(days=80)
CLOCK_JOBS = (
    "expire_reservations",
    "watch_answers",
    "watch_change_requests",
    "watch_decisions",
    "watch_parcels",
    "watch_returns",
    "retry_charges",
    "schedule_dispatches",
    "pay_suppliers",
)


class Walk:
    """The steps. Each is tried, and what is refused is refused with a reason."""

    #: What a program may be told when it asks for something at the wrong moment.
    REFUSALS: ClassVar = (400, 404, 409, 422)
    UNITS: ClassVar = 8
    #: What the clock does by itself while nobody acts.
    CLOCK_JOBS: ClassVar[tuple[str, ...]] = CLOCK_JOBS

    def __init__(self, market: Market, jobs: Jobs, books: Books) -> None:
        self.market, self.jobs, self.books = market, jobs, books
        self.shop = Storefront(market, jobs, books)
        self.retailer, self.suppliers = (
            market.retailer,
            {one.id: one for one in (market.supplier, market.other_supplier)},
        )
        self.variants = [*market.lamp.variants, *market.chair.variants]
        #: How far the clock has gone on.
        self.ahead = timedelta(0)
        #: The store's orders, each with all that it ever said of it, the newest last.
        self.words: list[list[Json]] = []
        self.last: Callable[[], TestResponse] | None = None
        #: Whether the jobs have done all that follows from the last step.
        self.followed = False
        answer = self.retailer.api.call("PUT", "/api/answer-rules", json={**RULES, "wait_days": 5})
        assert answer.status_code == 200, answer.text
        with db.system_scope(actor="test"), db.transaction() as session:
            (self.same,) = factories.product(
                session,
                session.get_one(Supplier, market.other_supplier.id),
                title="Same lamp",
                wholesale="12.00",
                stock=4,
            )
            (self.cushion,) = factories.product(
                session, session.get_one(Supplier, market.supplier.id), title="Cushion", wholesale="3.00", stock=9
            )
            listed = {
                row.variant_id: row.id
                for row in session.scalars(select(ListingVariant).where(ListingVariant.store_id == self.shop.store_id))
            }
            link_source(session, self.retailer.id, listed[self.variants[0]], self.same)
            # The second chair is sold with two cushions.
            link_source(session, self.retailer.id, listed[self.variants[3]], self.cushion, component=1, per_unit=2)
        #: Of what is sold as a set: how many units of things are in one.
        self.pieces = {self.variants[3]: 3}
        self.jobs.drain()
        for variant in self.variants:
            self._stock_comes(variant, self.UNITS)

    def step(self, name: str, *details: Any) -> None:
        """One step, at the moment that the walk has come to."""
        self.followed = name in ("work", "wait")
        with clock.shifted(self.ahead):
            getattr(self, f"_{name}")(*details)

    # Shoppers and their store

    def _buy(self, wanted: list[tuple[int, int]]) -> None:
        """A shopper pays in the store, which tells us."""
        body = self.shop.order(*(self.shop.line(self.variants[which], units) for which, units in wanted))
        self.words.append([body])
        self._tell("orders/paid", body)

    def _edit(self, which: int, change: int) -> None:
        """The store's people take units of a line away, or add some."""
        words = self._words(which)
        if words is None:
            return
        lines = [dict(line) for line in words[-1]["line_items"]]
        line = lines[which % len(lines)]
        # A store lowers what is to be sent of a line, or sells more of it.
        now = max(0, line["current_quantity"] + change)
        line |= {"current_quantity": now, "quantity": max(line["quantity"], now), "fulfillable_quantity": now}
        words.append(words[-1] | {"line_items": lines, "updated_at": self._later_than(words)})
        self._tell("orders/updated", words[-1])

    def _readdress(self, which: int) -> None:
        """The store's people change the address."""
        words = self._words(which)
        if words is None:
            return
        street = f"{len(words)} Grange Road"
        words.append(
            words[-1] | {"shipping_address": ADDRESS | {"address1": street}, "updated_at": self._later_than(words)}
        )
        self._tell("orders/updated", words[-1])

    def _old_word(self, which: int, back: int) -> None:
        """The store tells something again, or too late."""
        words = self._words(which)
        if words is not None:
            self._tell("orders/updated", words[max(0, len(words) - 1 - back)])

    def _cancel_in_store(self, which: int) -> None:
        words = self._words(which)
        if words is None:
            return
        at = self._later_than(words)
        lines = [line | {"current_quantity": 0} for line in words[-1]["line_items"]]
        words.append(
            words[-1] | {"cancelled_at": at, "updated_at": at, "line_items": lines, "financial_status": "refunded"}
        )
        self._tell("orders/cancelled", words[-1])

    def _refund_in_store(self, which: int, units: int) -> None:
        """The store's people give money back for units, with or without the edit that follows from it."""
        words = self._words(which)
        if words is None:
            return
        line = words[-1]["line_items"][0]
        given = {"line_item_id": line["id"], "quantity": units, "restock_type": "no_restock"}
        self._tell("refunds/create", {"id": next(_numbers), "order_id": words[-1]["id"], "refund_line_items": [given]})

    # The retailer

    def _place(self, wanted: list[tuple[int, int]]) -> None:
        """Its own program places an order."""
        lines = [(self.variants[which], units) for which, units in wanted]
        self._ask(self.retailer, "POST", "/api/orders", self.market.order_body(*lines))

    def _cancel(self, which: int, units: int) -> None:
        """It cancels so many units of a line; with 0 all that is left of the order."""
        order = self._order(which)
        if order is not None:
            line = order["lines"][which % len(order["lines"])]
            body = {"lines": [{"line_id": line["id"], "quantity": units}]} if units else {}
            self._ask(self.retailer, "POST", f"/api/orders/{order['id']}/cancel", body)

    def _move(self, which: int) -> None:
        """It sends an order elsewhere."""
        order = self._order(which)
        if order is not None:
            self._ask(self.retailer, "PUT", f"/api/orders/{order['id']}/address", ELSEWHERE)

    def _withdraw(self, which: int) -> None:
        """It no longer asks for a change."""
        found = self._one_of(self.retailer.api.get("/api/change-requests").json["items"], which)
        if found is not None:
            self._ask(self.retailer, "POST", f"/api/change-requests/{found['id']}/withdraw", {})

    def _choose(self, which: int, choice: str) -> None:
        """It decides what becomes of units that do not come as ordered, or takes that back."""
        found = self._one_of(self.retailer.api.get("/api/decisions").json["items"], which)
        if found is not None:
            path = f"/api/orders/{found['order_id']}/decisions/{found['id']}"
            if choice == "undo":
                self._ask(self.retailer, "POST", f"{path}/undo", {})
            else:
                more = {"variant_id": str(self.variants[1])} if choice == "substitute" else {}
                self._ask(self.retailer, "POST", path, {"choice": choice, **more})

    def _hold(self, which: int) -> None:
        order = self._order(which)
        if order is not None:
            self._ask(self.retailer, "POST", f"/api/orders/{order['id']}/hold", {"note": "Wait."})

    def _release(self, which: int) -> None:
        order = self._order(which)
        if order is not None:
            self._ask(self.retailer, "POST", f"/api/orders/{order['id']}/release", {})

    def _card(self, card: str) -> None:
        self.books.use_card(card)

    def _claim(self, which: int, wanted: str) -> None:
        """It asks for its money or another parcel."""
        found = self._one_of(self.retailer.api.get("/api/parcel-exceptions").json["items"], which)
        if found is not None:
            self._ask(self.retailer, "POST", f"/api/parcel-exceptions/{found['id']}/claim", {"wanted": wanted})

    # Suppliers

    def _answer(self, which: int, said: str, units: int) -> None:
        """One answers about a line: ``dearer`` accepts it at another price, ``some_later`` keeps so many units back."""
        found = self._purchase_order(which)
        if found is None:
            return
        party, row = found
        line: Json = {"line_id": self._line(row, which)["id"], "status": _STATUSES.get(said, said)}
        if line["status"] == "backordered":
            # Some of it so late that its retailer is asked.
            line["available_on"] = (clock.now().date() + timedelta(days=20 * units - 10)).isoformat()
        if said == "some_later":
            line["quantity"] = units
        if said == "rejected":
            line |= {"reason": "out_of_stock", "quantity": units}
        if said == "dearer":
            line["price"] = {"amount": f"{10 + 5 * units}.00", "currency": "USD"}
        self._ask(party, "POST", f"/api/supplier/orders/{row['id']}/acknowledge", {"lines": [line]})

    def _pack(self, which: int) -> None:
        found = self._purchase_order(which)
        if found is not None:
            pressed = self.books.press(found[0], f"/supplier/purchase-orders/{found[1]['id']}/pack")
            assert pressed.status_code in (303, *self.REFUSALS), pressed.text

    def _give_up(self, which: int, units: int) -> None:
        """One can't deliver what it had accepted."""
        found = self._purchase_order(which)
        if found is not None:
            party, row = found
            line = {"line_id": self._line(row, which)["id"], "quantity": units, "reason": "discontinued"}
            self._ask(party, "POST", f"/api/supplier/orders/{row['id']}/give-up", {"lines": [line]})

    def _answer_change(self, which: int, said: str) -> None:
        """One answers what it was asked to change: all of it, a part, or not."""
        for party in self.suppliers.values():
            found = self._one_of(party.api.get("/api/supplier/change-requests").json["items"], which)
            if found is None:
                continue
            path = f"/api/supplier/change-requests/{found['id']}"
            if said == "refuse":
                self._ask(party, "POST", f"{path}/refuse", {"reason": "packed"})
            elif said == "part" and found["lines"]:
                lines = [{"line_id": found["lines"][0]["line_id"], "quantity": 1}]
                self._ask(party, "POST", f"{path}/accept", {"lines": lines})
            else:
                self._ask(party, "POST", f"{path}/accept", {})
            return

    def _ship(self, which: int, units: int) -> None:
        found = self._purchase_order(which)
        if found is None:
            return
        party, row = found
        parcel = {
            "carrier": "Simulated Carrier",
            "tracking_number": f"SC{new_id().hex[:12].upper()}",
            "lines": [{"line_id": self._line(row, which)["id"], "quantity": units}],
        }
        self._ask(party, "POST", f"/api/supplier/orders/{row['id']}/ship", {"parcels": [parcel]})

    def _announce(self, which: int, units: int) -> None:
        """One tells of a parcel before it leaves."""
        found = self._purchase_order(which)
        if found is not None:
            party, row = found
            package = {
                "package_ref": f"BOX-{next(_numbers)}",
                "tracking_number": f"SC{new_id().hex[:12].upper()}",
                "expected_ship_on": (clock.now().date() + timedelta(days=1)).isoformat(),
                "lines": [{"line_id": self._line(row, which)["id"], "quantity": units}],
            }
            self._ask(party, "POST", f"/api/supplier/orders/{row['id']}/announce", {"packages": [package]})

    def _void(self, which: int) -> None:
        found = self._parcel(which)
        if found is not None:
            party, row = found
            self._ask(party, "POST", f"/api/supplier/shipments/{row['id']}/void", {"reason": "Left on the shelf"})

    def _correct(self, which: int, units: int) -> None:
        """A parcel held another number of units than was said."""
        found = self._parcel(which)
        if found is not None:
            party, row = found
            lines = [{"line_id": str(row["line_id"]), "quantity": units}]
            self._ask(party, "POST", f"/api/supplier/shipments/{row['id']}/correct", {"lines": lines})

    def _trouble(self, which: int, answer: str) -> None:
        """One says what becomes of a parcel that does not come."""
        for party in self.suppliers.values():
            found = self._one_of(party.api.get("/api/supplier/parcel-exceptions").json["items"], which)
            if found is None:
                continue
            body: Json = {}
            if answer == "resend":
                body = {"carrier": "Simulated Carrier", "tracking_number": f"SC{new_id().hex[:12].upper()}"}
            if answer == "on-its-way":
                body = {"expected_on": (clock.now().date() + timedelta(days=2)).isoformat()}
            if answer == "seen":
                body = {"note": "The carrier brings it back."}
            self._ask(party, "POST", f"/api/supplier/parcel-exceptions/{found['id']}/{answer}", body)
            return

    def _stock(self, which: int, units: int) -> None:
        """One says how many units it has."""
        known = [*self.variants, self.cushion, self.same]
        self._stock_comes(known[which % len(known)], units)

    # The carrier

    def _scan(self, which: int, status: str, hours_ago: int) -> None:
        """It tells where a parcel is, or was: what it tells may be older than what it told before."""
        found = self._parcel(which)
        if found is None:
            return
        at = clock.now() - timedelta(hours=hours_ago)
        event = CarrierEvent(id=str(new_id()), at=at, delivery_status=status, description=status)
        with db.system_scope(actor="test"), db.transaction() as session:
            record_tracking(session, found[1]["id"], [event], source="carrier")

    # Returns

    def _send_back(self, which: int, units: int) -> None:
        order = self._order(which)
        if order is not None and order["purchase_orders"]:
            row = order["purchase_orders"][which % len(order["purchase_orders"])]
            body = {
                "purchase_order_id": row["id"],
                "reason": "damaged" if which % 2 else "changed_mind",
                "lines": [{"line_id": self._line(row, which)["id"], "quantity": units}],
            }
            self._ask(self.retailer, "POST", "/api/returns", body)

    def _return(self, which: int, verb: str) -> None:
        """Either side takes a step with a return."""
        found = self._one_of(self.retailer.api.get("/api/returns").json["items"], which)
        if found is None:
            return
        bodies: dict[str, Json] = {
            "decline": {"reason": "Too late."},
            "ship": {"carrier": "DHL", "tracking_number": "00340434161094042557"},
            "inspect": {
                "lines": [
                    {
                        "line_id": line["id"],
                        "received": line["quantity"],
                        "accepted": line["quantity"] - which % 2,
                        "condition": "as_new",
                        "restock": True,
                    }
                    for line in found["lines"]
                ],
                "reason": "One is worn.",
            },
        }
        party = self.retailer
        if verb not in ("ship", "cancel", "exchange"):
            rows = self.books.rows("select supplier_id from returns where id = %s", found["id"])
            party = self.suppliers[rows[0]["supplier_id"]]
        area = "/api/returns" if party is self.retailer else "/api/supplier/returns"
        self._ask(party, "POST", f"{area}/{found['id']}/{verb}", bodies.get(verb, {}))

    # Time, and what nobody sees

    def _work(self) -> None:
        self._due()
        self.jobs.drain(retries=not self.words)

    def _due(self) -> None:
        """What waits for a moment may look whether it has come."""

    def _again(self) -> None:
        """Somebody's program says the same again."""
        if self.last is not None:
            self._fine(self.last())

    def _wait(self, hours: int) -> None:
        """Time passes, and the clock's own jobs run at its end."""
        wanted = self.ahead + timedelta(hours=hours)
        if wanted > LONGEST:
            return
        self.jobs.drain()
        with clock.shifted(wanted - self.ahead):
            self._due()
            for name in self.CLOCK_JOBS:
                self.jobs.run_scheduled(name)
            self.jobs.drain()
        self.ahead = wanted
        self.books.sign_out()

    # How

    def _ask(self, party: Party, method: str, path: str, body: Json) -> TestResponse:
        def call() -> TestResponse:
            return party.api.call(method, path, json=body)

        self.last = call
        return self._fine(call())

    def _tell(self, topic: str, body: Json) -> None:
        def call() -> TestResponse:
            return self.shop.send(topic, body)

        self.last = call
        assert call().status_code == 200

    def _fine(self, answer: TestResponse) -> TestResponse:
        assert answer.status_code < 400 or answer.status_code in self.REFUSALS, answer.text
        if answer.status_code >= 400:
            assert answer.json["code"], answer.text
            assert answer.json["detail"], answer.text
        return answer

    def _stock_comes(self, variant: UUID, units: int) -> None:
        first = (*self.market.lamp.variants, self.cushion)
        owner = self.market.supplier if variant in first else self.market.other_supplier
        with db.system_scope(actor="test"), db.transaction() as session:
            set_figures(session, owner.id, [StockFigure(variant, units, clock.now())])

    # What there is

    def orders(self) -> list[Json]:
        """All orders of the walk as their retailer sees them, the newest first."""
        rows = self.books.rows("select id from orders where retailer_id = %s order by number desc", self.retailer.id)
        return [self.books.order({"id": str(row["id"])}) for row in rows]

    def _order(self, which: int) -> Json | None:
        return self._one_of(self.orders(), which)

    def _words(self, which: int) -> list[Json] | None:
        found = self.words[-1 - which % len(self.words)] if self.words else None
        return None if found is None or found[-1]["cancelled_at"] else found

    @staticmethod
    def _later_than(words: list[Json]) -> str:
        return (datetime.fromisoformat(words[-1]["updated_at"]) + timedelta(minutes=1)).isoformat()

    @staticmethod
    def _one_of(found: list[Json], which: int) -> Json | None:
        return found[which % len(found)] if found else None

    @staticmethod
    def _line(row: Json, which: int) -> Json:
        return dict(row["lines"][which % len(row["lines"])])

    def _purchase_order(self, which: int) -> tuple[Party, Json] | None:
        """One of the purchase orders that a supplier sees, as its supplier sees it; open ones are likelier."""
        row = self._one_of(
            self.books.rows(
                "select id, supplier_id from purchase_orders where retailer_id = %s and released_at is not null "
                "order by status in ('CANCELLED', 'DELIVERED', 'RETURNED', 'SHIPPED'), id desc",
                self.retailer.id,
            ),
            which,
        )
        if row is None:
            return None
        party = self.suppliers[row["supplier_id"]]
        return party, dict(party.api.get(f"/api/supplier/orders/{row['id']}").json)

    def _parcel(self, which: int) -> tuple[Party, Json] | None:
        row = self._one_of(
            self.books.rows(
                "select s.id, s.supplier_id, l.purchase_order_line_id as line_id from shipments s "
                "join shipment_lines l on l.shipment_id = s.id where s.retailer_id = %s order by s.id desc",
                self.retailer.id,
            ),
            which,
        )
        return None if row is None else (self.suppliers[row["supplier_id"]], row)
