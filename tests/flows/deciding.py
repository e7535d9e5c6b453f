"""A market in which lamps have a second source, and what its parties do about lamps that do not come as ordered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.listings.service import link_source
from app.settlement.service.reconciling import open_breaks, reconcile
from app.stores.models import Store
from app.suppliers.models import Supplier
from tests import factories
from tests.flows.books import Books, Json
from tests.market import Market, Party
from tests.stack import Jobs

#: What a market's retailer wants unless a test says otherwise.
RULES: Json = {
    "price_tolerance_percent": 5,
    "price_tolerance_amount": {"amount": "2.00", "currency": "USD"},
    "price_default": "refund",
    "reroute_rejected": True,
    "reroute_silent": True,
    "decide_within_hours": 24,
    "decision_default": "refund",
    "wait_days": 30,
    "reminders": 1,
    "remind_hours": 8,
}
#: What the nightly comparison finds where books and purchase orders differ.
_KINDS = {
    "entry_unbalanced",
    "goods_to_ship_differs",
    "payable_differs",
    "credits_differ",
    "carried_differs",
    "paid_not_released",
}


class Desk:
    """The market with two more lamps: the second supplier's at 12.00 (linked with the first one's), and a spare one
    that is linked with nothing."""

    def __init__(self, market: Market, jobs: Jobs, books: Books, *, price: str = "12.00", stock: int = 10) -> None:
        self.market, self.jobs, self.books = market, jobs, books
        self.rules()
        with db.system_scope(actor="test"), db.transaction() as session:
            other = session.get_one(Supplier, market.other_supplier.id)
            (self.same,) = factories.product(session, other, title="Same lamp", wholesale=price, stock=stock)
            (self.spare,) = factories.product(session, other, title="Spare lamp", wholesale="9.00", stock=5)
            store = session.get_one(Store, market.store_id)
            listing = factories.live_listing(session, store, market.lamp.product_id)
            session.flush()
            self.listed = next(one.id for one in listing.variants if one.variant_id == market.lamp.variants[0])
        self.lamp = market.lamp.variants[0]
        jobs.drain()

    def rules(self, **changes: Any) -> None:
        """The retailer says what it wants done."""
        answer = self.market.retailer.api.put("/api/answer-rules", {**RULES, **changes})
        assert answer.status_code == 200, answer.text

    def link(self) -> None:
        """The retailer links the second supplier's lamp."""
        with db.system_scope(actor="test"), db.transaction() as session:
            link_source(session, self.market.retailer.id, self.listed, self.same)
        self.jobs.drain()

    def buys(self, units: int = 2, *more: tuple[UUID, int]) -> Json:
        """A paid order for lamps, from the store."""
        body = self.market.order_body((self.lamp, units), *more)
        answer = self.market.retailer.api.post("/api/orders", {**body, "store_id": str(self.market.store_id)})
        assert answer.status_code == 201, answer.text
        self.jobs.drain()
        return self.books.order(dict(answer.json))

    def answers(self, order: Json, *, party: Party | None = None, expect: int = 200, **said: Any) -> Json:
        """A supplier answers about the first line of its newest purchase order."""
        party = party or self.market.supplier
        one = self.purchase_orders(order, party)[-1]
        line = {"line_id": one["lines"][0]["id"], **said}
        answer = party.api.post(f"/api/supplier/orders/{one['id']}/acknowledge", {"lines": [line]})
        assert answer.status_code == expect, answer.text
        self.jobs.drain()
        return dict(answer.json)

    def asks(self, order: Json, price: str, **more: Any) -> Json:
        """The first supplier accepts at another price."""
        return self.answers(order, status="accepted", price={"amount": price, "currency": "USD"}, **more)

    def purchase_orders(self, order: Json, party: Party) -> list[Json]:
        """A supplier's purchase orders of an order as their retailer sees them, the oldest first."""
        found = self.books.order(order)["purchase_orders"]
        return [one for one in found if one["supplier_id"] == str(party.id)]

    def seen_by(self, party: Party) -> list[Json]:
        """What a supplier has on its desk of lamps that it may send."""
        return [one for one in self.books.queue(party) if one["status"] != "CANCELLED"]

    def decisions(self, order: Json) -> list[Json]:
        """All that is and was to be decided about an order."""
        return list(self.market.retailer.api.get(f"/api/orders/{order['id']}/decisions").json["items"])

    def decision(self, order: Json) -> Json:
        """The one thing that is to be decided."""
        (found,) = [one for one in self.decisions(order) if one["state"] not in ("DONE", "OVERTAKEN")]
        return dict(found)

    def chooses(self, order: Json, choice: str, *, expect: int = 200, later: bool = True, **more: Any) -> Json:
        """The retailer chooses, and nobody takes it back."""
        found = self.decision(order)
        path = f"/api/orders/{order['id']}/decisions/{found['id']}"
        answer = self.market.retailer.api.post(path, {"choice": choice, **more})
        assert answer.status_code == expect, answer.text
        if later:
            self.later(minutes=3)
        return dict(answer.json)

    def later(self, *jobs: str, **ahead: float) -> None:
        """So much later, what the clock does."""
        with clock.shifted(timedelta(**ahead)):
            for name in jobs or ("watch_decisions",):
                self.jobs.run_scheduled(name)

    def stock_comes(self, party: Party, variant: UUID, units: int) -> None:
        """A supplier says how many units it has."""
        with db.system_scope(actor="test"), db.transaction() as session:
            set_figures(session, party.id, [StockFigure(variant, units, clock.now())])
        self.jobs.drain()

    def story(self, order: Json) -> str:
        """The order's page."""
        return str(self.books.browser(self.market.retailer).get(f"/app/orders/{order['id']}").text)

    def breaks(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What the nightly comparison finds."""
        with db.system_scope(actor="test"), db.transaction() as session:
            reconcile(session)
            return [(one.kind, one.detail) for one in open_breaks(session) if one.kind in _KINDS]

    def balanced(self, order: Json, told: str = "") -> None:
        """Books, purchase orders, stock and Stripe say the same: what was taken and not given back is what the order's
        purchase orders cost, but for what was too little to be taken at once: that comes with another order's charge.
        ``told``: what has happened."""
        self.books.ledger()
        assert self.breaks() == [], told
        kept = sum(self.books.taken(order)) - sum(self.books.given_back(order))
        rows = self.books.rows(
            "select p.charge_total - coalesce((select sum(r.amount + r.rest) from refunds r "
            "where r.purchase_order_id = p.id and r.kind = 'share' and r.credit_memo_id is null), 0) as cost "
            "from purchase_orders p where p.order_id = %s and p.released_at is not null",
            order["id"],
        )
        carried = self.books.row(
            "select coalesce(sum(amount - refunded) filter (where carried and order_id = %s), 0) as owed, "
            "coalesce(sum(amount - refunded) filter (where charge_ref is not null and taken_with in "
            "(select id from charges where order_id = %s)), 0) as brought from charges",
            order["id"],
            order["id"],
        )
        assert kept + carried["owed"] - carried["brought"] == sum(row["cost"] for row in rows), (told, carried, rows)


@pytest.fixture
def desk(market: Market, jobs: Jobs, books: Books) -> Desk:
    """See the module."""
    return Desk(market, jobs, books)
