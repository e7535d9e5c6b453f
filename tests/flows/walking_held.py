"""A walk of orders that wait before their suppliers have them: for a moment, for a look at their risk, for their plan,
their address or a word of what a line is; and of what happens to them meanwhile."""

from __future__ import annotations

from typing import Any, ClassVar

from app.kit import clock
from app.orders.rules import CANCELLED, PAYMENT_HOLDS
from tests.flows.books import Books, Json
from tests.flows.counting import Count
from tests.flows.walking import CLOCK_JOBS, Walk
from tests.market import Market
from tests.stack import Jobs

_RISKS = {"value_factor": 0, "countries": True, "velocity": 0, "platform": True, "address": True}


class HeldWalk(Walk):
    """The steps that hold orders, and end what holds them."""

    CLOCK_JOBS: ClassVar = (*CLOCK_JOBS, "watch_plans")

    def __init__(self, market: Market, jobs: Jobs, books: Books) -> None:
        super().__init__(market, jobs, books)
        #: How many orders a month the retailer's plan has; None without one.
        self.limit: int | None = None
        #: Whether the platform let an order go beyond the plan in this step.
        self.beyond = False
        self._window(30)

    def step(self, name: str, *details: Any) -> None:
        self.beyond = name in ("platform_release", "plan")
        super().step(name, *details)

    # The store

    def _window(self, minutes: int) -> None:
        """The retailer chooses how long its orders wait."""
        rules = {"wait_minutes": minutes, "risk": _RISKS, "unlinked_lines": "like_ours"}
        answer = self.retailer.api.put(f"/api/stores/{self.shop.store_id}/hold-rules", rules)
        assert answer.status_code == 200, answer.text

    def _buy_odd(self, wanted: list[tuple[int, int]], kinds: list[str], article: int) -> None:
        """A shopper pays for an order that something is to be looked at."""
        at = clock.now().replace(microsecond=0).isoformat()
        changes: Json = dict.fromkeys(("created_at", "processed_at", "updated_at"), at) if "new" in kinds else {}
        if "elsewhere" in kinds:
            changes["billing_address"] = {"country_code": "US"}
        if "no_address" in kinds:
            changes["shipping_address"] = None
        lines = [self.shop.line(self.variants[which], units) for which, units in wanted]
        if "alone" in kinds:
            lines = []
        if "unlinked" in kinds or not lines:
            lines.append(self._unlinked(article, 1 + article))
        body = self.shop.order(*lines, **changes)
        self.words.append([body])
        self._tell("orders/paid", body)

    def _add_unlinked(self, which: int, article: int) -> None:
        """The store's people add an article that nobody has linked."""
        words = self._words(which)
        if words is not None:
            lines = [*words[-1]["line_items"], self._unlinked(article, 1)]
            words.append(words[-1] | {"line_items": lines, "updated_at": self._later_than(words)})
            self._tell("orders/updated", words[-1])

    def _unlinked(self, article: int, units: int) -> Json:
        numbers = {"quantity": units, "current_quantity": units, "fulfillable_quantity": units}
        sku = self.market.lamp.skus[0]
        return self.shop.foreign_line(title=f"Page {article}", variant_id=70 + article, sku=sku, **numbers)

    def _risk_told(self, which: int) -> None:
        """The store's platform thinks that an order is fraud."""
        words = self._words(which)
        if words is not None:
            about = {"admin_graphql_api_order_id": words[-1]["admin_graphql_api_id"]}
            self._tell("orders/risk_assessment_changed", about | {"risk_level": "high", "provider_id": None})

    # The retailer

    def _say(self, which: int, variant: int) -> None:
        """It says which supplier's variant a line is; with a variant that there is not, that it is not its own."""
        rows = self.books.rows(
            "select id, order_id from unlinked_lines where retailer_id = %s order by state = 'waiting' desc, id",
            self.retailer.id,
        )
        found = self._one_of(rows, which)
        if found is not None:
            path = f"/api/orders/{found['order_id']}/unlinked-lines/{found['id']}"
            if variant < len(self.variants):
                self._ask(self.retailer, "POST", f"{path}/link", {"variant_id": str(self.variants[variant])})
            else:
                self._ask(self.retailer, "POST", f"{path}/not-ours", {})

    def _release_one(self, which: int, reason: str) -> None:
        order = self._order(which)
        if order is not None:
            self._ask(self.retailer, "POST", f"/api/orders/{order['id']}/release", {"reason": reason})

    def _resume(self, which: int) -> None:
        """It has an order looked at again."""
        order = self._order(which)
        if order is not None:
            pressed = self.books.press(self.retailer, f"/app/orders/{order['id']}/resume")
            assert pressed.status_code in (303, *self.REFUSALS), pressed.text

    # The platform

    def _plan(self, limit: int | None) -> None:
        """It gives the retailer a plan, or another, or none."""
        admin = self.market.admin
        plan = ""
        if limit is not None:
            name = f"Plan of {limit}"
            values = {"name": name, "orders_a_month": str(limit)}
            known = self.books.rows("select id from plans where name = %s", name)
            if not known:
                assert self.books.press(admin, "/console/plans", **values).status_code == 303
            plan = str(self.books.row("select id from plans where name = %s", name)["id"])
        path = f"/console/plans/retailers/{self.retailer.id}"
        assert self.books.press(admin, path, plan_id=plan).status_code == 303
        self.limit = limit

    def _platform(self, which: int, verb: str) -> None:
        order = self._order(which)
        if order is not None:
            pressed = self.books.press(self.market.admin, f"/console/orders/{order['id']}/{verb}", note="Look.")
            assert pressed.status_code in (303, *self.REFUSALS), pressed.text

    def _platform_release(self, which: int) -> None:
        self._platform(which, "release")

    def _platform_hold(self, which: int) -> None:
        self._platform(which, "hold")

    def _due(self) -> None:
        # What waits in the database until a moment has come to it.
        self.books.rows(
            "update tasks set available_at = now() where job = 'end_fraud_window' and state = 0 returning id"
        )


class HeldCount(Count):
    """What holds of orders that wait, besides."""

    walk: HeldWalk

    def __init__(self, walk: HeldWalk) -> None:
        super().__init__(walk)
        self._used = 0

    def holds(self) -> None:
        super().holds()
        for order in self.walk.orders():
            reasons = {one["reason"] for one in order["holds"]}
            waiting = [one for one in order["unlinked_lines"] if one["state"] == "waiting"]
            if order["purchase_orders"]:
                assert not reasons - PAYMENT_HOLDS, order
            else:
                assert not self.books.rows("select id from charges where order_id = %s", order["id"]), order
                assert not reasons & PAYMENT_HOLDS, order
            if order["status"] == CANCELLED:
                assert not reasons and not waiting, order
            else:
                assert bool(waiting) == ("unlinked_lines" in reasons), order
                assert reasons or order["purchase_orders"], order
        self._plan()

    def _plan(self) -> None:
        """Each order that went has its one place, and no more went than the plan has."""
        unplaced = self.books.rows(
            "select distinct o.number from orders o join purchase_orders p on p.order_id = o.id where not exists ("
            "select from counted_orders c where c.order_id = coalesce(o.supplements, o.id)) and o.kind <> 'sample'"
        )
        assert unplaced == []
        with clock.shifted(self.walk.ahead):
            used = self.walk.retailer.api.get("/api/plan").json["used"]
        if self.walk.limit is not None and not self.walk.beyond:
            assert used <= max(self._used, self.walk.limit), (self._used, used, self.walk.limit)
        self._used = used

    def explained(self) -> None:
        super().explained()
        now = clock.now() + self.walk.ahead
        for order in self.walk.orders():
            for hold in order["holds"]:
                assert hold["until"] is None or hold["until"] > now.isoformat(), order
