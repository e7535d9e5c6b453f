"""What holds of every order after every step of a walk, counted from the tables and read from the pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from uuid import UUID

from bs4 import BeautifulSoup, Tag

from app.kit import clock
from app.orders.rules import CANCELLED, DELIVERED, RETURNED, STATUSES
from app.purchasing.rules import may_move
from tests.flows.books import Json
from tests.flows.walking import Walk

OVER = (CANCELLED, DELIVERED, RETURNED)

#: Of each line of an order and each component of what is sold as one: units ordered and cancelled of the line; of the
#: component units shipped; open with a supplier (what another one is still being paid for counts once); rejected and to
#: be decided about; rejected and not looked at yet.
_UNITS = """
select l.id, l.quantity, l.cancelled, p.component, coalesce(p.per_unit, 1) as per_unit,
  coalesce(sum(p.shipped), 0) as shipped,
  coalesce(sum(p.quantity - p.shipped - p.cancelled) filter (where not p.twice), 0) as owed,
  coalesce(sum(p.rejected), 0) - coalesce(min(d.looked_at), 0) as unseen,
  coalesce(min(d.between), 0) as between, count(p.id) as routed
from order_lines l
left join (
  select p.*, o.released_at is null and exists (
    select from order_decisions d where d.rerouting_id = o.rerouting_id and d.order_line_id = p.order_line_id
    and d.component = p.component and d.kind <> 'rejected') as twice
  from purchase_order_lines p join purchase_orders o on o.id = p.purchase_order_id
) p on p.order_line_id = l.id
left join lateral (
  select sum(d.units) filter (where d.state in ('OPEN', 'CHOSEN', 'WAITING')) as between, sum(d.units) as looked_at
  from order_decisions d where d.order_line_id = l.id and d.component = p.component and d.kind = 'rejected'
) d on true
where l.order_id = %s group by l.id, l.quantity, l.cancelled, p.component, p.per_unit
"""

#: Of each line of an order and each variant that fills it: units open in purchase orders, told to suppliers or not yet,
#: against those that are set aside, and units shipped against those that are in parcels.
_ASIDE = """
select coalesce(p.order_line_id, r.order_line_id) as line, coalesce(p.told, 0) as told, coalesce(p.untold, 0) as untold,
  coalesce(r.committed, 0) as committed, coalesce(r.held, 0) as held,
  coalesce(p.shipped, 0) as shipped, coalesce(p.packed, 0) as packed, p.order_line_id is null as unrouted,
  l.variant_id as sold, l.quantity - l.cancelled as wanted
from (
  select p.order_line_id, p.variant_id, sum(p.shipped) as shipped, sum(coalesce(s.units, 0)) as packed,
    sum(p.quantity - p.shipped - p.cancelled) filter (where o.released_at is not null) as told,
    sum(p.quantity - p.shipped - p.cancelled) filter (where o.released_at is null) as untold
  from purchase_order_lines p join purchase_orders o on o.id = p.purchase_order_id
  left join lateral (
    select sum(i.quantity) as units from shipment_lines i join shipments s on s.id = i.shipment_id
    where i.purchase_order_line_id = p.id and s.shipment_status = 'shipped' and s.replaces_id is null
  ) s on true
  where o.order_id = %s group by p.order_line_id, p.variant_id
) p full join (
  select order_line_id, variant_id,
    sum(quantity - consumed - released) filter (where state = 'COMMITTED') as committed,
    sum(quantity - consumed - released) filter (where state = 'HELD') as held
  from reservations where order_line_id in (select id from order_lines where order_id = %s)
  group by order_line_id, variant_id
) r on r.order_line_id = p.order_line_id and r.variant_id = p.variant_id
join order_lines l on l.id = coalesce(p.order_line_id, r.order_line_id)
"""


class Count:
    """The counting of one walk."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.books = walk, walk.books
        self._seen: dict[str, str] = {}

    def holds(self) -> None:
        """After every step: states are legal, units and reservations agree, stock and journal balance."""
        orders = self.walk.orders()
        for order in orders:
            assert order["status"] in STATUSES
            for row in order["purchase_orders"]:
                before = self._seen.get(row["id"], row["status"])
                assert _may_come_to_be(before, row["status"]), f"{before} became {row['status']}"
                self._seen[row["id"]] = row["status"]
            self._units(order)
            self._aside(order)
        self.books.ledger()

    def _units(self, order: Json) -> None:
        lines: defaultdict[UUID, list[Json]] = defaultdict(list)
        for row in self.books.rows(_UNITS, order["id"]):
            lines[row["id"]].append(row)
        for rows in lines.values():
            line = rows[0]
            if not line["routed"]:
                # All of it waits for its suppliers.
                assert 0 <= line["cancelled"] <= line["quantity"], line
                continue
            for row in rows:
                assert min(row["owed"], row["between"], row["unseen"]) >= 0, row
            # Of a set, as many as can be made of its scarcest component.
            still = min(
                (row["shipped"] + row["owed"] + row["between"] + row["unseen"]) // row["per_unit"] for row in rows
            )
            if line["quantity"] - still > line["cancelled"]:
                # What a supplier withdrew a moment ago, the order hears of by a job.
                assert not self.walk.followed, (rows, order)
            else:
                assert line["quantity"] == still + line["cancelled"], (rows, order)

    def _aside(self, order: Json) -> None:
        waiting: Counter[UUID] = Counter()
        for row in self.books.rows(_ASIDE, order["id"], order["id"]):
            assert row["shipped"] == row["packed"], (row, order)
            if row["unrouted"]:
                assert not row["committed"], (row, order)
                waiting[row["line"]] += row["held"] or 0
                # No more than is wanted: what is cancelled is let go.
                most = row["wanted"] * self.walk.pieces.get(row["sold"], 1)
                assert waiting[row["line"]] <= most, (row, order)
                continue
            assert row["committed"] == row["told"], (row, order)
            # What is not paid for in time is let go, and set aside again when it goes on.
            assert row["held"] in (0, row["untold"]), (row, order)

    def explained(self) -> None:
        """After the jobs have followed: every order's page says what comes next and whose turn it is, and says of
        nothing stuck that nothing is to be done."""
        with clock.shifted(self.walk.ahead):
            for order in self.walk.orders():
                step, stuck = self._step(order), self._stuck(order)
                said = " ".join(step.get_text(" ").split())
                told = (said, order["status"], [one["heading"] for one in stuck])
                assert ("up to" in said) or ("Nothing is left to do" in said and order["status"] in OVER), told
                assert not ("Nothing is " in said and stuck), told
                if any(one["ball"] == "retailer" for one in stuck):
                    assert said.endswith("up to You"), told
                # Suppliers are chosen when an order comes, or what held it is over: the jobs have seen to that.
                assert "Suppliers are chosen" not in said, told

    def ends(self) -> None:
        """Nobody acts any more: in the end each order is over, or a clock runs, or somebody is shown that it stands
        still."""
        for hours in (4, 30, 24 * 6, 24 * 12, 24 * 14):
            self.walk.step("wait", hours)
            self.holds()
        self.explained()
        with clock.shifted(self.walk.ahead):
            late = [
                one["purchase_order_id"]
                for party in self.walk.suppliers.values()
                for one in party.api.get("/api/supplier/exceptions", limit="200").json["items"]
            ]
            for order in self.walk.orders():
                if order["status"] not in OVER:
                    step = self._step(order)
                    runs = " by " in step.get_text(" ") and "tone-critical" not in (step.get("class") or ())
                    shown = self._stuck(order) or [one for one in order["purchase_orders"] if one["id"] in late]
                    assert runs or shown, (step.get_text(" "), order)

    def _step(self, order: Json) -> Tag:
        """What comes next, as the order's page says it."""
        page = self.books.browser(self.walk.retailer).get(f"/app/orders/{order['id']}")
        assert page.status_code == 200, page.text[:500]
        found = BeautifulSoup(page.text, "html.parser").select_one("[role=status]:-soup-contains('Next:')")
        assert found is not None, page.text[:500]
        return found

    def _stuck(self, order: Json) -> list[Json]:
        """What of an order is in its retailer's inbox."""
        return list(self.walk.retailer.api.get("/api/exceptions", order_id=order["id"]).json["items"])


def _may_come_to_be(before: str, after: str) -> bool:
    """A step may hold several moves, also those back."""
    reached, waiting = {before}, [before]
    while waiting:
        here = waiting.pop()
        fresh = [one for one in STATUSES if one not in reached and may_move(here, one, undone=True)]
        reached.update(fresh)
        waiting += fresh
    return after in reached
