"""Orders go to the supplier that the retailer's rules say, and everybody can see why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.inventory.errors import InsufficientStock
from app.inventory.models import InventoryLevel, Reservation
from app.kit.errors import Conflict
from app.listings.service import link_source
from app.orders import queries as orders
from app.orders.models import Order
from app.purchasing import queries as purchasing
from app.purchasing.decisions.rules import Rules as AnswerRules
from app.purchasing.decisions.saving import save_rules as save_answer_rules
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine, RoutingDecision
from app.purchasing.routing import queries as routing
from app.purchasing.routing.problem import Kind, Rule
from app.purchasing.routing.saving import save_rules
from app.purchasing.service import LineAnswer, acknowledge, cancel_order, place_order, resume_order
from app.purchasing.service.releasing import release_purchase_orders
from app.settlement.service import follow_rejections
from app.suppliers.rules import Rate
from app.suppliers.service import set_rates
from tests import factories

CHEAPEST = (Rule(Kind.WHOLE_LINES, True), Rule(Kind.LOWEST_COST, False))


class Shop:
    """A retailer whose store lists a lamp of one supplier that another one has, too."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.retailer = factories.retailer(session)
        save_answer_rules(session, self.retailer.id, AnswerRules(decide_within_hours=0))
        self.store = factories.store(session, self.retailer)
        self.own, self.other = (factories.supplier(session, name) for name in ("Nordlicht", "Kanto"))
        (self.lamp,) = factories.product(session, self.own, wholesale="10.00", stock=5)
        (self.same,) = factories.product(session, self.other, wholesale="8.00", stock=5)
        product_id = session.get_one(SupplierVariant, self.lamp).product_id
        listing = factories.live_listing(session, self.store, product_id)
        self.listed_id = next(one.id for one in listing.variants if one.variant_id == self.lamp)

    def link(self, variant_id: UUID, **more: Any) -> None:
        link_source(self.session, self.retailer.id, self.listed_id, variant_id, **more)
        self.session.flush()

    def buys(self, units: int = 1, *, trouble: str = "refuse", retail: int | None = None) -> Order:
        wanted = factories.order_of(self.retailer, {self.lamp: units}, store=self.store, trouble=trouble)
        wanted = replace(wanted, lines=[replace(wanted.lines[0], retail_price=retail)])
        placed = place_order(self.session, wanted)
        self.session.flush()
        self.session.expire_all()
        return orders.order(self.session, self.retailer.id, placed.order_id)

    def sent_to(self, order: Order) -> dict[str, list[tuple[UUID, int]]]:
        found = purchasing.of_orders(self.session, [order.id])[order.id]
        names = {self.own.id: "own", self.other.id: "other"}
        return {names[one.supplier_id]: [(line.variant_id, line.quantity) for line in one.lines] for one in found}

    def reserved(self, variant_id: UUID) -> int:
        self.session.expire_all()
        return self.session.scalar(select(InventoryLevel.reserved).where(InventoryLevel.variant_id == variant_id)) or 0


@pytest.fixture
def shop(session: Session) -> Shop:
    return Shop(session)


def test_an_order_goes_to_the_source_it_was_listed_from_although_another_is_cheaper(shop: Shop) -> None:
    shop.link(shop.same)
    assert shop.sent_to(shop.buys(2)) == {"own": [(shop.lamp, 2)]}


def test_another_source_delivers_what_the_own_one_has_not(shop: Shop, session: Session) -> None:
    with pytest.raises(InsufficientStock) as caught:
        factories.set_stock(session, shop.own.id, {shop.lamp: 1})
        shop.buys(3)
    assert caught.value.lines[0].available == 1
    shop.link(shop.same)
    assert shop.sent_to(shop.buys(3)) == {"other": [(shop.same, 3)]}
    assert (shop.reserved(shop.lamp), shop.reserved(shop.same)) == (0, 3)


def test_a_rule_for_the_lowest_cost_counts_shipping_and_fee(shop: Shop, session: Session) -> None:
    shop.link(shop.same)
    save_rules(session, shop.retailer.id, CHEAPEST, same_articles=False)
    assert shop.sent_to(shop.buys(1)) == {"other": [(shop.same, 1)]}
    shop.other.order_fee = 350
    session.flush()
    # 8.00 and 5.00 and 3.50 for one, against 10.00 and 5.00; for two it is 2.00 of 3.50.
    order = shop.buys(1)
    assert shop.sent_to(order) == {"own": [(shop.lamp, 1)]}
    two = shop.buys(2)
    assert shop.sent_to(two) == {"other": [(shop.same, 2)]}
    (purchase_order,) = purchasing.of_orders(session, [two.id])[two.id]
    assert (purchase_order.wholesale_total, purchase_order.shipping_cost) == (1600, 950)
    assert purchase_order.charge_total == 2550


def test_a_required_rule_that_nobody_fits_refuses_or_holds_until_the_rules_change(shop: Shop, session: Session) -> None:
    slow = (*CHEAPEST, Rule(Kind.FASTEST, True, limit=1))
    save_rules(session, shop.retailer.id, slow, same_articles=False)
    with pytest.raises(Conflict) as caught:
        shop.buys()
    assert caught.value.code == "routing_rules"
    order = shop.buys(trouble="hold")
    assert [hold.reason for hold in order.holds] == ["routing_rules"]
    assert shop.reserved(shop.lamp) == 1
    save_rules(session, shop.retailer.id, CHEAPEST, same_articles=False)
    assert resume_order(session, order.id)
    assert shop.sent_to(order) == {"own": [(shop.lamp, 1)]}
    assert shop.reserved(shop.lamp) == 1
    assert [one.routed for one in routing.decisions(session, shop.retailer.id, order.id).items] == [True, False]


def test_an_order_on_hold_gives_back_what_it_keeps_when_another_supplier_is_chosen(
    shop: Shop, session: Session
) -> None:
    set_rates(session, shop.own.id, [Rate("Home", ("DE",), 500, 100, 2, 5)])
    order = shop.buys(2, trouble="hold")
    assert [hold.reason for hold in order.holds] == ["not_shipped_there"]
    assert shop.reserved(shop.lamp) == 2
    shop.link(shop.same)
    assert resume_order(session, order.id)
    assert shop.sent_to(order) == {"other": [(shop.same, 2)]}
    assert (shop.reserved(shop.lamp), shop.reserved(shop.same)) == (0, 2)


def test_a_line_is_split_where_the_rules_allow_it_and_its_parts_live_on_their_own(shop: Shop, session: Session) -> None:
    shop.link(shop.same)
    save_rules(session, shop.retailer.id, (Rule(Kind.OWN_SOURCE, False),), same_articles=False)
    order = shop.buys(8)
    assert shop.sent_to(order) == {"own": [(shop.lamp, 5)], "other": [(shop.same, 3)]}
    release_purchase_orders(session, order.id)
    session.flush()
    other = next(one for one in purchasing.of_orders(session, [order.id])[order.id] if one.supplier_id == shop.other.id)
    answer = LineAnswer(line_id=other.lines[0].id, answer="rejected", reason="other")
    acknowledge(session, shop.other.id, other.id, [answer])
    follow_rejections(session, order.id)
    session.expire_all()
    assert orders.order(session, shop.retailer.id, order.id).lines[0].cancelled == 3
    assert (shop.reserved(shop.lamp), shop.reserved(shop.same)) == (5, 0)
    cancel_order(session, order.id)
    assert (shop.reserved(shop.lamp), shop.reserved(shop.same)) == (0, 0)


def test_a_bundle_needs_each_of_its_components(shop: Shop, session: Session) -> None:
    (bulb,) = factories.product(session, shop.other, title="Bulb", wholesale="1.00", stock=7)
    shop.link(bulb, component=1, per_unit=2)
    order = shop.buys(3, retail=3000)
    assert shop.sent_to(order) == {"own": [(shop.lamp, 3)], "other": [(bulb, 6)]}
    with pytest.raises(InsufficientStock):
        shop.buys(1)
    # One bulb of two that are lost is a lamp without light.
    release_purchase_orders(session, order.id)
    session.flush()
    row = session.scalars(select(PurchaseOrderLine).where(PurchaseOrderLine.variant_id == bulb)).one()
    acknowledge(
        session,
        shop.other.id,
        row.purchase_order_id,
        [LineAnswer(line_id=row.id, answer="rejected", reason="out_of_stock", quantity=1)],
    )
    follow_rejections(session, order.id)
    session.expire_all()
    assert orders.order(session, shop.retailer.id, order.id).lines[0].cancelled == 1


def test_a_choice_is_stored_and_leads_to_itself_again(shop: Shop, session: Session) -> None:
    shop.link(shop.same)
    save_rules(session, shop.retailer.id, CHEAPEST, same_articles=False)
    order = shop.buys(2, retail=1500)
    decision = session.scalars(select(RoutingDecision).where(RoutingDecision.order_id == order.id)).one()
    assert decision.rules_version == 1
    assert decision.problem["revenue"] == 3000
    shop.other.order_fee = 9999
    session.flush()
    assert routing.replays(decision)


def test_no_unit_is_promised_twice_over_two_sources(shop: Shop, session: Session) -> None:
    shop.link(shop.same)
    for _ in range(10):
        shop.buys(1)
    with pytest.raises(InsufficientStock):
        shop.buys(1)
    assert (shop.reserved(shop.lamp), shop.reserved(shop.same)) == (5, 5)
    assert session.scalars(select(Reservation.quantity)).all().count(1) == 10
    assert len(session.scalars(select(PurchaseOrder)).all()) == 10
