"""One order, whatever its suppliers and its retailer do in whatever order: no unit is lost or sent twice, reservations
are those of what is open, and the money adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.kit import clock
from tests.campaign import same_each_time, walks
from tests.flows.books import Books, Json
from tests.flows.deciding import Desk, desk
from tests.market import Market, Party
from tests.stack import Jobs

__all__ = ["desk"]
UNITS = 4


class Story:
    """One order for four lamps, and the steps that can be taken with it. Each is tried; what is refused changes
    nothing."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.market, self.books = desk, desk.market, desk.books
        self.hours = 0
        self.order = desk.buys(UNITS)
        self.soon = (clock.now().date() + timedelta(days=5)).isoformat()

    def steps(self) -> dict[str, Callable[[], None]]:
        """What can happen."""
        ours, theirs = self.market.supplier, self.market.other_supplier
        return {
            "accept": lambda: self.answer(ours, status="accepted"),
            "accept late": lambda: self.answer(ours, old=True, status="accepted"),
            "reject one": lambda: self.answer(ours, status="rejected", quantity=1, reason="out_of_stock"),
            "reject two": lambda: self.answer(ours, status="rejected", quantity=2, reason="other"),
            "reject all": lambda: self.answer(ours, status="rejected", reason="discontinued"),
            "backorder": lambda: self.answer(ours, status="backordered", available_on="2027-06-01"),
            "some later": lambda: self.answer(ours, status="backordered", quantity=2, available_on="2027-06-01"),
            "soon": lambda: self.answer(ours, status="backordered", quantity=3, available_on=self.soon),
            "dearer": lambda: self.answer(ours, status="accepted", price={"amount": "13.00", "currency": "USD"}),
            "a little dearer": lambda: self.answer(
                ours, status="accepted", price={"amount": "10.20", "currency": "USD"}
            ),
            "cheaper": lambda: self.answer(ours, status="accepted", price={"amount": "8.00", "currency": "USD"}),
            "they reject": lambda: self.answer(theirs, status="rejected", reason="out_of_stock"),
            "they reject one": lambda: self.answer(theirs, status="rejected", quantity=1, reason="other"),
            "ship": lambda: self.ship(ours),
            "they ship": lambda: self.ship(theirs),
            "silence": lambda: self.wait("watch_answers", 24 * 5),
            "deadline": lambda: self.wait("watch_decisions", 30),
            "choose refund": lambda: self.choose("refund"),
            "choose reroute": lambda: self.choose("reroute"),
            "choose wait": lambda: self.choose("wait"),
            "choose accept": lambda: self.choose("accept"),
            "choose spare": lambda: self.choose("substitute", variant_id=str(self.desk.spare)),
            "stock": lambda: self.desk.stock_comes(theirs, self.desk.same, 10),
        }

    def answer(self, party: Party, *, old: bool = False, **said: object) -> None:
        found = self.desk.purchase_orders(self.order, party)
        if found:
            one = found[0] if old else found[-1]
            line = {"line_id": one["lines"][0]["id"], **said}
            for _ in range(2):
                # Suppliers say things twice.
                party.api.post(f"/api/supplier/orders/{one['id']}/acknowledge", {"lines": [line]})
                self.desk.jobs.drain()

    def ship(self, party: Party) -> None:
        for one in self.desk.purchase_orders(self.order, party):
            parcel = {
                "carrier": "manual",
                "tracking_number": f"P-{one['number']}-{self.hours}-{len(self.shipped())}",
                "lines": [{"line_id": one["lines"][0]["id"], "quantity": 1}],
            }
            party.api.post(f"/api/supplier/orders/{one['id']}/ship", {"parcels": [parcel]})
        self.desk.jobs.drain()

    def wait(self, job: str, hours: int) -> None:
        self.hours += hours
        self.desk.later(job, hours=self.hours)

    def choose(self, choice: str, **more: str) -> None:
        for one in self.desk.decisions(self.order):
            if choice in one["choices"]:
                path = f"/api/orders/{self.order['id']}/decisions/{one['id']}"
                self.market.retailer.api.post(path, {"choice": choice, **more})
        self.hours += 1
        self.desk.later("watch_decisions", hours=self.hours)

    def shipped(self) -> list[Json]:
        return self.books.rows(
            "select s.id from shipments s join purchase_orders p on p.id = s.purchase_order_id where p.order_id = %s",
            self.order["id"],
        )

    def holds(self, after: str) -> None:
        """What is true after every step."""
        counts = self.books.row(
            "select l.quantity, l.cancelled, "
            "(select coalesce(sum(p.shipped), 0) from purchase_order_lines p where p.order_line_id = l.id) as shipped, "
            "(select coalesce(sum(p.quantity - p.shipped - p.cancelled), 0) from purchase_order_lines p "
            " join purchase_orders o on o.id = p.purchase_order_id "
            " where p.order_line_id = l.id and o.released_at is not null) as open, "
            "(select coalesce(sum(d.units), 0) from order_decisions d where d.order_line_id = l.id "
            " and d.kind = 'rejected' and d.state in ('OPEN', 'CHOSEN', 'WAITING')) as between, "
            "(select coalesce(sum(r.quantity - r.consumed - r.released), 0) from reservations r "
            " where r.order_line_id = l.id and r.state in ('HELD', 'COMMITTED')) as aside "
            "from order_lines l where l.order_id = %s",
            self.order["id"],
        )
        told = f"{after}: {counts}"
        assert counts["quantity"] == counts["shipped"] + counts["cancelled"] + counts["open"] + counts["between"], told
        assert counts["aside"] == counts["open"], told
        self.desk.balanced(self.order, after)


def test_nothing_is_lost_whatever_happens_in_whatever_order(desk: Desk) -> None:
    desk.link()
    names = sorted(Story(desk).steps())

    @given(st.lists(st.sampled_from(names), min_size=4, max_size=7))
    @examples(
        max_examples=walks(3),
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=same_each_time(),
    )
    def check(steps: list[str]) -> None:
        desk.stock_comes(desk.market.supplier, desk.lamp, 40)
        desk.stock_comes(desk.market.other_supplier, desk.same, 6)
        story = Story(desk)
        for step in steps:
            story.steps()[step]()
            story.holds(f"{steps} at {step}")

    check()


def test_known_bad_orders_of_things(market: Market, jobs: Jobs, books: Books) -> None:
    """Orders of steps that are easily wrong."""
    desk = Desk(market, jobs, books)
    desk.link()
    for steps in (
        ["reject one", "dearer", "choose accept", "ship", "reject all", "choose refund"],
        ["silence", "silence", "silence", "accept late", "they ship", "they reject", "choose refund"],
        ["cheaper", "ship", "reject two", "they ship", "they reject one", "deadline"],
        ["dearer", "choose reroute", "they reject", "choose wait", "stock", "choose spare"],
        ["some later", "ship", "choose reroute", "ship", "they ship"],
        ["backorder", "ship", "some later", "choose wait", "deadline", "reject one", "choose refund"],
        ["some later", "choose spare", "soon", "reject two", "deadline"],
        ["some later", "deadline", "ship", "ship"],
    ):
        desk.stock_comes(market.supplier, desk.lamp, 40)
        desk.stock_comes(market.other_supplier, desk.same, 10)
        story = Story(desk)
        for step in steps:
            story.steps()[step]()
            story.holds(f"{steps} at {step}")
